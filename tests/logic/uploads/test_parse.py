"""From the bytes of an upload to its report: both forms of the envelope, its limits, and the age of its files."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage import codec, measure
from app.logic.uploads.envelope import pack, write_envelope
from app.logic.uploads.limits import Limits
from app.logic.uploads.parse import ParsedUpload, UploadFacts, parse_upload

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)
JSON = UploadFacts(created_at=CREATED)
TEXT = replace(JSON, format_version=None)
LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


def text_upload(
    files: dict[str | None, bytes],
    listing: tuple[str, ...] = (),
    fixes: str = "",
    env: str = "",
    newline: bytes = b"\n",
) -> bytes:
    """The text form, as an old uploader writes it."""
    sections = [(env.encode(), b"ENV"), ("\n".join(listing).encode(), b"network")]
    for name, content in files.items():
        header = b"" if name is None else b"# path=" + name.encode() + newline
        sections.append((header + content, b"EOF"))
    sections.append((b"# path=fixes" + newline + fixes.encode(), b"EOF"))
    data = b"".join(content + newline + b"<<<<<< " + kind + newline for content, kind in sections)
    return data.replace(b"\n", newline) if newline != b"\n" else data


def lines_of(parsed: ParsedUpload) -> dict[str, dict[int, int]]:
    """Hits by line by file."""
    report = parsed.report
    assert report is not None, parsed.problem
    lines: dict[str, dict[int, int]] = {}
    for number, path in enumerate(report.files):
        start, stop = report.offsets[number], report.offsets[number + 1]
        lines[path] = dict(zip(report.line[start:stop].tolist(), report.hits[start:stop].tolist(), strict=True))
    return lines


def reasons(parsed: ParsedUpload) -> list[str]:
    return [note["reason"] for note in parsed.notes]


CALC = (
    b"SF:/ci/work/src/calc.py\nDA:1,1\nDA:2,0\nDA:3,4\nDA:9,1\nend_of_record\n"
    b"SF:/ci/work/src/gen/auto.py\nDA:1,1\nend_of_record\n"
)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_listing_environment_and_lines_to_ignore_come_with_the_text_form(newline: bytes) -> None:
    data = text_upload(
        {"build/lcov.info": CALC},
        listing=("src/calc.py", "README.md"),
        fixes="src/calc.py:2\nEOF: 8 src/calc.py",
        env="CI_NODE=3",
        newline=newline,
    )

    parsed = parse_upload(data, TEXT, Limits())

    assert lines_of(parsed) == {"src/calc.py": {1: 1, 3: 4}}
    assert parsed.report is not None
    totals = measure.totals(parsed.report)
    assert (totals.files, totals.lines, totals.hits, totals.coverage) == (1, 2, 2, "100")
    assert parsed.env == {"CI_NODE": "3"}
    assert parsed.formats == ("lcov",)


PATHS = ["src/a.py", "src/b c.py", "lib/\N{ROCKET}.py"]
LINES = st.dictionaries(st.integers(1, 9), st.integers(0, 3), min_size=1, max_size=5)


@given(
    coverage=st.dictionaries(st.sampled_from(PATHS), LINES, min_size=1),
    listed=st.booleans(),
    ignored=st.dictionaries(
        st.sampled_from(PATHS), st.tuples(st.sets(st.integers(1, 9)), st.none() | st.integers(1, 9))
    ),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
@settings(max_examples=60, deadline=None)
def test_both_forms_of_the_same_content_give_the_same_report(
    coverage: dict[str, dict[int, int]],
    listed: bool,
    ignored: dict[str, tuple[set[int], int | None]],
    newline: bytes,
    bom: bytes,
) -> None:
    files = {
        f"build/{number}.info": "".join(
            [f"SF:/ci/{path}\n", *(f"DA:{line},{hits}\n" for line, hits in lines.items()), "end_of_record\n"]
        ).encode()
        for number, (path, lines) in enumerate(coverage.items())
    }
    listing = tuple(PATHS) if listed else ()
    fixes = [f"{path}:{','.join(map(str, lines))}" for path, (lines, _) in ignored.items() if lines]
    fixes += [f"EOF: {eof} {path}" for path, (_, eof) in ignored.items() if eof is not None]
    value = {path: {"lines": list(lines), "eof": eof} for path, (lines, eof) in ignored.items()}
    as_json = json.loads(write_envelope(files, listing)) | {"report_fixes": {"format": "legacy", "value": value}}

    first = parse_upload(json.dumps(as_json).encode(), JSON, Limits())
    second = parse_upload(bom + text_upload(files, listing, "\n".join(fixes), newline=newline), TEXT, Limits())

    assert (first.problem, first.formats, first.notes) == (second.problem, second.formats, second.notes)
    assert (first.report is None) == (second.report is None)
    if first.report is not None and second.report is not None:
        assert codec.encode(first.report, {}) == codec.encode(second.report, {})


def test_the_same_upload_parses_to_the_same_bytes() -> None:
    data = text_upload(
        {"b.info": CALC, "a.info": LCOV}, ("src/calc.py", "src/a.py"), "src/calc.py:1:/*\nsrc/calc.py:3:*/"
    )

    reports = [parse_upload(data, TEXT, Limits()).report for _ in range(2)]

    first, second = (codec.encode(report, {}) for report in reports if report is not None)
    assert first == second


ISTANBUL = {
    "src/a.py": {
        "path": "src/a.py",
        "statementMap": {"0": {"start": {"line": 7, "column": 0}, "end": {"line": 7}}},
        "fnMap": {},
        "branchMap": {},
        "s": {"0": 1},
        "f": {},
        "b": {},
    }
}


@pytest.mark.parametrize("is_text", [True, False])
@pytest.mark.parametrize(
    ("json_name", "lcov_name", "expected"),
    [
        ("coverage/coverage.json", "coverage/coverage.lcov", {7: 1}),
        ("web/coverage/coverage.json", "coverage/coverage.lcov", {1: 1, 2: 0, 7: 1}),
        ("coverage/coverage.json", "coverage/lcov.info", {1: 1, 2: 0, 7: 1}),
        (None, "coverage/coverage.lcov", {1: 1, 2: 0, 7: 1}),
    ],
)
def test_the_same_run_in_two_formats_is_read_once(
    json_name: str | None, lcov_name: str, expected: dict[int, int], is_text: bool
) -> None:
    files = {lcov_name: LCOV, json_name: json.dumps(ISTANBUL).encode()}
    if is_text:
        parsed = parse_upload(text_upload({**files}, ("src/a.py",)), TEXT, Limits())
    else:
        entries = [{"filename": name, "data": pack(content)} for name, content in files.items()]
        data = json.dumps({"coverage_files": entries, "network_files": ["src/a.py"]}).encode()
        parsed = parse_upload(data, JSON, Limits())

    assert lines_of(parsed) == {"src/a.py": expected}


def test_an_analysis_of_dependencies_is_skipped() -> None:
    classycle = b"<?xml version='1.0'?><classycle title='x' date='2026-03-01'><cycles/><classes/></classycle>"

    parsed = parse_upload(text_upload({"classycle.xml": classycle, "lcov.info": LCOV}), TEXT, Limits())
    alone = parse_upload(text_upload({"classycle.xml": classycle}), TEXT, Limits())

    assert lines_of(parsed) == {"src/a.py": {1: 1, 2: 0}}
    assert reasons(parsed) == ["unsupported"]
    assert alone.problem is not None and alone.problem.code == "unsupported_file_format"


CLASS = b'<package><classes><class filename="%s"><lines><line number="1" hits="1"/></lines></class></classes></package>'
NESTED_XML = b"<coverage><packages>" + CLASS % b"src/b.py" + b"<a>" * 300 + b"</a>" * 300 + b"</packages></coverage>"
NESTED_JSON = b'{"src/b.py": {"statementMap": ' + b"[" * 300 + b"1" + b"]" * 300 + b"}}"


@pytest.mark.parametrize("is_text", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("deep.xml", NESTED_XML, "too_deep"),
        ("deep.json", NESTED_JSON, "too_deep"),
        ("large.info", b"SF:a\n" * 2000, "too_large"),
    ],
)
def test_a_file_beyond_a_limit_is_skipped_and_the_others_are_kept(
    name: str, content: bytes, reason: str, is_text: bool
) -> None:
    files = {name: content, "lcov.info": LCOV}
    data = text_upload({**files}) if is_text else write_envelope(files, ())

    parsed = parse_upload(data, TEXT if is_text else JSON, Limits(file_bytes=9000))

    assert lines_of(parsed) == {"src/a.py": {1: 1, 2: 0}}
    assert [(note["file"], note["reason"]) for note in parsed.notes] == [(name, reason)]


@pytest.mark.parametrize(
    "declared",
    [
        b'<!ENTITY e "src/b">',
        b'<!ENTITY e SYSTEM "file:///etc/hostname">',
        b'<!ENTITY d "src/b"><!ENTITY e "&d;">',
        b'<!ENTITY e0 "0000000000">'
        + b"".join(b'<!ENTITY e%d "%s">' % (number + 1, b"&e%d;" % number * 10) for number in range(30))
        + b'<!ENTITY e "&e30;">',
    ],
)
def test_entities_are_never_resolved(declared: bytes) -> None:
    report = (
        b"<!DOCTYPE coverage [" + declared + b"]><coverage><packages>" + CLASS % b"&e;.py" + b"</packages></coverage>"
    )
    files = {"entities.xml": report, "lcov.info": LCOV}

    parsed = parse_upload(text_upload({**files}, ("src/a.py", "src/b.py")), TEXT, Limits())

    assert lines_of(parsed) == {"src/a.py": {1: 1, 2: 0}}


def test_lines_beyond_the_limit_are_dropped_with_a_note() -> None:
    data = text_upload({"lcov.info": LCOV.replace(b"DA:2,0", b"DA:5001,0\nDA:5000,1")})

    parsed = parse_upload(data, TEXT, Limits(source_lines=5000))

    assert lines_of(parsed) == {"src/a.py": {1: 1, 5000: 1}}
    assert reasons(parsed) == ["lines_out_of_range"]


@pytest.mark.parametrize("is_text", [True, False])
def test_a_file_list_beyond_the_limit_is_cut_with_a_note(is_text: bool) -> None:
    report, listing = LCOV + LCOV.replace(b"src/a.py", b"src/b.py"), ("src/a.py", "src/b.py")
    data = text_upload({"lcov.info": report}, listing) if is_text else write_envelope({"lcov.info": report}, listing)

    parsed = parse_upload(data, TEXT if is_text else JSON, Limits(listing_entries=1))

    assert lines_of(parsed) == {"src/a.py": {1: 1, 2: 0}}
    assert reasons(parsed) == ["listing_cut", "paths_dropped"]


def cobertura(date: str) -> bytes:
    return (
        f'<coverage timestamp="{date}"><packages><package><classes><class filename="src/a.py"><lines>'
        f'<line number="1" hits="1"/></lines></class></classes></package></packages></coverage>'
    ).encode()


def scoverage(date: str) -> bytes:
    return cobertura(date).replace(b"<coverage ", b"<scoverage ").replace(b"</coverage>", b"</scoverage>")


def clover(date: str) -> bytes:
    return (
        f'<coverage generated="{date}"><project><file name="a.php" path="src/a.php">'
        f'<line num="1" type="stmt" count="1"/></file></project></coverage>'
    ).encode()


def jacoco(date: str) -> bytes:
    return (
        f'<report name="r"><sessioninfo id="ci" start="{date}" dump="1"/><package name="acme"><sourcefile name="A.java">'
        f'<line nr="1" mi="0" ci="2" mb="0" cb="0"/><line nr="2" mi="0" ci="2" mb="1" cb="1"/></sourcefile>'
        f"</package></report>"
    ).encode()


def at(hours_ago: float) -> float:
    return (CREATED - timedelta(hours=hours_ago)).timestamp()


OLD = f"{at(100):.0f}"
ENFORCED = {"codecov": {"max_report_age": "12h ago"}}
DATED = [(cobertura, OLD), (scoverage, OLD), (clover, OLD), (jacoco, f"{at(100) * 1000:.0f}")]


@pytest.mark.parametrize(("report", "date"), DATED)
def test_an_old_report_is_noted_where_the_repository_sets_no_limit(report, date: str) -> None:
    parsed = parse_upload(text_upload({"report.xml": report(date)}), TEXT, Limits())

    assert parsed.report is not None and parsed.problem is None
    assert [(note["file"], note["reason"]) for note in parsed.notes] == [("report.xml", "old_report")]
    assert "2026-02-25T08:00:00+00:00" in parsed.notes[0]["detail"]


@pytest.mark.parametrize(("report", "date"), DATED)
def test_an_old_report_fails_the_upload_where_the_repository_sets_a_limit(report, date: str) -> None:
    data = text_upload({"lcov.info": LCOV, "report.xml": report(date)}, env="A=1")

    parsed = parse_upload(data, replace(TEXT, config=ENFORCED), Limits())

    assert parsed.report is None and parsed.problem is not None
    assert parsed.problem.code == "report_expired"
    assert parsed.problem.params == {"filename": "report.xml", "timestamp": "2026-02-25T08:00:00+00:00"}
    assert parsed.env == {"A": "1"}


@pytest.mark.parametrize(
    ("report", "date"),
    [
        (cobertura, f"{at(11.9):.3f}"),
        (cobertura, f"{at(11.9) * 1000:.0f}"),
        (cobertura, f"{at(-5000):.0f}"),
        (cobertura, "2026-02-28T10:30:00"),  # 25.5 hours ago in UTC, 11.5 where the day began last
        (cobertura, "0"),
        (cobertura, "n/a"),
        (cobertura, ""),
        (clover, "1-2"),
        (clover, "01-03-2026"),
        (clover, "03/01/2026"),
        (clover, "2026-03-01T10:00:00+00:00"),
        (jacoco, "yesterday"),
        (jacoco, "99999999999999999999999999"),
    ],
)
def test_a_report_that_may_be_new_or_has_no_date_passes(report, date: str) -> None:
    parsed = parse_upload(text_upload({"report.xml": report(date)}), replace(TEXT, config=ENFORCED), Limits())

    assert parsed.report is not None
    assert parsed.notes == ()


@pytest.mark.parametrize(
    ("report", "date"),
    [
        (cobertura, f"{at(12.1):.3f}"),
        (cobertura, "2026-02-28T09:30:00"),
        (cobertura, "2026-02-28T23:30:00Z"),
        (clover, "27-02-2026"),
        (clover, "02/27/2026"),
        (clover, "2026-02-27"),
    ],
)
def test_a_report_that_is_old_wherever_it_was_made_fails(report, date: str) -> None:
    parsed = parse_upload(text_upload({"report.xml": report(date)}), replace(TEXT, config=ENFORCED), Limits())

    assert parsed.problem is not None and parsed.problem.code == "report_expired"


@pytest.mark.parametrize("setting", [False, 0, "off", None])
def test_the_check_can_be_switched_off(setting: object) -> None:
    config = {"codecov": {"max_report_age": setting}}

    parsed = parse_upload(text_upload({"report.xml": cobertura("1000000000")}), replace(TEXT, config=config), Limits())

    assert parsed.report is not None and parsed.notes == ()


def test_switches_of_the_configuration_reach_the_parser() -> None:
    data = text_upload({"jacoco.xml": jacoco(f"{at(1) * 1000:.0f}")})
    config = {"parsers": {"jacoco": {"partials_as_hits": True}}}

    usual, switched = (parse_upload(data, facts, Limits()) for facts in (TEXT, replace(TEXT, config=config)))

    assert usual.report is not None and switched.report is not None
    assert (measure.totals(usual.report).partials, measure.totals(switched.report).partials) == (1, 0)
