"""The JSON report of coverage.py."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import SAMPLES, Line, lines_of, read, status

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import pycoverage
from app.logic.coverage.formats.base import FormatOptions

EXPECTED = {
    entry["file"]: entry["says"]
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "coverage.py JSON"
}


def document(**files):
    return json.dumps({"meta": {"version": "7.6.1", "format": 3}, "files": files, "totals": {}})


def test_lines_and_arms_become_one_row_a_line():
    file = {
        "executed_lines": [1, 2, 4],
        "missing_lines": [5],
        "excluded_lines": [7],
        "executed_branches": [[2, 4]],
        "missing_branches": [[2, 5], [2, -1]],
    }

    outcome, report = read(document(**{"rocket/fuel.py": file}), "coverage.json")

    assert (outcome.format, outcome.outcome) == ("pycoverage", "ok")
    assert report == {
        "rocket/fuel.py": {1: Line(1), 2: Line("1/3", "b", ("5", "exit")), 4: Line(1), 5: Line(0)},
    }


def test_a_line_that_never_ran_took_none_of_its_arms():
    file = {"executed_lines": [], "missing_lines": [2, 3], "missing_branches": [[2, 3], [2, -2]]}

    _, report = read(document(**{"a.py": file}))

    assert report["a.py"] == {2: Line("0/2", "b", ("3", "exit")), 3: Line(0)}


def test_a_line_in_both_lists_ran():
    _, report = read(document(**{"a.py": {"executed_lines": [3], "missing_lines": [2, 3]}}))

    assert report["a.py"] == {2: Line(0), 3: Line(1)}


def test_line_zero_of_an_empty_module_is_left_out():
    _, report = read(
        document(**{"a.py": {"executed_lines": [0], "missing_lines": []}, "b.py": {"executed_lines": [1]}})
    )

    assert report == {"b.py": {1: Line(1)}}


def test_two_exits_of_one_line_are_named_as_in_cobertura():
    file = {"executed_lines": [2], "executed_branches": [[2, 3]], "missing_branches": [[2, -1], [2, -7]]}

    _, report = read(document(**{"a.py": file}))

    assert report["a.py"] == {2: Line("1/3", "b", ("exit", "loop"))}


def test_a_list_that_names_an_arm_twice_is_not_kept():
    file = {"executed_lines": [2], "executed_branches": [[2, 3]], "missing_branches": [[2, -1], [2, -7], [2, -9]]}

    _, report = read(document(**{"a.py": file}))

    assert report["a.py"] == {2: Line("1/4", "b")}


def test_arms_of_a_line_that_no_list_has_make_a_row():
    file = {"executed_lines": [1], "executed_branches": [[4, 5]], "missing_branches": [[4, 6]]}

    _, report = read(document(**{"a.py": file}))

    assert report["a.py"] == {1: Line(1), 4: Line("1/2", "b", ("6",))}


def test_reports_without_contexts_or_branches_are_recognised():
    data = '{"meta": {"version": "5.0"}, "files": {"a.py": {"executed_lines": [1], "missing_lines": [2]}}}'

    outcome, report = read(data)

    assert outcome.format == "pycoverage"
    assert report == {"a.py": {1: Line(1), 2: Line(0)}}


def test_pretty_printed_reports_are_read():
    file = {"executed_lines": [1, 20, 300], "missing_lines": [], "executed_branches": [[1, 20]], "missing_branches": []}

    _, report = read(json.dumps(json.loads(document(**{"a.py": file})), indent=4))

    assert report["a.py"] == {1: Line("1/1", "b"), 20: Line(1), 300: Line(1)}


@pytest.mark.parametrize("bad", ["null", '""', "-1", "1e400", '"x"', "true", "[1]", "{}", "1.5"])
def test_a_bad_value_costs_only_itself(bad):
    data = (
        '{"meta": {}, "files": {"a.py": {"executed_lines": [1, @, 3], "missing_lines": [2]},'
        ' "b.py": {"executed_lines": [7]}}}'
    ).replace("@", bad)

    outcome, report = read(data)

    assert outcome.outcome == "ok"
    assert outcome.stats.skipped == 1
    assert report == {"a.py": {1: Line(1), 2: Line(0), 3: Line(1)}, "b.py": {7: Line(1)}}


@pytest.mark.parametrize("bad", ["[1, null]", "[1]", "[1, 2, 3]", "4", '["1", {}]', "[[1, 2]]"])
def test_a_bad_arm_costs_only_itself(bad):
    data = (
        '{"meta": {}, "files": {"a.py": {"executed_lines": [1, 2], "executed_branches": [[1, 2], @],'
        ' "missing_branches": [[1, -1]]}}}'
    ).replace("@", bad)

    outcome, report = read(data)

    assert outcome.stats.skipped == 1
    assert report == {"a.py": {1: Line("1/2", "b", ("exit",)), 2: Line(1)}}


def test_a_file_that_is_no_object_costs_only_itself():
    outcome, report = read('{"meta": {}, "files": {"x.py": 5, "a.py": {"executed_lines": [1]}, "b.py": {}}}')

    assert outcome.outcome == "ok"
    assert outcome.stats.first_problem.startswith("x.py: ")
    assert report == {"a.py": {1: Line(1)}}


def test_nan_in_a_report_is_tolerated():
    data = '{"meta": {}, "files": {"NaN.py": {"executed_lines": [1], "summary": {"percent": NaN, "x": -Infinity}}}}'

    _, report = read(data)

    assert report == {"NaN.py": {1: Line(1)}}


def test_large_numbers_do_not_take_memory():
    outcome, report = read(document(**{"a.py": {"executed_lines": [1, 16707566, 10**9, 10**17, 10**30]}}))

    assert outcome.outcome == "ok"
    assert report == {"a.py": {1: Line(1)}}


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_samples_have_the_numbers_of_the_tool(path):
    says = EXPECTED[path]

    outcome, report = read((SAMPLES / path).read_bytes(), path)

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("pycoverage", "ok", 0)
    for name, numbers in {**says["files"], "": says["totals"]}.items():
        lines = [line for file, found in report.items() if name in ("", file) for line in found.values()]
        counts = {kind: sum(status(line) == kind for line in lines) for kind in ("hit", "miss", "partial")}
        arms = [tuple(map(int, line.value.split("/"))) for line in lines if isinstance(line.value, str)]
        assert len(lines) == numbers["lines"]
        assert counts["hit"] + counts["partial"] == numbers["lines_covered"]
        assert counts["miss"] == numbers["lines_missing"]
        assert counts["partial"] == numbers["partial_branch_lines"]
        assert sum(total for _, total in arms) == numbers["branches"]
        assert sum(covered for covered, _ in arms) == numbers["branches_covered"]


LINES = st.lists(st.integers(1, 30), max_size=8)
ARMS = st.lists(st.tuples(st.integers(1, 30), st.integers(-3, 30)).map(list), max_size=8)
FILE = st.fixed_dictionaries(
    {"executed_lines": LINES, "missing_lines": LINES},
    optional={"executed_branches": ARMS, "missing_branches": ARMS},
)


@given(st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), FILE))
def test_reading_all_lists_at_once_equals_reading_value_by_value(files):
    # A value that is no number makes the batch be read value by value.
    spoiled = json.loads(json.dumps(files)) | {"z.py": {"executed_lines": ["x"]}}
    both = []

    for content in (files, spoiled):
        builder = ReportBuilder()
        pycoverage.parse(document(**content).encode(), builder, FormatOptions())
        both.append(lines_of(builder.build()))

    assert both[0] == both[1]
