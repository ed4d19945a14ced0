"""The JSON of xccov."""

import json

import pytest
from reading import Line, read
from worked_documents import XCCOV, plain


def document(*lines: object) -> str:
    return json.dumps({"a.swift": [{"line": 1, "isExecutable": True, "executionCount": 1}, *lines]})


def line(number: object = 5, *parts: object, **more: object) -> dict[str, object]:
    subranges = [{"column": 1, "length": 2, "executionCount": part} for part in parts]
    return {"line": number, "isExecutable": True, "subranges": subranges, **more}


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (line(5, executionCount=3), Line(3)),
        (line(5, 4, 2, executionCount=3), Line(3)),
        (line(5, 4, 0, executionCount=3), Line("1/2")),
        (line(5, 0, executionCount=0), Line(0)),
        (line(5, 4, 7), Line(7)),
        (line(5, 4, 0, executionCount=None), Line("1/2")),
        (line(5, 0, 0), Line(0)),
        (line(5), Line(0)),
    ],
)
def test_subranges_tell_what_the_count_leaves_open(record, value):
    assert read(document(record))[1] == {"a.swift": {1: Line(1), 5: value}}


def test_partial_lines_may_be_hits():
    assert read(XCCOV, None, "xccov.partials_as_hits")[1]["/w/A.swift"] == plain(_2=3, _3=0, _4=1)


@pytest.mark.parametrize(
    "bad",
    [line("x"), line(0), line(5, executionCount="x"), {"isExecutable": True}, {"line": 5, "isExecutable": 1}, None, 5],
)
def test_a_bad_line_costs_only_itself(bad):
    outcome, report = read(document(bad))

    assert (outcome.stats.skipped, report) == (1, {"a.swift": plain(_1=1)})


def test_a_bad_file_costs_only_itself():
    outcome, report = read('{"bad": 5, ' + document()[1:])

    assert (outcome.stats.skipped, report) == (1, {"a.swift": plain(_1=1)})


def test_reports_of_functions_are_refused_with_the_command():
    outcome, _ = read('{"targets": [{"files": []}], "lineCoverage": 0.5, "executableLines": 10}')

    assert outcome.outcome == "unsupported"
    assert "xccov view --archive --json" in outcome.detail
