"""SimpleCov's JSON reports."""

import json

import pytest
from reading import SAMPLES, Line, read, values_of

SAMPLE_LOC = {  # relevant lines covered and in all, from the tool's own message
    entry["file"]: tuple(int(part) for part in entry["says"]["loc_line"][0].split(" to ")[1].split()[1:4:2])
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"].startswith("simplecov")
}


@pytest.mark.parametrize(
    "document",
    [
        {"command_name": "RSpec", "files": [{"filename": "app/a.rb", "coverage": [1, None, 0, "ignored"]}]},
        {
            "command_name": "Unit Tests",
            "files": [{"filename": "app/a.rb", "coverage": {"lines": [1, None, 0, "ignored"]}}],
        },
        {
            "meta": {"simplecov_version": "0.17"},
            "files": [{"filename": "app/a.rb", "coverage": [1, None, 0, "ignored"]}],
        },
        {"meta": {"simplecov_version": "0.22"}, "coverage": {"app/a.rb": {"lines": [1, None, 0, "ignored"]}}},
        {"RSpec": {"coverage": {"app/a.rb": {"lines": [1, None, 0, "ignored"]}}, "timestamp": 1}},
        {"RSpec": {"coverage": {"app/a.rb": [1, None, 0, "ignored"]}, "timestamp": 1}},
    ],
)
def test_every_shape_counts_lines_from_one(document):
    outcome, report = read(json.dumps(document))

    assert (outcome.format, outcome.outcome) == ("simplecov", "ok")
    assert report == {"app/a.rb": {1: Line(1), 3: Line(0), 4: Line(-1)}}


def test_a_result_set_holds_the_results_of_all_commands():
    document = {
        "RSpec": {"coverage": {"app/a.rb": [1, None, 0]}, "timestamp": 1},
        "Cucumber": {"coverage": {"app/b.rb": [1], "app/a.rb": [0, None, 2]}, "timestamp": 1},
    }

    _, report = read(json.dumps(document), ".resultset.json")

    assert {path: values_of(lines) for path, lines in report.items()} == {"app/a.rb": {1: 1, 3: 2}, "app/b.rb": {1: 1}}


def test_conditions_of_a_result_set_make_fractions_with_named_arms():
    branches = {
        "[:if, 0, 3, 4, 5, 7]": {"[:then, 1, 4, 6, 4, 10]": 1, "[:else, 2, 3, 4, 5, 7]": 0},
        "[:case, 3, 5, 2, 9, 5]": {"[:when, 4, 6, 2, 6, 9]": 0, "[:else, 5, 5, 2, 9, 5]": 0},
    }
    document = {"RSpec": {"coverage": {"a.rb": {"lines": [1, None, 2, 1, 0], "branches": branches}}, "timestamp": 1}}

    _, report = read(json.dumps(document))

    assert report["a.rb"] == {
        1: Line(1),
        3: Line("1/2", "b", ("else:2",)),
        4: Line(1),
        5: Line("0/2", "b", ("else:5", "when:4")),
    }


def test_listed_arms_make_a_fraction_where_several_begin():
    branches = [
        {"type": "then", "start_line": 2, "end_line": 2, "coverage": 3},
        {"type": "else", "start_line": 2, "end_line": 2, "coverage": 0},
        {"type": "then", "start_line": 4, "end_line": 5, "coverage": 0},
        {"type": "else", "start_line": 6, "end_line": 6, "coverage": "ignored"},
    ]
    coverage = {"a.rb": {"lines": [1, 3, None, 0, 0], "branches": branches}}

    _, report = read(json.dumps({"meta": {"simplecov_version": "0.22.0"}, "coverage": coverage}))

    assert report["a.rb"] == {1: Line(1), 2: Line("1/2", "b"), 4: Line(0), 5: Line(0)}


def test_a_line_excluded_by_directive_stays_so_whatever_its_arms():
    branches = {"[:if, 0, 1, 4, 1, 7]": {"[:then, 1, 1, 6, 1, 10]": 1, "[:else, 2, 1, 4, 1, 7]": 0}}
    coverage = {"a.rb": {"lines": ["ignored", 1], "branches": branches}}

    _, report = read(json.dumps({"meta": {"simplecov_version": "0.22.0"}, "coverage": coverage}))

    assert report["a.rb"] == {1: Line(-1), 2: Line(1)}


@pytest.mark.parametrize("bad", ['""', '"x"', "[1]", "{}", "true"])
def test_a_bad_count_costs_only_itself(bad):
    outcome, report = read('{"Unit": {"coverage": {"a.rb": [1, @, 0]}, "timestamp": 1}}'.replace("@", bad))

    assert outcome.stats.skipped == 1
    assert values_of(report["a.rb"]) == {1: 1, 3: 0}


@pytest.mark.parametrize(
    ("count", "hits"), [("-1", 0), ("1e400", 2**31 - 1), ("2.0", 2), ('"3"', 3), ("1e3", 1000), ("9" * 5000, 2**31 - 1)]
)
def test_unusual_counts_are_read(count, hits):
    _, report = read('{"Unit": {"coverage": {"a.rb": [1, @, 0]}, "timestamp": 1}}'.replace("@", count))

    assert values_of(report["a.rb"]) == {1: 1, 2: hits, 3: 0}


@pytest.mark.parametrize(
    "entry", ["5", "null", '{"filename": "b.rb"}', '{"coverage": [1]}', '{"filename": 1, "coverage": [1]}']
)
def test_a_bad_file_costs_only_itself(entry):
    data = '{"command_name": "x", "files": [{"filename": "a.rb", "coverage": [1]}, @]}'.replace("@", entry)

    outcome, report = read(data)

    assert outcome.stats.skipped == 1
    assert report == {"a.rb": {1: Line(1)}}


def test_empty_lines_give_nothing():
    outcome, report = read('{"command_name": "x", "files": [{"filename": "a.rb", "coverage": {"lines": []}}]}')

    assert outcome.outcome == "no_data"
    assert report == {}


@pytest.mark.parametrize("path", sorted(path for path in SAMPLE_LOC if path.endswith("coverage.json")))
def test_samples_have_the_numbers_of_the_tool(path):
    outcome, report = read((SAMPLES / path).read_bytes(), path)

    raw = json.loads((SAMPLES / path).read_bytes())["coverage"]
    counted = [line for lines in report.values() for line in lines.values() if line.value != -1]
    ran = [line for line in counted if line.value != 0 and not str(line.value).startswith("0/")]
    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("simplecov", "ok", 0)
    assert (len(ran), len(counted)) == SAMPLE_LOC[path]
    assert len(report) == len(raw)


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_result_set_agrees_with_the_formatted_report_of_the_same_run(side):
    folder = SAMPLES / "reports" / side / "ruby"

    _, formatted = read((folder / "coverage.json").read_bytes())
    _, raw = read((folder / "resultset.json").read_bytes())

    for path, lines in formatted.items():
        for number, line in lines.items():
            # The raw result does not know about excluded sections.
            if line.value != -1 and line.kind == "" and raw[path][number].kind == "":
                assert line.value == raw[path][number].value


def test_a_line_that_is_no_utf_8_is_skipped():
    document = b'{"meta": {"simplecov_version": "0.22.0"}, "coverage": {"a.rb": {"lines": [1, "i\xffd", 0]}}}'

    outcome, report = read(document)

    assert (outcome.outcome, outcome.stats.skipped) == ("ok", 1)
    assert values_of(report["a.rb"]) == {1: 1, 3: 0}
