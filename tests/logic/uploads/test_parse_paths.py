"""What the configuration says about paths decides which files of an upload come into its report."""

import json
from datetime import UTC, datetime
from typing import Any

from app.logic.uploads.envelope import Limits, pack
from app.logic.uploads.parse import ParsedUpload, UploadFacts, parse_upload

LCOV = """\
SF:/ci/work/src/calc.py
DA:1,1
DA:2,0
DA:3,4
DA:9,1
end_of_record
SF:/ci/work/src/gen/auto.py
DA:1,1
end_of_record
SF:/usr/include/stdio.h
DA:1,1
end_of_record
"""
LISTING = ["src/calc.py", "src/gen/auto.py", "README.md"]
CONFIG = {"ignore": ["^src/gen/.*"]}


def parse(
    config: dict[str, Any],
    *,
    lcov: str = LCOV,
    listing: list[str] | None = LISTING,
    fixes: dict[str, Any] | None = None,
) -> ParsedUpload:
    body = {
        "coverage_files": [{"filename": "build/lcov.info", "data": pack(lcov.encode())}],
        "network_files": listing,
        "report_fixes": {"format": "legacy", "value": fixes or {}},
    }
    facts = UploadFacts(datetime(2026, 1, 1, tzinfo=UTC), config=config, flags=["unit"], repository_name="rocket")
    return parse_upload(json.dumps(body).encode(), facts, Limits())


def lines(parsed: ParsedUpload) -> dict[str, dict[int, int]]:
    assert parsed.report is not None
    report = parsed.report
    ranges = zip(report.files, report.offsets[:-1].tolist(), report.offsets[1:].tolist(), strict=True)
    return {
        path: dict(zip(report.line[start:end].tolist(), report.hits[start:end].tolist(), strict=True))
        for path, start, end in ranges
    }


def test_lines_to_ignore_and_files_to_ignore_are_left_out() -> None:
    parsed = parse(CONFIG, fixes={"src/calc.py": {"lines": [2], "eof": 8}})

    assert lines(parsed) == {"src/calc.py": {1: 1, 3: 4}}


def test_the_paths_of_lines_to_ignore_are_placed_like_those_of_the_report() -> None:
    fixes = {"/home/ci/src/calc.py": {"lines": [2]}, "./src/calc.py": {"eof": 8}, "src/gone.py": {"lines": [1]}}

    parsed = parse({"fixes": ["^src/::out/"]}, fixes=fixes, lcov=LCOV.replace("/ci/work/src/calc.py", "calc.py"))

    assert lines(parsed) == {"out/calc.py": {1: 1, 3: 4, 9: 1}, "out/gen/auto.py": {1: 1}}


def test_dropped_paths_are_counted_and_named_by_reason() -> None:
    parsed = parse(CONFIG)

    assert parsed.dropped_paths == {"ignored": 1, "no_match": 1}
    assert [note["detail"] for note in parsed.notes if note["reason"] == "paths_dropped"] == [
        "ignored 1: /ci/work/src/gen/auto.py",
        "no_match 1: /usr/include/stdio.h",
    ]


def test_an_upload_of_ignored_files_only_says_so() -> None:
    parsed = parse(
        {"flags": {"unit": {"paths": ["^src/calc"], "ignore": ["^src/calc"]}}}, lcov=LCOV[: LCOV.index("SF:/usr")]
    )

    assert parsed.problem is not None
    assert parsed.problem.params["reason"] == "every_path_ignored"
    assert parsed.problem.params["dropped"] == {"ignored": 1, "not_included": 1}


def test_without_a_list_directories_of_the_ci_machine_go_away() -> None:
    parsed = parse({}, listing=None, lcov=LCOV.replace("/ci/work/", "/builds/acme/rocket/"))

    assert set(lines(parsed)) == {"src/calc.py", "src/gen/auto.py"}
    assert parsed.dropped_paths == {"ci_prefix": 1}


def test_stored_patterns_that_cannot_be_used_cost_a_note_only() -> None:
    parsed = parse({"ignore": ["(", "^src/gen/"], "fixes": ["[::x"]})

    assert set(lines(parsed)) == {"src/calc.py"}
    [note] = [note for note in parsed.notes if note["reason"] == "bad_path_rules"]
    assert note["detail"].startswith("2 left out; first: fixes: '['")
