"""From the blocks of Go cover profiles, as columns, to rows of a report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.go_segments import MIN_LAST_COLUMN
from app.logic.coverage.formats.go_values import OPEN, Spans, evaluate_lines
from app.logic.coverage.formats.limits import MAX_HITS
from app.logic.coverage.ragged import offsets_of, spread
from app.logic.coverage.report import Rows

Ints = NDArray[np.int64]
Column = NDArray[np.int32]

BATCH: Final = 1 << 18  # lines of files that are evaluated together
_SPARSE: Final = 8  # slots for one spanned line above which slots are numbered, not addressed by line


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Blocks of statements, one a row: file number, first line and column, last line and column, hits."""

    file: Column
    first_line: Column
    first_column: Column
    last_line: Column
    last_column: Column
    hits: Column

    @classmethod
    def of(cls, *columns: Ints) -> "Blocks":
        return cls(*(column.astype(np.int32) for column in columns))

    def __len__(self) -> int:
        return len(self.file)

    def select(self, rows: slice | Ints | NDArray[np.bool_]) -> "Blocks":
        return Blocks(*(getattr(self, column.name)[rows] for column in fields(self)))

    def in_known_files(self) -> "Blocks":
        """Without the blocks of files that are not in the repository."""
        known = self.file >= 0
        return self if known.all() else self.select(known)

    def lines(self) -> Ints:
        """How many lines each block spans."""
        return self.last_line.astype(np.int64) - self.first_line + 1

    def spanned_lines(self) -> int:
        return int(self.lines().sum())


def join(parts: Sequence[Blocks]) -> Blocks:
    if not parts:
        return Blocks.of(*np.zeros((6, 0), np.int64))
    return Blocks(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Blocks)))


def add_rows(blocks: Blocks, builder: ReportBuilder, partials_as_hits: bool) -> None:
    """Evaluate all lines of all blocks and add them to the report."""
    if (blocks.file[1:] < blocks.file[:-1]).any():
        blocks = blocks.select(np.argsort(blocks.file, kind="stable"))
    for batch in _batches(blocks):
        builder.add(_rows(batch, partials_as_hits))


def _batches(blocks: Blocks) -> Iterator[Blocks]:
    """Whole files, of about BATCH lines together."""
    head = np.flatnonzero(np.diff(blocks.file, prepend=-1))
    before = np.cumsum(blocks.lines()) - blocks.lines()
    group = before[head] // BATCH
    borders = np.append(head[np.diff(group, prepend=-1) != 0], len(blocks))
    for start, end in pairwise(borders.tolist()):
        yield blocks.select(slice(start, end))


def _rows(blocks: Blocks, partials_as_hits: bool) -> Rows:
    """Evaluate the lines of whole files."""
    places = _Places(blocks)
    covering, value = _paint(places, blocks)
    shared = covering > 1
    lines = np.flatnonzero(shared)
    rank = offsets_of(shared)
    spans = _spans_in(blocks, places, shared, rank)
    most, least = _extremes(blocks, places, rank, len(lines))
    whole = most.copy()

    # Lines all of whose spans agree take their hits.
    np.maximum.at(most, spans.line, spans.hits)
    np.minimum.at(least, spans.line, spans.hits)
    value[lines] = most
    disputed = least < most
    lines = lines[disputed]
    spans = _with_whole(_select_lines(spans, disputed), whole[disputed])
    line_hits, segments = evaluate_lines(spans, len(lines))
    fraction = segments > 0
    if partials_as_hits:
        partial = fraction & (line_hits < segments)
        line_hits[partial] = 1
        fraction &= ~partial
    value[lines] = line_hits
    used = np.flatnonzero(covering > 0)
    line, counts = places.lines(used)
    return Rows(
        files=places.files,
        counts=counts,
        line=line,
        hits=value[used],
        branch_row=np.searchsorted(used, lines[fraction]),
        branch_arms=segments[fraction],
    )


def _paint(places: "_Places", blocks: Blocks) -> tuple[Column, Column]:
    """How many blocks say something of each slot, and the hits of the block where it is one.

    Both are running sums in one: the blocks in the low half of a word, their hits in the high half, which overflows
    where there are many blocks, but is right again where there is one.
    """
    steps = np.zeros(places.size + 1, np.int64)
    weight = blocks.hits.astype(np.int64)
    weight <<= 32
    weight += 1
    np.add.at(steps, places.first, weight)
    np.subtract.at(steps, places.behind, weight)
    np.cumsum(steps, out=steps)
    return steps[:-1].astype(np.int32), (steps[:-1] >> 32).astype(np.int32)


