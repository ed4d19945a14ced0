"""Every coverage report of the examples, against what its own tool said of it: lines, and those that ran, by file."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from reading import ROOT, SAMPLES, Line, read, status

ENTRIES = json.loads((ROOT / "tests" / "fixtures" / "expected.json").read_text(encoding="utf-8"))["reports"]
NO_COVERAGE = {"junit", "bundle stats v3"}
FORMATS = {
    "cobertura": "cobertura",
    "coverage.py JSON": "pycoverage",
    "lcov": "lcov",
    "istanbul JSON": "istanbul",
    "clover": "clover",
    "go cover profile": "go",
    "jacoco": "jacoco",
    "gcov text": "gcov",
    "simplecov .resultset.json": "simplecov",
    "simplecov JSON formatter": "simplecov",
}


class Said(NamedTuple):
    """What a tool says of a file."""

    lines: int
    covered: int


def files_of(entry: Mapping[str, Any]) -> list[str]:
    return [entry["file"]] if "file" in entry else entry["files"]


COVERAGE = [entry for entry in ENTRIES if entry["format"] not in NO_COVERAGE]


def test_every_entry_of_the_samples_is_known():
    assert {entry["format"] for entry in ENTRIES} == FORMATS.keys() | NO_COVERAGE
    assert all((SAMPLES / file).is_file() for entry in COVERAGE for file in files_of(entry))
    assert len(COVERAGE) == 42


@pytest.mark.parametrize("entry", COVERAGE, ids=lambda entry: files_of(entry)[0])
def test_every_sample_is_read_without_a_bad_record(entry):
    for file in files_of(entry):
        outcome, report = read((SAMPLES / file).read_bytes(), file)

        assert (outcome.format, outcome.outcome) == (FORMATS[entry["format"]], "ok")
        assert outcome.stats.skipped == 0
        assert report


def said_of(entry: Mapping[str, Any]) -> dict[str, Said]:
    """Return what the tool says by file, as far as it says lines at all."""
    found = {}
    for path, says in entry["says"].get("files", {}).items():
        if "line" in says:  # JaCoCo
            found[path] = Said(says["line"]["covered"] + says["line"]["missed"], says["line"]["covered"])
        elif "line_total" in says:  # gcovr
            found[path] = Said(says["line_total"], says["line_covered"])
        elif isinstance(says.get("lines"), int):  # coverage.py
            found[path] = Said(says["lines"], says["lines_covered"])
        elif "lines" in says:  # Istanbul
            found[path] = Said(says["lines"]["total"], says["lines"]["covered"])
    return found


def ran(line: Line) -> bool:
    return status(line) != "miss"


WITH_LINES = [entry for entry in COVERAGE if said_of(entry)]


@pytest.mark.parametrize("entry", WITH_LINES, ids=lambda entry: files_of(entry)[0])
def test_the_files_are_those_of_the_tool(entry):
    _, report = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])

    said = said_of(entry)
    assert len(report) == len(said)
    assert all(sum(ends(path, known) for path in report) == 1 for known in said)


def ends(path: str, known: str) -> bool:
    """Tell whether two spellings of a path mean the same file: one may have more directories in front."""
    short, long = sorted((path, known), key=len)
    return long == short or long.endswith("/" + short)


@pytest.mark.parametrize("entry", WITH_LINES, ids=lambda entry: files_of(entry)[0])
def test_the_lines_are_those_that_the_tool_counted(entry):
    _, report = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])

    for known, said in said_of(entry).items():
        [lines] = [lines for path, lines in report.items() if ends(path, known)]
        # Arms and functions on lines without a statement make lines that Istanbul itself does not count.
        if entry["tool"].startswith("coverage.py") or FORMATS[entry["format"]] in ("jacoco", "clover"):
            assert len(lines) == said.lines, known
        assert len(lines) >= said.lines, known
        # A line that ran and of whose arms none was taken is a miss of ours.
        unclear = sum(str(line.value).startswith("0/") for line in lines.values())
        added = len(lines) - said.lines
        covered = sum(map(ran, lines.values()))
        assert said.covered - unclear <= covered <= said.covered + added, known


SUMMED = [
    (entry, re.search(r"(\d+) / (\d+) LOC|lines[.]+: [\d.]+% \((\d+) of (\d+) lines\)", json.dumps(entry["says"])))
    for entry in COVERAGE
]


@pytest.mark.parametrize(
    ("entry", "found"),
    [pair for pair in SUMMED if pair[1]],
    ids=lambda value: files_of(value)[0] if isinstance(value, dict) else "",
)
def test_the_sums_are_those_that_the_tool_printed(entry, found):
    _, report = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])

    covered, total = [int(part) for part in found.groups() if part]
    lines = [line for file in report.values() for line in file.values() if line.value != -1]
    # `.resultset.json` has the lines of :nocov: sections, which the tool leaves out of its sum.
    extra = len(lines) - total
    assert extra == 0 or (entry["format"] == "simplecov .resultset.json" and 0 < extra < 10)
    assert covered - 2 <= sum(map(ran, lines)) <= covered + extra


HARMLESS = {"ok", "empty", "not_recognised", "unsupported", "no_data", "corrupt"}
SMALL = [file for entry in COVERAGE for file in files_of(entry) if (SAMPLES / file).stat().st_size < 8192]


@pytest.mark.parametrize("file", SMALL)
def test_a_sample_cut_at_every_37th_byte_never_fails(file):
    data = (SAMPLES / file).read_bytes()

    outcomes = {read(data[:end], file)[0].outcome for end in range(0, len(data), 37)}

    assert outcomes <= HARMLESS
