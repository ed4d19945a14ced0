"""Salesforce's JSON."""

import json

import pytest
from reading import read
from worked_documents import SALESFORCE, plain


def test_names_without_extension_are_classes_or_triggers():
    tried = []

    read(SALESFORCE, resolve=lambda candidates, bases: tried.append(candidates))

    assert tried == [("OrderCtl.cls", "OrderCtl.trigger"), ("src/Trg.trigger",)]


def test_the_detailed_file_joins_test_methods():
    runs = [
        [{"apexClassOrTriggerName": "A", "coverage": {"coveredLines": [1, 2], "uncoveredLines": [3, 4]}}],
        [{"apexClassOrTriggerName": "A", "coverage": {"coveredLines": [3], "uncoveredLines": [1, 2, 4]}},
         {"apexClassOrTriggerName": "B", "coverage": {"uncoveredLines": [1]}}],
    ]  # fmt: skip

    outcome, report = read(json.dumps(runs))

    assert outcome.format == "salesforce"
    assert report == {"A.cls": plain(_1=1, _2=1, _3=1, _4=0), "B.cls": plain(_1=0)}


@pytest.mark.parametrize(
    "bad",
    [
        5,
        None,
        {},
        {"apexClassOrTriggerName": "A"},
        {"apexClassOrTriggerName": "A", "coverage": {"coveredLines": ["x"]}},
    ],
)
def test_a_bad_run_costs_only_itself(bad):
    good = {"apexClassOrTriggerName": "B", "coverage": {"coveredLines": [1]}}

    outcome, report = read(json.dumps([[good, bad]]))

    assert (outcome.stats.skipped, report) == (1, {"B.cls": plain(_1=1)})


@pytest.mark.parametrize(
    ("entry", "skipped"),
    [(None, 0), ({}, 0), ({"name": "B"}, 0), ({"lines": {"1": 1}}, 0), (5, 1), ("x", 1), ({"name": "B", "lines": [1]}, 1),
     ({"name": "B", "lines": {"x": 1}}, 1), ({"name": 5, "lines": {"1": 1}}, 1)],
)  # fmt: skip
def test_entries_without_lines_are_passed_over_and_bad_ones_skipped(entry, skipped):
    outcome, report = read(json.dumps([{"name": "A", "lines": {"1": 1}}, entry]))

    assert (outcome.stats.skipped, report) == (skipped, {"A.cls": plain(_1=1)})


@pytest.mark.parametrize("text", ['[null, 5, "x"]', '[{"name": "A"}]', '[["x"]]', '[{"lines": {}}]'])
def test_other_arrays_are_not_taken_for_it(text):
    assert read(text)[0].outcome == "not_recognised"
