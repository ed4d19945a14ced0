"""LuaCov's report."""

import pytest
from reading import read
from worked_documents import plain

RULE = "=" * 30


def body(*lines: str, title: str = "a.lua") -> str:
    return "\n".join([RULE, title, RULE, *lines, ""])


@pytest.mark.parametrize("title", ["src/a.lua", "a.tl", "a.moon", "a.fnl", "lib/x.lisp", "init"])
def test_any_path_is_a_title(title):
    assert read(body("  1 x", title=title))[1] == {title: plain(_1=1)}


def test_a_body_that_ends_with_a_path_is_a_body():
    text = body("  2 require 'b'", "    -- see b.lua") + body("  3 y", title="b.lua")

    assert read(text)[1] == {"a.lua": plain(_1=2), "b.lua": plain(_1=3)}


def test_numbers_of_the_source_are_no_counts():
    lines = ["  12 x = {", "     1, 2,", "     99", "***0 y()", "   7 }"]

    assert read(body(*lines))[1] == {"a.lua": plain(_1=12, _4=0, _5=7)}


def test_tabs_are_blanks():
    assert read(body("  12\tx", "\t\t\t 9 y", "***0\tz"))[1] == {"a.lua": plain(_1=12, _3=0)}


def test_a_plain_zero_is_a_miss():
    assert read(body(" 0 x", " 1 y"))[1] == {"a.lua": plain(_1=0, _2=1)}


def test_nothing_is_read_behind_the_summary():
    assert read(body("  1 x") + body("  9 y", title="Summary") + body("  5 z", title="late.lua"))[1] == {
        "a.lua": plain(_1=1)
    }


def test_rules_within_a_body_are_lines():
    lines = ["  1 x", RULE, "two", "lines", RULE, "  1 y"]

    assert set(read(body(*lines))[1]) == {"a.lua"}


def test_a_huge_count_is_cut():
    assert read(body(f"{'9' * 18} x"))[1] == {"a.lua": plain(_1=2**31 - 1)}


@pytest.mark.parametrize("text", [RULE, RULE + "\n", f"{RULE}\n\n{RULE}\n  1 x\n", body()])
def test_a_report_without_counts_has_no_data(text):
    outcome, report = read(text)

    assert (outcome.format, outcome.outcome, report) == ("lua", "no_data", {})


def test_a_short_rule_is_no_report():
    assert read("======\na.lua\n======\n  1 x\n")[0].outcome == "not_recognised"
