"""The JSON of Coveralls' clients."""

import json

import pytest
from reading import Line, read
from worked_documents import plain


def document(**file: object) -> str:
    return json.dumps({"repo_token": "x", "source_files": [{"name": "ok.rb", "coverage": [1]}, file]})


def test_arms_join_with_the_hits_of_their_line():
    branches = [1, 0, 0, 5, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 1, 0, 9, 1, 0, 1]

    _, report = read(document(name="a.rb", coverage=[5, 0, 1], branches=branches))

    assert report["a.rb"] == {
        1: Line("1/2", "b", ("0:1",)),
        2: Line("0/2", "b", ("0:0", "0:1")),
        3: Line(1),
        9: Line("1/1", "b"),
    }


@pytest.mark.parametrize(
    ("branches", "skipped"),
    [([1, 0, 0], 1), ([1, 0, 0, "x"], 1), (["x", 0, 0, 1], 1), ([0, 0, 0, 1], 1), ("x", 0), (None, 0)],
)
def test_bad_branches_cost_only_themselves(branches, skipped):
    outcome, report = read(document(name="a.rb", coverage=[5], branches=branches))

    assert (outcome.stats.skipped, report["a.rb"]) == (skipped, plain(_1=5))


@pytest.mark.parametrize(
    ("value", "hits"),
    [("3", 3), (2.0, 2), (-4, 0), (2**40, 2**31 - 1), (1e300, 2**31 - 1), (True, None), ("x", None), ([], None)],
)
def test_unusual_counts_are_read_or_skipped(value, hits):
    outcome, report = read(document(name="a.rb", coverage=[1, value, None, 0]))

    assert report["a.rb"] == plain(_1=1, _4=0) | ({} if hits is None else plain(_2=hits))
    assert outcome.stats.skipped == (hits is None)


@pytest.mark.parametrize(
    "file",
    [{}, {"name": "a.rb"}, {"coverage": [1]}, {"name": 1, "coverage": [1]}, {"name": "a.rb", "coverage": 5},
     {"name": "a.rb", "coverage": "5"}, {"name": "a.rb", "coverage": "[1,"}, {"name": "a.rb", "coverage": ""}, {"name": "a.rb", "coverage": {"1": 1}}],
)  # fmt: skip
def test_a_bad_file_costs_only_itself(file):
    outcome, report = read(document(**file))

    assert (outcome.outcome, outcome.stats.skipped) == ("ok", 1)
    assert report == {"ok.rb": plain(_1=1)}


def test_lists_of_slather_are_read():
    outcome, report = read('[{"file": "a.m", "coverage": [null, 1, "0"]}]')

    assert (outcome.format, report) == ("coveralls", {"a.m": plain(_2=1, _3=0)})


def test_a_job_without_files_has_no_data():
    assert read('{"repo_token": "x", "source_files": []}')[0].outcome == "no_data"
