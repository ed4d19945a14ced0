"""The JSON of flow-coverage-report."""

import json

import pytest
from reading import Line, read
from worked_documents import plain


def document(covered: object, uncovered: object, **others: object) -> str:
    file = {"expressions": {"covered_locs": covered, "uncovered_locs": uncovered}}
    return json.dumps({"flowStatus": {"passed": True}, "files": {"a.js": file, **others}})


def at(*lines: object) -> list[object]:
    return [{"start": {"line": line, "column": 1}, "end": {"line": line, "column": 2}} for line in lines]


def test_mixed_lines_are_partial_and_no_branches():
    assert read(document(at(1, 3, 3), at(2, 3)))[1] == {"a.js": {1: Line(1), 2: Line(0), 3: Line("1/2")}}


@pytest.mark.parametrize("bad", [at("x"), at(0), at(-3), at(None), [5], [None], [{}], [{"start": 5}], 5])
def test_a_bad_place_costs_only_itself(bad):
    covered = at(1) + bad if isinstance(bad, list) else at(1)

    outcome, report = read(document(covered, [] if isinstance(bad, list) else bad))

    assert (outcome.stats.skipped, report) == (1, {"a.js": plain(_1=1)})


@pytest.mark.parametrize("bad", [{}, None, 5, {"expressions": None}, {"percent": 80}])
def test_a_bad_file_costs_only_itself(bad):
    outcome, report = read(document(at(1), None, bad=bad))

    assert (outcome.stats.skipped, report) == (1, {"a.js": plain(_1=1)})
