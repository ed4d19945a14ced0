"""Patch totals: how well the lines that a diff adds are covered."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.helpers.diff import Diff, DiffKind
from app.logic.coverage.alignment import LineSet, key_groups, keyed_rows
from app.logic.coverage.measure import statuses, sum_totals
from app.logic.coverage.report import BRANCH, FILE_TOTALS, HIT, METHOD, MISS, PARTIAL, Report
from app.logic.coverage.totals import Totals

PATCH_KINDS: Final[tuple[DiffKind, ...]] = ("new", "modified")


def patch_totals(report: Report, diff: Diff) -> Totals:
    """Return the totals of all added lines; `files` counts the changed files that the report has, with lines or not."""
    _, table = _patch_table(report, diff)
    return sum_totals(table)


def patch_by_file(report: Report, diff: Diff) -> dict[str, Totals]:
    """Return the totals of the added lines of every new or modified file that the report has, by path at head."""
    paths, table = _patch_table(report, diff)
    return {path: file_row(row) for path, row in zip(paths, table.tolist(), strict=True)}


def _patch_table(report: Report, diff: Diff) -> tuple[list[str], NDArray[np.int64]]:
    changed = [(file, file_number(report, file.path)) for file in diff if file.kind in PATCH_KINDS]
    found = [(file, number) for file, number in changed if number >= 0]
    rows, keys = keyed_rows(report, np.array([number for _, number in found], np.int64))
    added = LineSet([file.added_lines() for file, _ in found]).contains(keys)
    table = totals_table(report, statuses(report), rows[added], key_groups(keys[added]), len(found))
    return [file.path for file, _ in found], table


def file_number(report: Report, path: str) -> int:
    """Return the number of a file of the report, -1 if it has no such file."""
    number = bisect_left(report.files, path)
    return number if number < len(report.files) and report.files[number] == path else -1


def totals_table(
    report: Report, status: NDArray[np.uint8], rows: NDArray[np.int64], group: NDArray[np.int64], groups: int
) -> NDArray[np.int64]:
    """Return the totals of some distinct rows by group, int64[groups, 7] in the order of report.FILE_TOTALS.

    `status` is that of all rows of the report, `group` the group of each of the `rows`.
    """
    complexity = report.complexity
    _, place, cell = np.intersect1d(rows, complexity.row, assume_unique=True, return_indices=True)
    columns = [
        *(np.bincount(group[status[rows] == value], minlength=groups) for value in (HIT, MISS, PARTIAL)),
        *(np.bincount(group[report.kind[rows] == value], minlength=groups) for value in (BRANCH, METHOD)),
        np.bincount(group[place], complexity.value[cell], groups),
        np.bincount(group[place], np.maximum(complexity.total[cell], 0), groups),
    ]
    return np.stack(columns, axis=1).astype(np.int64)


def file_row(values: Sequence[int]) -> Totals:
    """Return the totals that one row of a table of totals holds; a file is no number of files."""
    return Totals(**dict(zip(FILE_TOTALS, values, strict=True)))
