"""Tracefiles: they read back as the same coverage, and other tools can read them."""

import re

import pytest
from hypothesis import given, settings

from app.logic.coverage import codec
from app.logic.coverage.exports import lcov
from app.logic.coverage.exports.lcov_arms import UNNAMED
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.merge import merge
from app.logic.coverage.report import IGNORED, Report
from tests.logic.coverage.exports.exporting import SAMPLES, counted, paired_arms, parse, reports, sample, values
from tests.logic.coverage.oracle import Measure, report_of

# geninfo(1) of lcov 2, for those records that are written.
RECORD = re.compile(r"TN:|SF:.+|BRDA:[1-9]\d*,e?\d+,[^\n]*,(-|\d+)|BR[FH]:\d+|DA:[1-9]\d*,\d+|L[FH]:\d+|end_of_record")


def export(report: Report) -> bytes:
    return b"".join(lcov.write(Subject(report)))


def test_a_file_becomes_a_section() -> None:
    report = report_of(
        [
            Measure(3, 4, path="src/math.c"),
            Measure(4, 1, 2, ("0:1",), path="src/math.c"),
            Measure(5, IGNORED, path="src/math.c"),
            Measure(9, 0, 2, ("0:0", "0:1"), path="src/math.c"),
            Measure(10, 2, 2, path="src/math.c"),
            Measure(11, 1, 2, path="src/math.c"),
            Measure(12, 1, 2, ("14",), path="src/math.c"),
        ]
    )

    text = export(report).decode()

    assert text.splitlines() == [
        "TN:",
        "SF:src/math.c",
        *("BRDA:4,0,0,1", "BRDA:4,0,1,0"),
        *("BRDA:9,0,0,-", "BRDA:9,0,1,-"),
        *("BRDA:10,0,0,1", "BRDA:10,0,1,1"),
        *(f"BRDA:11,{UNNAMED},0,1", f"BRDA:11,{UNNAMED},1,0"),
        *(f"BRDA:12,{UNNAMED},0,1", "BRDA:12,0,to 14,0"),
        *("BRF:10", "BRH:5"),
        *("DA:3,4", "DA:4,1", "DA:9,0", "DA:10,1", "DA:11,1", "DA:12,1"),
        *("LF:6", "LH:5"),
        "end_of_record",
    ]


@settings(max_examples=150)
@given(reports)
def test_reports_read_back(report: Report) -> None:
    exported = export(report)

    again = parse(exported, "lcov.info") if exported else report_of([])

    # Not carried: ignored lines, kinds that are not told by arms, complexity; of arms see below.
    assert values(again) == values(report)
    assert paired_arms(report).items() <= paired_arms(again).items()
    assert export(again) == exported
    assert all(RECORD.fullmatch(line) for line in exported.decode().splitlines())


@pytest.mark.parametrize("name", SAMPLES)
def test_reports_of_real_tools_read_back(name: str) -> None:
    report = sample(name)

    again = parse(export(report), "lcov.info")

    # The reader takes no arms on line 1 of TypeScript files, which other formats may have.
    expected = {
        place: (min(value[0], 1), 0) if value[1] and place[0].endswith(".ts") and place[1] == 1 else value
        for place, value in values(report).items()
    }
    assert values(again) == expected
    assert paired_arms(report).items() <= paired_arms(again).items()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith((".lcov", "native/lcov.info"))])
def test_a_tracefile_loses_nothing(name: str) -> None:
    report = sample(name)

    again = parse(export(report), name)

    assert counted(again) == counted(report)


def test_arms_without_names_never_add_up_with_those_of_a_tool() -> None:
    unnamed = parse(export(report_of([Measure(1, 1, 2)])))
    named = report_of([Measure(1, 1, 2, ("0:0",))])

    both = merge([unnamed, named])

    assert values(both) == {("a.py", 1): (1, 2)}


def test_ids_that_only_differ_in_what_a_record_cannot_hold_stay_two_arms() -> None:
    report = report_of([Measure(1, 1, 3, ("a\nb", "a b"))])

    assert values(parse(export(report))) == values(report)


def test_ids_of_several_styles_keep_what_they_say() -> None:
    report = report_of([Measure(1, 1, 3, ("7", "0:2"))])

    lines = export(report).decode().splitlines()

    assert [line for line in lines if line.startswith("BRDA")] == [
        f"BRDA:1,{UNNAMED},0,1",
        "BRDA:1,0,2,0",
        "BRDA:1,0,to 7,0",
    ]


def test_a_path_cannot_add_records() -> None:
    report = report_of([Measure(1, 0, path="a\nDA:1,9\nend_of_record\r.py ")])

    again = parse(export(report), "lcov.info")

    assert again.files == ("a%0ADA:1,9%0Aend_of_record%0D.py%20",)
    assert again.hits.tolist() == [0]


@pytest.mark.parametrize(("covered", "written"), [(0, (0, 2)), (7, (1, 2)), (2**31 - 1, (2, 2))])
def test_absurd_numbers_of_arms_keep_their_status_only(covered: int, written: tuple[int, int]) -> None:
    report = report_of([Measure(1, covered, 2**31 - 1)])

    assert values(parse(export(report), "lcov.info")) == {("a.py", 1): written}


def test_very_many_arms_in_all_keep_their_status_only() -> None:
    report = report_of([Measure(line, 999, 1_000) for line in range(1, 4_100)])

    exported = export(report)

    assert len(exported) < 1_000_000
    assert set(values(parse(exported, "lcov.info")).values()) == {(1, 2)}


def test_stored_reports_give_the_same_bytes() -> None:
    report = sample("head/python/unit.coverage.xml")

    stored = codec.open_report(codec.encode(report, {}))

    assert b"".join(lcov.write(Subject(stored))) == export(report)
