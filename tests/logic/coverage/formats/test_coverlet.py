"""The JSON of coverlet."""

import json

import pytest
from reading import Line, read
from worked_documents import COVERLET


def document(**methods: object) -> str:
    return json.dumps({"App.dll": {"A.cs": {"A": {"M()": {"Lines": {"1": 1}, "Branches": []}, **methods}}}})


def arm(line: object, path: int, hits: object) -> dict[str, object]:
    return {"Line": line, "Offset": 5, "EndOffset": 9, "Path": path, "Ordinal": path, "Hits": hits}


def test_methods_on_a_line_join_and_the_first_line_of_each_is_a_method():
    text = document(
        N={"Lines": {"5": 0, "6": 2}}, O={"Lines": {"6": 3, "7": 1}, "Branches": [arm(7, 0, 1), arm(7, 1, 1)]}
    )

    assert read(text)[1]["A.cs"] == {1: Line(1, "m"), 5: Line(0, "m"), 6: Line(3, "m"), 7: Line("2/2", "b")}


def test_partial_lines_may_be_hits():
    assert read(COVERLET, None, "coverlet.partials_as_hits")[1]["C:/w/A.cs"][10] == Line(1, "b")


@pytest.mark.parametrize(
    "bad",
    [{"Lines": {"x": 1}}, {"Lines": {"3": "x"}}, {"Lines": 5}, {"Branches": [arm("x", 0, 1)]}, {"Branches": [arm(3, 0, "x")]},
     {"Branches": 5}, {"Branches": [None]}, None, 5],
)  # fmt: skip
def test_a_bad_record_costs_only_itself(bad):
    outcome, report = read(document(N=bad))

    assert (outcome.stats.skipped, report) == (1, {"A.cs": {1: Line(1, "m")}})


@pytest.mark.parametrize("bad", [5, "x", {"b.cs": 5}, {"b.cs": {"B": 5}}])
def test_a_bad_level_costs_only_itself(bad):
    text = json.dumps({"App.dll": {"A.cs": {"A": {"M()": {"Lines": {"2": 1}}}}}, "Other.dll": bad})

    outcome, report = read(text)

    assert (outcome.stats.skipped, report) == (1, {"A.cs": {2: Line(1, "m")}})


@pytest.mark.parametrize("module", ["App.dll", "App.EXE", "App"])
def test_modules_are_known_by_their_name_or_their_methods(module):
    text = json.dumps({module: {"A.cs": {"A": {"M()": {"Lines": {"2": 1}}}}}})

    assert read(text)[0].format == "coverlet"
