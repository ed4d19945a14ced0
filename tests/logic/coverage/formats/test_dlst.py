"""Listings of the D compilers."""

import pytest
from reading import read
from worked_documents import DLST, plain


def test_the_trailer_names_the_source_then_the_listing():
    tried = []

    read(DLST, "build/src-app.lst", resolve=lambda candidates, bases: tried.append(candidates))

    assert tried == [("src/app.d", "build/src-app.d")]


def test_a_trailer_may_say_that_it_is_about_a_source():
    assert read("      1|x;\nsource src/a b.d is 100% covered\n")[1] == {"src/a b.d": plain(_1=1)}


def test_a_module_without_code_is_no_error():
    outcome, report = read("       |module a;\nsrc/a.d has no code\n")

    assert (outcome.format, outcome.outcome, report) == ("dlst", "no_data", {})


@pytest.mark.parametrize("count", ["x", "-1", "1.5"])
def test_a_bad_count_costs_only_its_line(count):
    outcome, report = read(f"{count:>7}|x;\n      1|y;\na.d is 50% covered")

    assert (outcome.stats.skipped, outcome.stats.first_problem) == (1, "line 1: no count before the bar")
    assert report == {"a.d": plain(_2=1)}


def test_a_huge_count_is_cut():
    assert read(f"{'9' * 5000}|x;\n{2**31}|y;\na.d is 50% covered")[1] == {"a.d": plain(_1=2**31 - 1, _2=2**31 - 1)}


@pytest.mark.parametrize("text", ["a.d is covered\n", "80% covered\n", "a.d is 50% covered\nmore\n"])
def test_other_text_is_not_taken_for_it(text):
    assert read(text)[0].outcome == "not_recognised"
