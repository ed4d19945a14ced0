"""What the blocks of a Go cover profile say about one line: its columns fall into segments with equal hits."""

from collections.abc import Collection
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

MIN_LAST_COLUMN = 3  # a block that ends before it has nothing but its closing brace on its last line


class Span(NamedTuple):
    """Columns `start` to before `end` (None = to the end of the line) ran `hits` times."""

    start: int
    end: int | None
    hits: int


class Value(NamedTuple):
    """Value of a line: plain `hits` if `segments` is 0, else `hits` of so many segments ran."""

    hits: int
    segments: int


def evaluate(spans: Collection[Span]) -> Value:
    """Value of a line with these spans (at least one), by the rule of docs/formats.md.

    Where spans overlap the larger count holds; neighbouring columns of equal count are one segment, and gaps between
    them do not matter. Open spans are laid over the columns that others name, and what is behind these is one segment
    more. A first segment of column 0 alone is an artefact of blocks that begin on an earlier line.
    """
    closed = [(span.start, span.end, span.hits) for span in spans if span.end is not None and span.start < span.end]
    opened = [span for span in spans if span.end is None]
    known = max(end for _, end, _ in closed) if closed else max((span.start for span in opened), default=-1) + 1
    closed.extend((span.start, known, span.hits) for span in opened if span.start < known)

    segments = segment(closed)
    if segments and segments[0][:2] == (0, 1):
        del segments[0]
    counts = [hits for _, _, hits in segments]
    if opened:
        behind = max(span.hits for span in opened)
        if not counts or counts[-1] != behind:
            counts.append(behind)
    if not counts:
        return Value(max(span.hits for span in spans), 0)
    if len(counts) == 1:
        return Value(counts[0], 0)
    return Value(sum(count > 0 for count in counts), len(counts))


def segment(spans: Collection[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Segments (start, end, hits) of closed spans (start, end, hits) that may overlap, none of them empty."""
    by_start = sorted(spans, reverse=True)
    active: list[tuple[int, int]] = []  # (-hits, end): the span with most hits first
    segments: list[tuple[int, int, int]] = []
    borders = sorted({border for start, end, _ in spans for border in (start, end)})
    for start, end in pairwise(borders):
        while by_start and by_start[-1][0] == start:
            _, until, hits = by_start.pop()
            heappush(active, (-hits, until))
        while active and active[0][1] <= start:
            heappop(active)
        if not active:
            continue
        hits = -active[0][0]
        if segments and segments[-1][2] == hits:
            segments[-1] = (segments[-1][0], end, hits)
        else:
            segments.append((start, end, hits))
    return segments
