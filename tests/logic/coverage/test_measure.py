"""Statuses, totals and selections of rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Measure, ints, read, report_of, status

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.measure import equal, file_totals, select_files, statuses, totals
from app.logic.coverage.report import BRANCH, HIT, IGNORED, METHOD, MISS, PARTIAL, SKIPPED, Rows
from app.logic.coverage.slices import SLICE_ROWS, join_slices, slice_report
from app.logic.coverage.totals import Totals

EXAMPLE = [
    Measure(1, 3),
    Measure(2, 0, kind=METHOD, complexity=(2, -1)),
    Measure(3, 1, 2, kind=BRANCH),
    Measure(4, 1, 2),
    Measure(5, IGNORED),
    Measure(7, IGNORED, kind=BRANCH),
    Measure(8, 2, 2, kind=BRANCH),
    Measure(9, 0, kind=METHOD, complexity=(1, 3)),
]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Measure(1, 1), HIT),
        (Measure(1, 2**31), HIT),
        (Measure(1, 0), MISS),
        (Measure(1, IGNORED), SKIPPED),
        (Measure(1, 0, 2), MISS),
        (Measure(1, 1, 2), PARTIAL),
        (Measure(1, 2, 2), HIT),
        (Measure(1, 1, 1), HIT),
    ],
)
def test_a_line_has_the_status_of_its_value(measure: Measure, expected: int) -> None:
    assert statuses(report_of([measure])).tolist() == [expected]


def test_totals_count_every_kind_of_line() -> None:
    report = report_of(EXAMPLE)

    result = totals(report)

    assert result == Totals(
        files=1, hits=2, misses=2, partials=2, branches=3, methods=2, complexity=3, complexity_total=3
    )
    assert result.lines == 6
    assert result.coverage == "33.33333"


def test_each_file_has_its_own_totals() -> None:
    report = report_of([*EXAMPLE, Measure(1, 0, path="b.py"), Measure(1, IGNORED, path="c.py")])

    table = file_totals(report)

    assert table.tolist() == [[2, 2, 2, 3, 2, 3, 3], [0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]]
    assert totals(report).files == 3


def test_a_selection_holds_all_facts_of_its_files_only() -> None:
    facts = [
        Measure(line, 1, 3, (f"{path}{line}", "7"), BRANCH, (1, line), path)
        for path in ("a.py", "b.py", "c.py")
        for line in (1, 2)
    ]
    report = report_of(facts)

    selected = select_files(report, np.array([True, False, True]))

    assert equal(selected, report_of([fact for fact in facts if fact.path != "b.py"]))


def test_selecting_nothing_gives_an_empty_report() -> None:
    selected = select_files(report_of(EXAMPLE), np.array([False]))

    assert equal(selected, report_of([]))


def test_reports_that_differ_in_one_value_are_not_equal() -> None:
    assert not equal(report_of([Measure(1, 1)]), report_of([Measure(1, 2)]))
    assert not equal(report_of([Measure(1, 1, 2, ("a",))]), report_of([Measure(1, 1, 2, ("b",))]))
    assert not equal(report_of([Measure(1, 1)]), report_of([Measure(1, 1, path="b.py")]))


def test_slices_hold_whole_files_and_join_to_the_report() -> None:
    builder = ReportBuilder()
    counts = [1, SLICE_ROWS + 10, 5, SLICE_ROWS // 2, SLICE_ROWS // 2, 7]
    for number, count in enumerate(counts):
        rows = np.arange(count)
        builder.add(
            Rows(
                files=[builder.file(f"{number}.py")],
                counts=[count],
                line=rows + 1,
                hits=rows % 3,
                branch_row=rows[::2],
                branch_arms=np.full(len(rows[::2]), 3),
                complexity_row=ints(0),
                complexity=ints(number),
            )
        )
    report = builder.build()

    parts = list(slice_report(report))

    assert len(parts) == 3
    assert parts[0][0] == 0
    assert sum(len(part.files) for _, part in parts) == len(counts)
    assert equal(join_slices((part for _, part in parts), sum(counts), ()), report)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            Measure, st.integers(1, 30), st.integers(-1, 3), st.integers(0, 3), path=st.sampled_from(["a", "b", "c"])
        )
    )
)
def test_totals_are_the_sums_of_the_lines(measures: list[Measure]) -> None:
    report = report_of(measures)
    lines = [status(joined) for joined in read(report).values()]

    result = totals(report)

    counted = lines.count("hit"), lines.count("miss"), lines.count("partial")
    assert (result.hits, result.misses, result.partials) == counted
