"""scoverage's JSON."""

import json

import pytest
from reading import read
from worked_documents import plain


def document(*files: object) -> str:
    return json.dumps({"fileReports": [{"filename": "ok.scala", "coverage": {"1": 1}}, *files]})


@pytest.mark.parametrize("entry", [{"x": 1}, {"0": 1}, {"-1": 1}, {"3": "x"}, {"3": []}, {"3": True}])
def test_a_bad_entry_costs_only_itself(entry):
    outcome, report = read(document({"filename": "a.scala", "coverage": {"7": 2, **entry}}))

    assert (outcome.stats.skipped, report["a.scala"]) == (1, plain(_7=2))


def test_null_is_no_line():
    outcome, report = read(document({"filename": "a.scala", "coverage": {"7": 2, "8": None}}))

    assert (outcome.stats.skipped, report["a.scala"]) == (0, plain(_7=2))


@pytest.mark.parametrize(
    "bad", [{}, None, 5, {"filename": "a"}, {"coverage": {"1": 1}}, {"filename": "a", "coverage": [1]}]
)
def test_a_bad_file_costs_only_itself(bad):
    outcome, report = read(document(bad))

    assert (outcome.stats.skipped, report) == (1, {"ok.scala": plain(_1=1)})
