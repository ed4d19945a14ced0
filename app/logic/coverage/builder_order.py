"""From blocks in the order of the parser to columns in the order of a report."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder_block import Block
from app.logic.coverage.ragged import Ints, offsets_of, spread, take_lists
from app.logic.coverage.report import Complexity, MissingArms, Report


def place_blocks(blocks: list[Block], paths: Sequence[str], texts: tuple[str, ...]) -> Report:
    """Return the rows of all blocks grouped by file, in order of arrival within a file; `blocks` is emptied on the way.

    `paths[i]` is the path of file number i; files without rows are left out. Every block is copied once to where it
    belongs, in one stretch where its files come in the order of their paths, so that nothing of the size of the report
    is allocated but the report itself.
    """
    numbers = _joined([block.files for block in blocks], np.int64)
    counts = _joined([block.counts for block in blocks], np.int64)
    ordered = sorted(np.unique(numbers).tolist(), key=paths.__getitem__)
    rank = np.zeros(len(paths), dtype=np.int64)
    rank[ordered] = np.arange(len(ordered))
    owner = rank[numbers]
    by_file = np.argsort(owner, kind="stable")
    ends = offsets_of(counts[by_file])
    starts = np.empty(len(counts), dtype=np.int64)
    starts[by_file] = ends[:-1]
    offsets = ends[np.searchsorted(owner[by_file], np.arange(len(ordered) + 1))]

    line = np.empty(offsets[-1], dtype=np.int32)
    hits = np.empty(offsets[-1], dtype=np.int64)
    kind = np.zeros(offsets[-1], dtype=np.uint8)
    facts: list[_Facts] = []
    run = 0
    blocks.reverse()
    while blocks:
        block = blocks.pop()
        rows = _rows(starts[run : run + len(block.counts)], block.counts)
        run += len(block.counts)
        line[rows], hits[rows] = block.line, block.hits
        if block.kind is not None:
            kind[rows] = block.kind
        facts.append(_Facts(block, rows))
    files = tuple(paths[number] for number in ordered)
    return order_facts(Report(files, offsets, line, hits, kind, *_joined_facts(facts, texts)))


def sort_lines(report: Report) -> Report:
    """Return the report with the lines of every file ascending; rows of the same line keep their order."""
    falls = np.flatnonzero(report.line[1:] < report.line[:-1]) + 1
    file = np.searchsorted(report.offsets, falls, side="right") - 1
    unsorted = np.unique(file[report.offsets[file] != falls])
    if not len(unsorted):
        return report
    counts = np.diff(report.offsets)[unsorted]
    rows = spread(report.offsets[unsorted], counts)
    keys = np.repeat(unsorted << 32, counts) + report.line[rows]
    origin = np.arange(len(report.line))
    origin[rows] = rows[np.argsort(keys, kind="stable")]
    return reorder_rows(report, origin)


def reorder_rows(report: Report, origin: Ints) -> Report:
    """Return the report with row i taken from row `origin[i]`, every row once, and its side tables in that order."""
    place = np.empty_like(origin)
    place[origin] = np.arange(len(origin))
    return order_facts(
        replace(
            report,
            line=report.line[origin],
            hits=report.hits[origin],
            kind=report.kind[origin],
            branch_row=place[report.branch_row],
            missing=replace(report.missing, row=place[report.missing.row]),
            complexity=replace(report.complexity, row=place[report.complexity.row]),
        )
    )


def order_facts(report: Report) -> Report:
    """Return the report with its side tables in the order of the rows."""
    missing, complexity = report.missing, report.complexity
    order = _order(report.branch_row)
    if order is not None:
        report = replace(report, branch_row=report.branch_row[order], branch_arms=report.branch_arms[order])
    order = _order(missing.row)
    if order is not None:
        lists = take_lists(missing.offsets, missing.ids, order)
        report = replace(report, missing=MissingArms(missing.row[order], missing.arms[order], *lists, missing.texts))
    order = _order(complexity.row)
    if order is not None:
        ordered = Complexity(complexity.row[order], complexity.value[order], complexity.total[order])
        report = replace(report, complexity=ordered)
    return report


class _Facts:
    """The sparse facts of a block, at rows of the report."""

    def __init__(self, block: Block, rows: slice | Ints) -> None:
        self.branch_row = _moved(block.branch_row, rows)
        self.branch_arms = block.branch_arms
        self.missing_row = _moved(block.missing_row, rows)
        self.missing_arms = block.missing_arms
        self.missing_lengths = block.missing_lengths
        self.missing_ids = block.missing_ids
        self.complexity_row = _moved(block.complexity_row, rows)
        self.complexity = block.complexity
        self.complexity_total = block.complexity_total


def _joined_facts(
    facts: list[_Facts], texts: tuple[str, ...]
) -> tuple[Ints, NDArray[np.int32], MissingArms, Complexity]:
    def column(name: str, dtype: type) -> NDArray[Any]:
        return _joined([getattr(fact, name) for fact in facts], dtype)

    missing = MissingArms(
        column("missing_row", np.int64),
        column("missing_arms", np.int32),
        offsets_of(column("missing_lengths", np.int64)),
        column("missing_ids", np.int64),
        texts,
    )
    complexity = Complexity(
        column("complexity_row", np.int64), column("complexity", np.int32), column("complexity_total", np.int32)
    )
    return column("branch_row", np.int64), column("branch_arms", np.int32), missing, complexity


def _rows(starts: Ints, counts: Ints) -> slice | Ints:
    """Return where the runs of a block go: a slice if they follow each other, else row by row."""
    if not len(starts):
        return slice(0, 0)
    if np.array_equal(starts[1:], starts[:-1] + counts[:-1]):
        return slice(int(starts[0]), int(starts[-1] + counts[-1]))
    return spread(starts, counts)


def _moved(row: NDArray[np.int32], rows: slice | Ints) -> Ints:
    return rows.start + row.astype(np.int64) if isinstance(rows, slice) else rows[row]


def _order(row: Ints) -> Ints | None:
    """Return the order that makes rows ascending, None if they are."""
    return np.argsort(row, kind="stable") if (row[1:] < row[:-1]).any() else None


def _joined(columns: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(columns, dtype=dtype) if columns else np.zeros(0, dtype=dtype)
