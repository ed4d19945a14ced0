"""Values of many lines of Go profiles at once; `go_segments` is the same rule for one line."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.go_segments import Span, evaluate

OPEN: Final = 2**31 - 1  # as the end of a span: the end of the line
MANY: Final = 6  # spans of a line from which it is evaluated alone: the work grows with their square

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Column spans, one a row: the slot of their line, start, end (OPEN = end of the line) and hits."""

    slot: Ints
    start: Ints
    end: Ints
    hits: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of lines, ascending by slot: plain hits where `segments` is 0, else the segments that ran."""

    slot: Ints
    hits: Ints
    segments: Ints


def evaluate_lines(spans: Spans) -> Values:
    """Evaluate each line from all of its spans."""
    order = np.argsort(spans.slot)
    slot = spans.slot[order]
    head = np.flatnonzero(np.diff(slot, prepend=-1))
    counts = np.diff(head, append=len(slot))
    hits, segments = np.zeros(len(head), np.int64), np.zeros(len(head), np.int64)
    for count in np.unique(np.minimum(counts, MANY)).tolist():
        lines = np.flatnonzero(np.minimum(counts, MANY) == count)
        if count < MANY:
            row = order[head[lines] + np.arange(count)[:, None]]
            hits[lines], segments[lines] = _evaluate_equal(spans.start[row], spans.end[row], spans.hits[row])
        else:
            for line in lines.tolist():
                hits[line], segments[line] = _evaluate_one(spans, order[head[line] : head[line] + counts[line]])
    return Values(slot[head], hits, segments)


def _evaluate_one(spans: Spans, row: Ints) -> tuple[int, int]:
    columns = (spans.start[row].tolist(), spans.end[row].tolist(), spans.hits[row].tolist())
    return evaluate(
        {Span(start, None if end == OPEN else end, hits) for start, end, hits in zip(*columns, strict=True)}
    )


def _evaluate_equal(start: Ints, end: Ints, hits: Ints) -> tuple[Ints, Ints]:
    """Values of lines with the same number of spans: int[spans, lines] to hits and segments, int[lines] each."""
    opened = end == OPEN
    closed = ~opened & (start < end)
    known = np.where(closed, end, 0).max(axis=0)
    known = np.where(closed.any(axis=0), known, np.where(opened, start, -1).max(axis=0) + 1)
    end = np.where(opened, known, end)
    behind = np.where(opened, hits, -1).max(axis=0)  # -1 where no span is open

    borders = np.sort(np.concatenate([start, end]), axis=0)
    lines = start.shape[1]
    segments, covered = np.zeros(lines, np.int64), np.zeros(lines, np.int64)
    first_end, first_hits = np.zeros(lines, np.int64), np.zeros(lines, np.int64)
    first_start = np.full(lines, -1, np.int64)
    current = np.full(lines, -1, np.int64)  # hits of the last segment
    for left, right in pairwise(borders):
        count = np.where((start <= left) & (end > left), hits, -1).max(axis=0)
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
    current = np.where(segments == 0, -1, current)
    more = (behind >= 0) & (behind != current)
    segments += more
    covered += more & (behind > 0)
    current = np.where(more, behind, current)
    value = np.where(segments == 0, hits.max(axis=0), np.where(segments == 1, current, covered))
    return value, np.where(segments > 1, segments, 0)
