"""Statuses and totals of a report, and the part of a report that a filter keeps."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import canonical_texts
from app.logic.coverage.ragged import Ints, offsets_of, spread, take_lists
from app.logic.coverage.report import (
    BRANCH,
    FILE_TOTALS,
    HIT,
    IGNORED,
    METHOD,
    MISS,
    PARTIAL,
    SKIPPED,
    Complexity,
    MissingArms,
    Report,
)
from app.logic.coverage.totals import Totals


def statuses(report: Report) -> NDArray[np.uint8]:
    """Return the status of every row: HIT, MISS, PARTIAL or SKIPPED (docs/formats.md)."""
    status = np.empty(len(report.hits), dtype=np.uint8)
    np.greater(report.hits, 0, out=status.view(np.bool_))
    status *= HIT - MISS
    status += MISS
    if len(status) and report.hits.min() == IGNORED:
        status[report.hits == IGNORED] = SKIPPED
    covered = report.hits[report.branch_row]
    # MISS, PARTIAL and HIT follow each other.
    status[report.branch_row] = MISS + (covered > 0).view(np.uint8) + (covered == report.branch_arms)
    return status


def file_totals(report: Report) -> NDArray[np.int64]:
    """Return the totals of each file, int64[files, 7] in the order of report.FILE_TOTALS.

    Branches, methods and complexity also count skipped rows (docs/formats.md).
    """
    status = statuses(report)
    table = np.zeros((len(report.files), len(FILE_TOTALS)), dtype=np.int64)
    masks = (status == HIT, status == MISS, status == PARTIAL, report.kind == BRANCH, report.kind == METHOD)
    filled = np.flatnonzero(np.diff(report.offsets))
    if len(filled):
        starts = report.offsets[filled]
        for column, mask in enumerate(masks):
            table[filled, column] = np.add.reduceat(mask, starts, dtype=np.int32)
    table[:, 5] = _sum_per_file(report, report.complexity.row, report.complexity.value)
    table[:, 6] = _sum_per_file(report, report.complexity.row, np.maximum(report.complexity.total, 0))
    return table


def totals(report: Report) -> Totals:
    """Return the totals of the whole report; sessions are not a fact of the rows and stay 0."""
    return sum_totals(file_totals(report))


def sum_totals(table: NDArray[np.int64]) -> Totals:
    """Return the totals of all files of a `file_totals` table together."""
    return Totals(len(table), *(int(value) for value in table.sum(axis=0)))


def select_files(report: Report, keep: NDArray[np.bool_]) -> Report:
    """Return the rows of the files where `keep` (bool[files]) is true."""
    picked = pick_files(report, keep)
    return replace(picked, missing=canonical_texts(picked.missing))


def pick_files(report: Report, keep: NDArray[np.bool_]) -> Report:
    """Return the same as `select_files`, but with the whole table of texts."""
    if keep.all():
        return report
    chosen = np.flatnonzero(keep)
    counts = np.diff(report.offsets)[chosen]
    return _pick(report, spread(report.offsets[chosen], counts), chosen, counts)


def pick_rows(report: Report, keep: NDArray[np.bool_]) -> Report:
    """Return the rows where `keep` (bool[rows]) is true, with the whole table of texts; files left empty go."""
    rows = np.flatnonzero(keep)
    counts = np.diff(np.searchsorted(rows, report.offsets))
    chosen = np.flatnonzero(counts)
    return _pick(report, rows, chosen, counts[chosen])


def _pick(report: Report, rows: Ints, files: Ints, counts: Ints) -> Report:
    """Return the given rows of the given files, `counts` of each."""
    place = np.full(len(report.line), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    branch_row = place[report.branch_row]
    branches = branch_row >= 0
    complexity_row = place[report.complexity.row]
    complexities = complexity_row >= 0
    lists = np.flatnonzero(place[report.missing.row] >= 0)
    offsets, ids = take_lists(report.missing.offsets, report.missing.ids, lists)
    missing = MissingArms(
        place[report.missing.row[lists]], report.missing.arms[lists], offsets, ids, report.missing.texts
    )
    return Report(
        files=tuple(report.files[number] for number in files.tolist()),
        offsets=offsets_of(counts),
        line=report.line[rows],
        hits=report.hits[rows],
        kind=report.kind[rows],
        branch_row=branch_row[branches],
        branch_arms=report.branch_arms[branches],
        missing=missing,
        complexity=Complexity(
            complexity_row[complexities],
            report.complexity.value[complexities],
            report.complexity.total[complexities],
        ),
    )


def equal(one: Report, other: Report) -> bool:
    """Tell whether two reports hold the same columns."""
    return (
        one.files == other.files
        and one.missing.texts == other.missing.texts
        and all(np.array_equal(a, b) for a, b in zip(columns(one), columns(other), strict=True))
    )


def columns(report: Report) -> tuple[NDArray[np.generic], ...]:
    """Return every array of a report, in one fixed order."""
    missing, complexity = report.missing, report.complexity
    return (
        report.offsets,
        report.line,
        report.hits,
        report.kind,
        report.branch_row,
        report.branch_arms,
        *(missing.row, missing.arms, missing.offsets, missing.ids),
        *(complexity.row, complexity.value, complexity.total),
    )


def _sum_per_file(report: Report, rows: NDArray[np.int64], values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Sum values at ascending rows per file."""
    return np.diff(offsets_of(values)[np.searchsorted(rows, report.offsets)])
