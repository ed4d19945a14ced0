"""The JSON of gcov and gcovr."""

import json

import pytest
from reading import Line, read
from worked_documents import GCOVJSON, plain


def document(*lines: object, functions: object = (), **more: object) -> str:
    file = {"file": "a.c", "lines": list(lines), "functions": list(functions)}
    return json.dumps({"format_version": "1", "gcc_version": "12", **more, "files": [file]})


def line(number: object, count: object, *arms: int, **more: object) -> dict[str, object]:
    branches = [{"count": arm, "throw": False, "fallthrough": False} for arm in arms]
    return {"line_number": number, "count": count, "branches": branches, **more}


@pytest.mark.parametrize("kind", ["conditional", "loop", "method", "macro"])
def test_any_detection_makes_fractions_without_exceptions(kind):
    _, report = read(GCOVJSON, None, f"gcov.branch_detection.{kind}")

    assert report["src/a.c"][13] == Line("1/2", "b", ("1",))


def test_instances_of_a_template_join_arm_by_arm():
    text = document(line(7, 3, 3, 0), line(7, 9, 0, 0), line(8, 1, 1, 0), line(8, 4, 0, 4))

    assert read(text)[1] == {"a.c": plain(_7=9, _8=4)}
    assert read(text, None, "gcov.branch_detection.loop")[1]["a.c"] == {
        7: Line("1/2", "b", ("1",)),
        8: Line("2/2", "b"),
    }


def test_partial_lines_may_be_hits():
    switches = ("gcov.branch_detection.loop", "gcovjson.partials_as_hits")

    assert read(document(line(7, 3, 3, 0)), None, *switches)[1] == {"a.c": {7: Line(1, "b")}}


def test_gcovr_marks_lines_and_calls_starts_of_functions_otherwise():
    lines = [
        line(1, 1),
        line(2, 0, **{"gcovr/noncode": True}),
        line(3, 0, **{"gcovr/excluded": True}),
        line(4, 0, **{"gcovr/excluded": False}),
    ]
    text = document(*lines, functions=[{"name": "f", "lineno": 1, "execution_count": 1}, {"name": "g", "lineno": 9}])
    text = text.replace('"format_version": "1", "gcc_version": "12"', '"gcovr/format_version": "0.11"')

    outcome, report = read(text)

    assert outcome.format == "gcovjson"
    assert report == {"a.c": {1: Line(1, "m"), 4: Line(0)}}


def test_paths_are_relative_to_the_directory_of_the_compiler():
    tried = []

    read(GCOVJSON, resolve=lambda candidates, bases: tried.append((candidates, bases)))

    assert tried == [(("src/a.c",), ("/build",))]


@pytest.mark.parametrize(
    "bad",
    [line("x", 1), line(0, 1), line(-1, 1), line(3, "x"), line(3, None), {"count": 1}, {"line_number": 3}, 5, None, []],
)
def test_a_bad_line_costs_only_itself(bad):
    outcome, report = read(document(line(1, 1), bad))

    assert (outcome.stats.skipped, report) == (1, {"a.c": plain(_1=1)})


@pytest.mark.parametrize("count", ["3", 3.0])
def test_counts_may_be_written_otherwise(count):
    assert read(document(line(1, count)))[1] == {"a.c": plain(_1=3)}


def test_gcovr_summaries_are_refused():
    outcome, _ = read('{"gcovr/summary_format_version": "0.6", "files": [{"filename": "a.c", "line_percent": 80}]}')

    assert outcome.outcome == "unsupported"


def test_many_functions_in_front_of_the_lines_do_not_hide_the_format():
    functions = [{"name": f"step{number}", "start_line": number} for number in range(1, 500)]
    file = {"file": "a.c", "functions": functions, "lines": [line(3, 1)]}
    text = json.dumps({"files": [file], "format_version": "1", "gcc_version": "12"})

    outcome, report = read(text)

    assert (outcome.format, report) == ("gcovjson", {"a.c": {3: Line(1, "m")}})
