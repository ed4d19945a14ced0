"""The JSON of the Dart VM."""

import json

import pytest
from reading import read
from worked_documents import plain


def document(*scripts: object) -> str:
    return json.dumps({"type": "CodeCoverage", "coverage": [{"source": "package:a/ok.dart", "hits": [1, 1]}, *scripts]})


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("package:rocket/src/fuel.dart", "lib/src/fuel.dart"),
        ("file:///home/ci/rocket/bin/my%20main.dart", "/home/ci/rocket/bin/my main.dart"),
        ("file:/w/a.dart", "/w/a.dart"),
        ("dart:core", None),
        ("evaluate:source", None),
        ("package:x", None),
        ("", None),
    ],
)
def test_scripts_of_packages_and_files_have_a_path(source, path):
    _, report = read(document({"source": source, "hits": [3, 2]}))

    assert {key: lines for key, lines in report.items() if key != "lib/ok.dart"} == (
        {path: plain(_3=2)} if path else {}
    )


def test_a_script_may_come_several_times():
    text = document(
        {"source": "package:a/a.dart", "hits": [1, 0, 2, 5]}, {"source": "package:a/a.dart", "hits": [1, 3, 2, 0, 1, 1]}
    )

    assert read(text)[1]["lib/a.dart"] == plain(_1=3, _2=5)


@pytest.mark.parametrize(
    "pair", [["x", 1], [0, 1], [-1, 1], ["9-7", 1], ["1-9999999", 1], [None, 1], [3, "x"], ["3-", 1]]
)
def test_a_bad_pair_costs_only_itself(pair):
    outcome, report = read(document({"source": "package:a/a.dart", "hits": [*pair, 8, 1]}))

    assert (outcome.stats.skipped, report["lib/a.dart"]) == (1, plain(_8=1))


@pytest.mark.parametrize("bad", [{}, None, 5, {"source": 5}, {"source": "package:a/a.dart", "hits": 5}])
def test_a_bad_script_costs_only_itself(bad):
    outcome, report = read(document(bad))

    assert (outcome.stats.skipped, report) == (1, {"lib/ok.dart": plain(_1=1)})


def test_endless_ranges_are_refused():
    assert read(document({"source": "package:a/a.dart", "hits": ["1-1000000", 0] * 3}))[0].outcome == "too_large"
