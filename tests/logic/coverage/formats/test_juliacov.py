"""Julia's .cov files."""

import pytest
from reading import read
from worked_documents import JULIACOV, plain


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("src/a.jl.cov", "src/a.jl"),
        ("src/a.jl.4711.cov", "src/a.jl"),
        ("a.2.jl.1.cov", "a.2.jl"),
        ("C:\\w\\a.jl.1.cov", "C:\\w\\a.jl"),
    ],
)
def test_the_name_of_the_file_is_that_of_the_source(name, path):
    assert read(JULIACOV, name)[1] == {path: plain(_2=3, _3=0)}


def test_code_that_was_never_compiled_has_no_data():
    outcome, _ = read("        - f(x) = x\n        -\n", "a.jl.cov")

    assert (outcome.format, outcome.outcome) == ("juliacov", "no_data")


def test_lines_without_source_count():
    assert read("        2\n        - \n        1 x\n", "a.jl.cov")[1] == {"a.jl": plain(_1=2, _3=1)}


def test_a_bad_line_behind_the_first_block_is_skipped():
    text = "        1 x\n" * 7000 + "garbage\n" + "        - y\n"

    outcome, report = read(text, "a.jl.cov")

    assert (outcome.stats.skipped, outcome.stats.first_problem) == (1, "line 7001: no count in the first 9 columns")
    assert len(report["a.jl"]) == 7000


@pytest.mark.parametrize("text", ["     3 x\n", "         3 x\n", "        3x\n", "        3 x\nabc\n", "a.jl\n"])
def test_other_columns_are_not_taken_for_it(text):
    assert read(text, "a.jl.cov")[0].outcome == "not_recognised"