def _spans_in(blocks: Blocks, places: "_Places", shared: NDArray[np.bool_], rank: Ints) -> Spans:
    """The spans of first and last lines of blocks that are shared; `rank[slot]` of these are before a slot."""
    first = np.flatnonzero(shared[places.first])
    single = places.first[first] == places.last[first]
    last = np.flatnonzero(shared[places.last] & (places.first < places.last) & (places.last < places.behind))
    return Spans(
        np.concatenate([rank[places.first[first]], rank[places.last[last]]]),
        np.concatenate([blocks.first_column[first], np.zeros(len(last), np.int32)]),
        np.concatenate([np.where(single, blocks.last_column[first], OPEN), blocks.last_column[last]]),
        np.concatenate([blocks.hits[first], blocks.hits[last]]),
    )


def _extremes(blocks: Blocks, places: "_Places", rank: Ints, count: int) -> tuple[Column, Column]:
    """The most and the least hits of the blocks that cover a shared line as a whole; -1 and MAX_HITS without any."""
    most, least = np.full(count, -1, np.int32), np.full(count, MAX_HITS, np.int32)
    low = rank[np.minimum(places.first + 1, places.last)]
    counts = rank[places.last] - low
    covering = np.flatnonzero(counts)
    low, counts, hits = low[covering], counts[covering], blocks.hits[covering]
    # Where blocks overlap without end, their lines are too many to be listed at once.
    edges = np.flatnonzero(np.diff((np.cumsum(counts) - counts) // BATCH, prepend=-1, append=-1))
    for start, end in pairwise(edges.tolist()):
        line = spread(low[start:end], counts[start:end])
        hits_of = np.repeat(hits[start:end], counts[start:end])
        np.maximum.at(most, line, hits_of)
        np.minimum.at(least, line, hits_of)
    return most, least


def _select_lines(spans: Spans, chosen: NDArray[np.bool_]) -> Spans:
    """The spans of the chosen lines, which are numbered anew."""
    rows = np.flatnonzero(chosen[spans.line])
    number = offsets_of(chosen)[spans.line[rows]]
    return Spans(number, spans.start[rows], spans.end[rows], spans.hits[rows])


def _with_whole(spans: Spans, hits: Column) -> Spans:
    """The spans with one more for each line that has hits as a whole, i.e. not -1: only the most of these matter."""
    lines = np.flatnonzero(hits >= 0)
    if not len(lines):
        return spans
    return Spans(
        np.concatenate([spans.line, lines]),
        np.concatenate([spans.start, np.zeros(len(lines), np.int32)]),
        np.concatenate([spans.end, np.full(len(lines), OPEN)]),
        np.concatenate([spans.hits, hits[lines]]),
    )


class _Places:
    """A slot for each line that a batch of blocks may speak of, ascending by file and line.

    Lines have addresses: one range after another, from line 0 to the last line of each file. A slot is an address,
    unless blocks are so far apart that most slots would stay empty; then only the addresses in use have one.
    A block has the slots from `first` to before `behind`, of which `last` is the last one where its last line counts.
    """

    def __init__(self, blocks: Blocks) -> None:
        head = np.flatnonzero(np.diff(blocks.file, prepend=-1))
        self.files = blocks.file[head].astype(np.int64)
        self._ranges = offsets_of(np.maximum.reduceat(blocks.last_line, head) + 1)
        self.first: Ints = np.repeat(self._ranges[:-1], np.diff(head, append=len(blocks)))
        self.first += blocks.first_line
        count = blocks.lines()
        self._used: Ints | None = None
        self.size = int(self._ranges[-1])
        if self.size > _SPARSE * int(count.sum()) + BATCH:
            self._used = np.unique(spread(self.first, count))
            self.size = len(self._used)
            self.first = np.searchsorted(self._used, self.first)
        self.last = self.first + count
        self.last -= 1
        self.behind = self.last + ((count == 1) | (blocks.last_column >= MIN_LAST_COLUMN))

    def lines(self, slot: Ints) -> tuple[Column, Ints]:
        """The line numbers of ascending slots, and how many of them belong to each file."""
        address = slot if self._used is None else self._used[slot]
        counts = np.diff(np.searchsorted(address, self._ranges))
        line = address.astype(np.int32)  # what an overflow cuts off here is cut off from the start of the range too
        line -= np.repeat(self._ranges[:-1].astype(np.int32), counts)
        return line, counts
