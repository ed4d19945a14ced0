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
    count = blocks.lines()
    first = places.of(places.first)
    inner_count = np.maximum(count - 2, 0)
    inner = places.of(spread(places.first + 1, inner_count))
    open_ended = count > 1
    tail = open_ended & (blocks.last_column >= MIN_LAST_COLUMN)
    last = places.of((places.first + count - 1)[tail])

    # Lines that only whole-line spans touch take their largest count, and so do lines all of whose spans agree.
    whole = np.full(places.size, -1, np.int32)
    np.maximum.at(whole, inner, np.repeat(blocks.hits, inner_count))
    slot = np.concatenate([first, last])
    hits = np.concatenate([blocks.hits, blocks.hits[tail]])
    value = whole.copy()
    np.maximum.at(value, slot, hits)
    lowest = whole.copy().view(np.uint32)  # in which "none" is more than any count
    np.minimum.at(lowest, slot, hits.view(np.uint32))
    disputed = lowest < value.view(np.uint32)

    start = np.concatenate([blocks.first_column, np.zeros(len(last), np.int32)])
    end = np.concatenate([np.where(open_ended, np.int32(OPEN), blocks.last_column), blocks.last_column[tail]])
    lines = np.flatnonzero(disputed)
    number = np.empty(places.size, np.int64)
    number[lines] = np.arange(len(lines))
    part = np.flatnonzero(disputed[slot])
    covering = lines[whole[lines] >= 0]
    line_hits, segments = evaluate_lines(
        Spans(
            number[np.concatenate([slot[part], covering])],
            np.concatenate([start[part], np.zeros(len(covering), np.int32)]),
            np.concatenate([end[part], np.full(len(covering), OPEN, np.int32)]),
            np.concatenate([hits[part], whole[covering]]),
        ),
        len(lines),
    )
    fraction = segments > 0
    if partials_as_hits:
        partial = fraction & (line_hits < segments)
        line_hits[partial] = 1
        fraction &= ~partial
    value[lines] = line_hits
    used = np.flatnonzero(value >= 0)
    line, counts = places.lines(used)
    return Rows(
        files=places.files,
        counts=counts,
        line=line,
        hits=value[used].astype(np.int64),
        branch_row=np.searchsorted(used, lines[fraction]),
        branch_arms=segments[fraction].astype(np.int64),
    )


class _Places:
    """A slot for each line that a batch of blocks may speak of, ascending by file and line.

    Lines have addresses: one range after another, from line 0 to the last line of each file. A slot is an address,
    unless blocks are so far apart that most slots would stay empty; then only the addresses in use have one.
    """

    def __init__(self, blocks: Blocks) -> None:
        head = np.flatnonzero(np.diff(blocks.file, prepend=-1))
        self.files = blocks.file[head].astype(np.int64)
        self._ranges = offsets_of(np.maximum.reduceat(blocks.last_line, head) + 1)
        owner = np.repeat(np.arange(len(head)), np.diff(head, append=len(blocks)))
        self.first: Ints = self._ranges[owner] + blocks.first_line  # address of the first line of a block
        self._used: Ints | None = None
        self.size = int(self._ranges[-1])
        if self.size > _SPARSE * blocks.spanned_lines() + BATCH:
            self._used = np.unique(spread(self.first, blocks.lines()))
            self.size = len(self._used)

    def of(self, address: Ints) -> Ints:
        """The slots of addresses."""
        return address if self._used is None else np.searchsorted(self._used, address)

    def lines(self, slot: Ints) -> tuple[Ints, Ints]:
        """The line numbers of ascending slots, and how many of them belong to each file."""
        address = slot if self._used is None else self._used[slot]
        counts = np.diff(np.searchsorted(address, self._ranges))
        return address - np.repeat(self._ranges[:-1], counts), counts
