"""Values of many lines of Go profiles at once; `go_segments` is the same rule for one line."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.go_segments import Span, evaluate

OPEN: Final = np.int32(2**31 - 1)  # as the end of a span: the end of the line
MANY: Final = 6  # spans of a line from which it is evaluated alone: the work grows with their square

Ints = NDArray[np.int64]
Column = NDArray[np.int32]

_NONE: Final = np.int32(-1)
_NOTHING: Final = np.int32(0)


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Column spans, one a row: the number of their line, start, end (OPEN = end of the line) and hits."""

    line: Ints
    start: Column
    end: Column
    hits: Column


def evaluate_lines(spans: Spans, count: int) -> tuple[Column, Column]:
    """Evaluate the lines 0 to `count` - 1 from all of their spans.

    Returns, for each line, plain hits and 0, or how many of its segments ran and how many there are.
    """
    hits, segments = np.zeros(count, np.int32), np.zeros(count, np.int32)
    filled = np.bincount(spans.line, minlength=count)
    table = _tabulate(spans.line, count, min(int(filled.max(initial=0)), MANY - 1))
    for size in range(1, len(table) + 1):
        lines = np.flatnonzero(filled == size)
        if len(lines):
            row = table[:size, lines]
            hits[lines], segments[lines] = _evaluate_equal(spans.start[row], spans.end[row], spans.hits[row])
    for line, row in _grouped(spans.line, np.flatnonzero(filled[spans.line] >= MANY)):
        hits[line], segments[line] = _evaluate_one(spans, row)
    return hits, segments


def _tabulate(line: Ints, count: int, size: int) -> Ints:
    """Rows of spans by line, int[size, lines], undefined where a line has no more; more than `size` are left out.

    Each round places one span of every line that has one left: of all that are written to a cell, one stays.
    """
    table = np.zeros((size, count), np.int64)
    left = np.arange(len(line))
    for cells in table:
        cells[line[left]] = left
        left = left[cells[line[left]] != left]
    return table


def _grouped(line: Ints, rows: Ints) -> Iterator[tuple[int, Ints]]:
    """Each line of the given rows with its rows."""
    rows = rows[np.argsort(line[rows], kind="stable")]
    borders = np.append(np.flatnonzero(np.diff(line[rows], prepend=-1)), len(rows))
    for start, end in pairwise(borders.tolist()):
        yield int(line[rows[start]]), rows[start:end]


def _evaluate_one(spans: Spans, row: Ints) -> tuple[int, int]:
    columns = (spans.start[row].tolist(), spans.end[row].tolist(), spans.hits[row].tolist())
    return evaluate(
        {Span(start, None if end == OPEN else end, hits) for start, end, hits in zip(*columns, strict=True)}
    )


def _evaluate_equal(start: Column, end: Column, hits: Column) -> tuple[Column, Column]:
    """Values of lines with the same number of spans: int[spans, lines] to hits and segments, int[lines] each."""
    opened = end == OPEN
    closed = ~opened & (start < end)
    known = _largest(np.where(closed, end, _NOTHING))
    known = np.where(known > 0, known, _largest(np.where(opened, start, _NONE)) + 1)
    end = np.where(opened, known, end)
    behind = _largest(np.where(opened, hits, _NONE))  # -1 where no span is open

    lines = start.shape[1]
    segments, covered = np.zeros(lines, np.int32), np.zeros(lines, np.int32)
    first_end, first_hits = np.zeros(lines, np.int32), np.zeros(lines, np.int32)
    first_start = np.full(lines, -1, np.int32)
    current = np.full(lines, -1, np.int32)  # hits of the last segment
    for left, right in pairwise(_ascending([*start, *end])):
        count = _largest(np.where((start <= left) & (end > left), hits, _NONE))
        inside = (left < right) & (count >= 0)
        fresh = inside & (count != current)
        first_start = np.where(fresh & (segments == 0), left, first_start)
        first_hits = np.where(fresh & (segments == 0), count, first_hits)
        segments += fresh
        covered += fresh & (count > 0)
        first_end = np.where(inside & (segments == 1), right, first_end)
        current = np.where(fresh, count, current)

    artefact = (first_start == 0) & (first_end == 1)
    segments -= artefact
    covered -= artefact & (first_hits > 0)
    current = np.where(segments == 0, _NONE, current)
    more = (behind >= 0) & (behind != current)
    segments += more
    covered += more & (behind > 0)
    current = np.where(more, behind, current)
    value = np.where(segments == 0, _largest(hits), np.where(segments == 1, current, covered))
    return value, np.where(segments > 1, segments, _NOTHING)


def _largest(rows: Column) -> Column:
    """The maximum of each column; NumPy's own is slow where there are few rows."""
    return reduce(np.maximum, rows)


def _ascending(rows: list[Column]) -> list[Column]:
    """The rows with each column sorted, by exchanging neighbours in as many rounds as there are rows."""
    for first in range(len(rows)):
        for row in range(first % 2, len(rows) - 1, 2):
            low, high = rows[row], rows[row + 1]
            rows[row], rows[row + 1] = np.minimum(low, high), np.maximum(low, high)
    return rows
