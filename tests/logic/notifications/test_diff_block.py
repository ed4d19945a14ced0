"""The diff block shows the totals of both sides as a table of fixed columns."""

from hypothesis import given
from hypothesis import strategies as st

from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.totals import Totals
from app.logic.notifications.diff_block import diff_block
from app.logic.notifications.numbers import NumberFormat


def block(base: Totals | None, head: Totals, base_title: str = "main", head_title: str = "#42") -> list[str]:
    return diff_block(ReportComparison(base, head, None, ()), NumberFormat(), base_title, head_title)


def test_rows_say_what_became_better_and_what_worse():
    base = Totals(files=2, hits=6, misses=3, partials=1, branches=2, complexity=9)
    head = Totals(files=3, hits=9, misses=1, partials=2, branches=2, complexity=12)

    assert block(base, head) == [
        "```diff",
        "@@              Coverage Diff              @@",
        "##               main      #42       +/-   ##",
        "=============================================",
        "+ Coverage     60.00%   75.00%   +15.00%     ",
        "- Complexity        9       12        +3     ",
        "=============================================",
        "  Files             2        3        +1     ",
        "  Lines            10       12        +2     ",
        "  Branches          2        2               ",
        "=============================================",
        "+ Hits              6        9        +3     ",
        "+ Misses            3        1        -2     ",
        "- Partials          1        2        +1     ",
        "```",
    ]


def test_rows_without_a_value_on_either_side_are_left_out():
    lines = block(Totals(files=1, hits=2), Totals(files=1, hits=3))

    labels = [line[2:12].strip() for line in lines[4:-1] if line[0] != "="]
    assert labels == ["Coverage", "Files", "Lines", "Hits"]


def test_a_block_without_rows_leaves_no_separator():
    lines = block(Totals(), Totals())

    assert lines[3:] == ["=" * 35, "  Coverage      ?      ?           ", "```"]


def test_complexity_that_vanished_is_not_shown():
    lines = block(Totals(files=1, hits=2, complexity=5), Totals(files=1, hits=2))

    assert not any("Complexity" in line for line in lines)


def test_an_odd_space_stands_right_of_the_title():
    lines = block(Totals(hits=1), Totals(hits=1), base_title="maintenance", head_title="#4")
    wider = block(Totals(hits=1), Totals(hits=1), base_title="maintenance", head_title="#1234567")

    for first in (lines[1], wider[1]):
        inner = first.removeprefix("@@").removesuffix("@@")
        left, right = inner.split("Coverage Diff")
        assert len(right) - len(left) in (0, 1)


def test_equal_coverage_has_an_empty_delta():
    lines = block(Totals(hits=4, misses=4), Totals(hits=5, misses=5))

    assert lines[4].split() == ["Coverage", "50.00%", "50.00%"]
    assert lines[4].startswith("  ")


counts = st.integers(0, 10**6)
totals = st.builds(
    Totals, files=counts, hits=counts, misses=counts, partials=counts, branches=counts, complexity=counts
)


@given(st.none() | totals, totals, st.text("abc/-_.", min_size=1, max_size=40), st.integers(1, 10**6))
def test_every_line_has_the_same_width(base: Totals | None, head: Totals, branch: str, number: int):
    first, *lines, last = block(base, head, branch, f"#{number}")

    assert (first, last) == ("```diff", "```")
    assert len({len(line) for line in lines}) == 1
    assert lines[-1][0] != "="
