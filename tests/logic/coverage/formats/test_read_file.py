"""One coverage file in, an outcome out: whatever the bytes are."""

import json

import pytest
from reading import SAMPLES, read

from app.logic.coverage import read as module
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.read import directory_of, read_file

JSON_SAMPLES = [
    "reports/head/js-tools/coverage-final.json",
    "reports/head/js-web/coverage-final.json",
    "reports/head/python/unit.coverage.json",
    "reports/head/ruby/resultset.json",
    "reports/head/ruby/coverage.json",
]
OUTCOMES = {"ok", "empty", "not_recognised", "unsupported", "no_data", "corrupt", "too_deep"}  # never "failed"
MANGLED = ['""', "null", "-1", "1e400", '"x"']


@pytest.fixture
def go_parser(monkeypatch):
    """Put a function in the place of a parser, to see what it is given and what its failures become."""

    def replace_by(parser):
        monkeypatch.setattr(module, "PARSERS", {"go": parser})

    return replace_by


def run(name=None):
    return read_file(name, b"mode: set\n", ReportBuilder(), FormatOptions(), max_bytes=1000)


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        (None, ""),
        ("coverage.xml", ""),
        ("build/reports/coverage.xml", "build/reports"),
        ("/w/a/coverage.xml", "/w/a"),
        ("C:\\w\\a\\coverage.xml", "C:\\w\\a"),
        ("C:/w/a/coverage.xml", "C:/w/a"),
        ("odd\\name/coverage.xml", "odd\\name"),
    ],
)
def test_parsers_are_told_the_directory_of_the_file(go_parser, name, directory):
    seen = []
    go_parser(lambda data, builder, options: seen.append(options.base) or ParseStats(records=1))

    outcome = run(name)

    assert outcome.outcome == "ok"
    assert seen == [directory] == [directory_of(name)]


def test_an_unexpected_error_of_a_parser_is_told_with_its_text(go_parser):
    def parser(data, builder, options):
        raise KeyError("line 7")

    go_parser(parser)
    outcome = run()

    assert (outcome.format, outcome.outcome) == ("go", "failed")
    assert "KeyError" in outcome.detail
    assert "line 7" in outcome.detail


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, SystemExit])
def test_what_is_no_fault_of_the_file_is_passed_on(go_parser, error):
    def parser(data, builder, options):
        raise error

    go_parser(parser)

    with pytest.raises(error):
        run()


@pytest.mark.parametrize(
    ("stats", "outcome"),
    [
        (ParseStats(), "no_data"),
        (ParseStats(records=1), "ok"),
        (ParseStats(records=1, skipped=5), "ok"),
        (ParseStats(skipped=2, first_problem="line 3: no number"), "corrupt"),
    ],
)
def test_the_records_decide_on_the_outcome(go_parser, stats, outcome):
    go_parser(lambda data, builder, options: stats)

    found = run()

    assert found.outcome == outcome
    assert found.stats is stats
    assert found.detail is None or stats.first_problem is None or "line 3: no number" in found.detail


def test_files_above_the_limit_are_too_large():
    outcome, report = read("mode: set\n", max_bytes=5)

    assert (outcome.outcome, outcome.format, report) == ("too_large", None, {})


def test_a_hostile_string_is_looked_at_once():
    outcome, _ = read('{"meta": {}, "files": {"a.py": {"executed_lines": [NaN], "x": "' + '\\"' * 200_000)

    assert outcome.outcome == "corrupt"


def test_lines_of_paths_that_are_not_ours_are_no_failure():
    outcome, report = read('{"meta": {}, "files": {"a.py": {"executed_lines": [1]}}}', resolve=lambda *_: None)

    assert (outcome.outcome, outcome.stats.records, report) == ("ok", 1, {})


@pytest.mark.parametrize("path", JSON_SAMPLES)
def test_truncated_json_is_never_more_than_corrupt(path):
    data = (SAMPLES / path).read_bytes()
    step = 37 if len(data) < 10_000 else 259

    for end in range(0, len(data.rstrip()) - 1, step):
        outcome, _ = read(data[:end], path)

        assert outcome.outcome in {"empty", "corrupt", "not_recognised"}, (end, outcome)
        assert outcome.detail


@pytest.mark.parametrize("path", JSON_SAMPLES)
def test_json_without_any_one_key_is_read_or_refused(path):
    document = json.loads((SAMPLES / path).read_bytes())

    for spot in _spots(document):
        *parents, last = spot
        copy = json.loads(json.dumps(document))
        parent = copy
        for key in parents:
            parent = parent[key]
        del parent[last]

        outcome, _ = read(json.dumps(copy), path)

        assert outcome.outcome in OUTCOMES, (spot, outcome)


@pytest.mark.parametrize("bad", MANGLED)
@pytest.mark.parametrize("path", JSON_SAMPLES)
def test_json_with_any_one_number_mangled_is_read(path, bad):
    text = (SAMPLES / path).read_text()
    document = json.loads(text)

    for spot in _spots(document, numbers_only=True):
        *parents, last = spot
        copy = json.loads(text)
        parent = copy
        for key in parents:
            parent = parent[key]
        parent[last] = "@"

        outcome, report = read(json.dumps(copy).replace('"@"', bad), path)

        assert outcome.outcome == "ok", (spot, outcome)
        assert report, spot


def _spots(document, numbers_only=False, samples=40):
    """Paths of evenly spread parts of a document."""
    spots = []

    def walk(value, path):
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, entry in entries:
            if not numbers_only or isinstance(entry, int):
                spots.append((*path, key))
            walk(entry, (*path, key))

    walk(document, ())
    return spots[:: max(1, len(spots) // samples)]
