"""The JSON of R's covr."""

import json

import pytest
from reading import read
from worked_documents import plain


def document(*files: object) -> str:
    return json.dumps({"uploader": "R", "files": [{"name": "R/ok.R", "coverage": [None, 1]}, *files]})


def test_the_index_is_the_line_and_element_zero_is_ignored():
    assert read(document({"name": "a.R", "coverage": [9, 4, 0]}))[1]["a.R"] == plain(_1=4, _2=0)


@pytest.mark.parametrize(("value", "hits"), [("7", 7), (2.0, 2), ("x", None), (True, None), ({}, None)])
def test_unusual_counts_are_read_or_skipped(value, hits):
    outcome, report = read(document({"name": "a.R", "coverage": [None, value, 1]}))

    assert report["a.R"] == plain(_2=1) | ({} if hits is None else plain(_1=hits))
    assert outcome.stats.skipped == (hits is None)


@pytest.mark.parametrize("bad", [{}, None, 5, {"name": "a.R"}, {"coverage": [None, 1]}, {"name": "a.R", "coverage": 5}])
def test_a_bad_file_costs_only_itself(bad):
    outcome, report = read(document(bad))

    assert (outcome.stats.skipped, report) == (1, {"R/ok.R": plain(_1=1)})
