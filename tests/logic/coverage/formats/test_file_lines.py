"""What is collected about a file becomes one value a line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Line, lines_of

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.file_lines import Counts, FileLines
from app.logic.coverage.report import BRANCH, IGNORED, LINE


def sent(lines: FileLines | Counts, **how: bool) -> dict[int, Line]:
    builder = ReportBuilder()
    count = lines.send(builder, builder.file("a"), **how)
    found = lines_of(builder.build()).get("a", {})
    assert len(found) == count
    return found


def test_nothing_makes_no_rows():
    assert sent(FileLines()) == {}
    assert sent(Counts()) == {}


def test_the_largest_hits_of_a_line_count():
    lines = FileLines()
    for count in (2, 5, 0):
        lines.hit(3, count)

    assert sent(lines) == {3: Line(5)}


@pytest.mark.parametrize(
    ("hits", "line"),
    [(None, Line("1/2", "b", ("y",))), (7, Line("1/2", "b", ("y",))), (0, Line("0/2", "b", ("x", "y")))],
)
def test_arms_stand_in_for_hits_unless_the_line_never_ran(hits, line):
    lines = FileLines()
    if hits is not None:
        lines.hit(3, hits)
    for name, taken in (("x", False), ("y", False), ("x", True), ("x", False)):
        lines.arm(3, name, taken=taken)

    assert sent(lines) == {3: line}


def test_arms_without_names_add_up_and_hide_the_names_of_others():
    lines = FileLines()
    lines.fraction(3, 1, 2)
    lines.fraction(3, 0, 2)
    lines.fraction(4, 1, 2)
    lines.arm(4, "x", taken=False)
    lines.fraction(5, 0, 0)

    assert sent(lines) == {3: Line("1/4", "b"), 4: Line("1/3", "b")}


def test_kinds_follow_arms_then_methods_unless_they_are_given():
    lines = FileLines()
    lines.hits = {1: 1, 2: 1, 3: 1, 4: 1}
    lines.methods = {1, 2, 3, 99}
    lines.fraction(2, 1, 2)
    lines.fraction(3, 1, 2)
    lines.kinds = {3: LINE, 4: BRANCH, 98: BRANCH}

    assert sent(lines) == {1: Line(1, "m"), 2: Line("1/2", "b"), 3: Line("1/2"), 4: Line(1, "b")}


def test_lines_excluded_on_purpose_stay_so():
    lines = FileLines()
    lines.hits = {3: IGNORED}
    lines.arm(3, "x", taken=True)

    assert sent(lines) == {3: Line(-1)}


def test_partial_lines_may_become_hits_of_the_same_kind():
    lines = FileLines()
    lines.hits = {1: 5, 9: 0}
    lines.partial(1)
    lines.fraction(2, 1, 3)
    lines.fraction(3, 3, 3)
    lines.fraction(4, 0, 3)

    assert sent(lines, partials_as_hits=True) == {
        1: Line(1), 2: Line(1, "b"), 3: Line("3/3", "b"), 4: Line("0/3", "b"), 9: Line(0),
    }  # fmt: skip


def test_complexity_belongs_to_rows_only():
    lines = FileLines()
    lines.hits = {3: 1, 1: 0}
    lines.complexity = {3: 7, 2: 9}
    builder = ReportBuilder()

    lines.send(builder, builder.file("a"))

    report = builder.build()
    assert (report.line[report.complexity.row].tolist(), report.complexity.value.tolist()) == ([3], [7])


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 10**6), st.integers(0, 2**31 - 1)))
def test_both_collections_of_counts_make_the_same_rows(hits):
    lines, counts = FileLines(), Counts()
    lines.hits = dict(hits)
    for line in sorted(hits):
        counts.add(line, hits[line])

    assert sent(lines) == sent(counts) == {line: Line(count) for line, count in hits.items()}
