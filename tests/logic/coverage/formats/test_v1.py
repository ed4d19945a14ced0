"""The platform's own simple JSON."""

import json

import pytest
from reading import Line, read
from worked_documents import plain


def lines_of(lines: object) -> tuple:
    return read(json.dumps({"coverage": {"a.x": lines}}))


def test_element_zero_of_an_array_is_unused():
    assert lines_of([7, 1, 0])[1] == {"a.x": plain(_1=1, _2=0)}


def test_lists_of_lines_start_at_one_and_may_exclude_lines():
    assert lines_of({"lines": [1, None, "ignored", 0]})[1] == {"a.x": plain(_1=1, _3=-1, _4=0)}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("2/3", Line("2/3", "b")),
        (" 1 / 2 ", Line("1/2", "b")),
        ("5/2", Line("2/2", "b")),
        ("3/3", Line("3/3", "b")),
        (True, Line("1/2", "b")),
        ("12", Line(12)),
        (1.0, Line(1)),
        ("1e3", Line(1000)),
        (-1, Line(0)),
        (2**40, Line(2**31 - 1)),
    ],
)
def test_values_become_lines(value, line):
    assert lines_of({"3": value})[1] == {"a.x": {3: line}}


@pytest.mark.parametrize("value", [None, False, "0/0"])
def test_values_that_say_nothing_make_no_line(value):
    outcome, report = lines_of({"3": value, "4": 1})

    assert (outcome.stats.skipped, report) == (0, {"a.x": plain(_4=1)})


@pytest.mark.parametrize(
    "entry", [{"x": 1}, {"-3": 1}, {"3": "x"}, {"3": "1/x"}, {"3": "-1/2"}, {"3": []}, {"3": {}}, {"1.5": 1}, {"": 1}]
)
def test_a_bad_entry_costs_only_itself(entry):
    outcome, report = lines_of({"1": 1, **entry})

    assert (outcome.stats.skipped, report) == (1, {"a.x": plain(_1=1)})


@pytest.mark.parametrize(("lines", "skipped"), [(None, 0), (5, 1), ("x", 1), (True, 1)])
def test_a_bad_file_costs_only_itself(lines, skipped):
    outcome, report = read(json.dumps({"coverage": {"bad": lines, "a.x": [None, 1]}, "messages": {"a.x": {"1": "hi"}}}))

    assert (outcome.stats.skipped, report) == (skipped, {"a.x": plain(_1=1)})


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ({"coverage": {"a.sh": {"12": "2/3", "13": "0/1", "14": 4}}}, {12: Line("2/3", "b"), 13: Line("0/1", "b"), 14: Line(4)}),  # kcov
        ({"coverage": {"a.clj": [None, 1, True, None, 0]}}, {1: Line(1), 2: Line("1/2", "b"), 4: Line(0)}),  # cloverage
        ({"coverage": {"a.rs": {"10": "1/2", "11": "2/2"}}}, {10: Line("1/2", "b"), 11: Line("2/2", "b")}),  # cargo-llvm-cov
        ({"coverage": {"a.jl": [None, 3, None, 0]}}, {1: Line(3), 3: Line(0)}),  # Coverage.jl
        ({"coverage": {"a.pl": [None, 0, 2]}, "messages": {}}, {1: Line(0), 2: Line(2)}),  # Devel::Cover
    ],
)  # fmt: skip
def test_known_writers_are_read(document, lines):
    outcome, report = read(json.dumps(document))

    assert (outcome.format, list(report.values())) == ("v1", [lines])


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"meta": {"simplecov_version": "0.22"}, "coverage": {"a.rb": {"lines": [1]}}}, "simplecov"),
        ({"RSpec": {"coverage": {"a.rb": [1]}, "timestamp": 1}}, "simplecov"),
        ({"RSpec": {"coverage": {"a.rb": [1]}}}, "simplecov"),
        ({"type": "CodeCoverage", "coverage": []}, "dartvm"),
        ({"coverage": 81.5}, "unsupported"),
        ({"coverage": []}, "unsupported"),
    ],
)
def test_other_documents_with_coverage_are_not_taken_for_it(document, found):
    outcome, _ = read(json.dumps(document))

    assert found in (outcome.format, outcome.outcome)
    assert outcome.format != "v1"
