"""The text of `llvm-cov show`."""

import pytest
from reading import Line, read, values_of
from worked_documents import XCODE_TEXT, plain

OLD = """\
Sources/a.swift:
       |    1|import Foundation
      1|    2|func a() {
      1|    3|  b()
      0|    4|  c()
      1|    5|}
"""


def test_old_versions_have_the_count_first():
    outcome, report = read(OLD)

    assert outcome.format == "xcode-text"
    assert report == {"Sources/a.swift": plain(_2=1, _3=1, _4=0)}


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("    1|      2|a\n    2|      2|b\n", plain(_1=2, _2=2)),
        ("    1|      1|a\n    2|      2|b\n    3|      2|c\n", plain(_1=1, _2=2, _3=2)),
        ("    2|      1|a\n    2|      2|b\n", plain(_1=2, _2=2)),
        ("    7|      3|a\n    0|      9|b\n    5|     12|c\n", plain(_3=7, _9=0, _12=5)),
        ("    1|      5|a\n", plain(_1=5)),
        ("   10|      1|a\n   11|      2|b\n   12|      2|c\n", plain(_10=1, _11=2, _12=2)),
    ],
)
def test_the_column_that_counts_up_holds_the_lines(rows, lines):
    assert read(f"a.c:\n{rows}")[1] == {"a.c": lines}


def test_each_file_has_its_own_columns():
    _, report = read(XCODE_TEXT + "\n" + OLD)

    assert set(report) == {"/Users/ci/app/Sources/Cart.swift", "Sources/a.swift"}
    assert values_of(report["Sources/a.swift"]) == {2: 1, 3: 1, 4: 0}


def test_colours_are_taken_off():
    text = "\x1b[0;36m/w/a.c:\n\x1b[0m    1|\x1b[0;34m      3\x1b[0m|int a;\n    2|      0|\x1b[0;41mint b;\x1b[0m\n"

    outcome, report = read(text)

    assert outcome.format == "xcode-text"
    assert report == {"/w/a.c": plain(_1=3, _2=0)}


@pytest.mark.parametrize(
    ("count", "hits"),
    [("1k", 1000), ("1.2k", 1200), ("2.5M", 2_500_000), ("3G", 2**31 - 1), ("1.1T", 2**31 - 1), ("18.4E", 18)],
)
def test_counts_are_scaled(count, hits):
    assert read(f"a.c:\n    1|{count}|x\n    2|      1|y\n")[1] == {"a.c": {1: Line(hits), 2: Line(1)}}


@pytest.mark.parametrize("count", ["x", "-1", "1.2.3", "9" * 30, "1kk"])
def test_a_bad_count_costs_only_its_line(count):
    outcome, report = read(f"a.c:\n    1|{count}|x\n    2|      1|y\n    3|       |z\n")

    assert (outcome.stats.skipped, report) == (1, {"a.c": {2: Line(1)}})
    assert outcome.stats.first_problem == "line 2: no count of a line of a file"


def test_messages_and_separators_are_passed_over():
    text = "warning: 1 functions have mismatched data:\nweb/a.cpp:\n    1|      2|x\n  ------------------\n    2|      3|y || z\n"

    assert read(text, "x.app.coverage.txt")[1] == {"web/a.cpp": plain(_1=2, _2=3)}


def test_rows_before_any_name_are_skipped():
    outcome, _ = read("    1|      2|x\n    2|      2|y\n")

    assert (outcome.outcome, outcome.stats.skipped) == ("corrupt", 2)


@pytest.mark.parametrize("name", ["a.app.coverage.txt", "a.framework.coverage.txt", "a.xctest.coverage.txt"])
def test_the_names_of_xcode_are_enough(name):
    outcome, _ = read("nothing\n", name)

    assert (outcome.format, outcome.outcome) == ("xcode-text", "no_data")


@pytest.mark.parametrize("text", ["| a | b |\n|---|---|\n| 1 | 2 |\n", "total: 5|6\n", "a.rs:\nnothing\n"])
def test_tables_for_people_are_not_taken_for_it(text):
    assert read(text)[0].outcome == "not_recognised"


def test_instances_with_bars_in_their_name_change_nothing():
    text = "a.cpp:\n    1|      3|x\n  | operator|(A, B):\n  |    1|      2|x\n    2|      4|y\n"

    assert read(text)[1] == {"a.cpp": plain(_1=3, _2=4)}


@pytest.mark.parametrize("old", [False, True])
def test_columns_of_long_files_are_told_by_their_beginning(old):
    rows = [(line, line % 7) for line in range(1, 1001)]
    text = "a.c:\n" + "".join(f"{hits if old else line:6}|{line if old else hits:7}|x();\n" for line, hits in rows)

    assert values_of(read(text)[1]["a.c"]) == dict(rows)
