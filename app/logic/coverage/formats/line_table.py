"""The lines of one document on their way to the builder: one value a line, by the rule inside one file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.ragged import Ints, take_lists
from app.logic.coverage.report import BRANCH, METHOD, Rows

_CHUNK: Final = 1 << 16  # rows handed to the builder at once
_LINE_BITS: Final = 32

_NONE: Final[Ints] = np.zeros(0, np.int64)
_T = TypeVar("_T", bound=np.generic)
Narrow = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Methods:
    """Where methods start, as keys of `line_key`, with their complexity; total -1 = a plain number."""

    key: Ints
    complexity: Ints
    total: Ints


@dataclass(frozen=True, slots=True, eq=False)
class MissingLists:
    """Ids of the arms not taken: list i belongs to branch number i of a table, an empty one says nothing."""

    offsets: Ints
    ids: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Joined columns of a table; `file` is per line, `branch` the number each branch had when it arrived."""

    file: Ints
    owner: Narrow
    line: Narrow
    hits: Narrow
    kind: NDArray[np.uint8]
    branch_row: Ints
    arms: Narrow
    branch: Ints

    def keep(self, chosen: Flags) -> "_Lines":
        branches = chosen[self.branch_row]
        return _Lines(
            self.file[chosen],
            self.owner[chosen],
            self.line[chosen],
            self.hits[chosen],
            self.kind[chosen],
            (np.cumsum(chosen) - 1)[self.branch_row[branches]],
            self.arms[branches],
            self.branch[branches],
        )


def line_key(file: Ints, line: NDArray[np.integer]) -> Ints:
    """One number for a line of a file, in their order."""
    return (file << _LINE_BITS) | line


class LineTable:
    """Gathers lines in document order, in narrow columns, with the ordinal of the element they are in (`owner`).

    A branch is a line with arms; its `hits` are the covered ones. Branches are numbered in the order of arrival.
    """

    def __init__(self) -> None:
        self.size = 0
        self._owner: list[Narrow] = []
        self._line: list[Narrow] = []
        self._hits: list[Narrow] = []
        self._kind: list[NDArray[np.uint8]] = []
        self._branch_row: list[Ints] = []
        self._arms: list[Narrow] = []

    def add(
        self,
        owner: Ints,
        line: Ints,
        hits: Ints,
        *,
        branch_row: Ints | None = None,
        arms: Ints | None = None,
        kind: NDArray[np.uint8] | None = None,
    ) -> None:
        """Take lines; `branch_row` counts within them. Without `kind` it is BRANCH where there are arms, else LINE."""
        kinds = np.zeros(len(line), np.uint8) if kind is None else kind
        if branch_row is not None and arms is not None:
            if kind is None:
                kinds[branch_row] = BRANCH
            self._branch_row.append(branch_row + self.size)
            self._arms.append(np.minimum(arms, MAX_HITS).astype(np.int32))
        self._owner.append(owner.astype(np.int32))
        self._line.append(line.astype(np.int32))
        self._hits.append(np.clip(hits, 0, MAX_HITS).astype(np.int32))
        self._kind.append(kinds)
        self.size += len(line)

    def send(
        self,
        builder: ReportBuilder,
        files: Sequence[int],
        *,
        missing: MissingLists | None = None,
        methods: Methods | None = None,
        last_line: Mapping[int, int] | None = None,
        add_arms: bool = False,
        partials_as_hits: bool = False,
    ) -> None:
        """Hand everything to the builder; `files` has its number of the file of each owner. The table is empty after.

        Lines behind the `last_line` of an owner are left out.
        On a line with arms the plain hits are left out, because they describe the same runs. `add_arms` tells whether
        several branches of one owner on one line are different conditions, whose arms add up, or repeat each other.
        """
        if not self.size:
            return
        lines = self._join(np.asarray(files, np.int64))
        if last_line:
            limit = np.full(len(files), MAX_LINE, np.int32)
            limit[list(last_line)] = list(last_line.values())
            lines = lines.keep(lines.line <= limit[lines.owner])
            if not len(lines.line):
                return
        if not _unique(lines):
            lines = _without_shadowed(_with_sums(lines) if add_arms else lines)
        measured = _apply_methods(lines, methods)
        if partials_as_hits:
            lines = _partials_to_hits(lines)
        for chunk in _chunks(lines):
            builder.add(_rows(lines, chunk, missing, measured))

    def _join(self, files: Ints) -> _Lines:
        owner = _drain(self._owner, np.int32)
        branch_row = _drain(self._branch_row, np.int64)
        lines = _Lines(
            file=files[owner],
            owner=owner,
            line=_drain(self._line, np.int32),
            hits=_drain(self._hits, np.int32),
            kind=_drain(self._kind, np.uint8),
            branch_row=branch_row,
            arms=_drain(self._arms, np.int32),
            branch=np.arange(len(branch_row)),
        )
        self.size = 0
        return lines


def _drain(parts: list[NDArray[_T]], dtype: type[_T]) -> NDArray[_T]:
    joined = np.concatenate(parts) if parts else np.zeros(0, dtype)
    parts.clear()
    return joined


def _runs(lines: _Lines) -> Ints:
    """Where a run of lines of one owner starts."""
    return np.flatnonzero(np.concatenate(([True], lines.owner[1:] != lines.owner[:-1])))


def _unique(lines: _Lines) -> bool:
    """Whether it is plain to see that no line of a file comes twice."""
    starts = _runs(lines)
    rising = np.concatenate(([True], lines.line[1:] > lines.line[:-1]))
    rising[starts] = True
    files = lines.file[starts]
    return bool(rising.all()) and len(np.unique(files)) == len(files)


def _with_sums(lines: _Lines) -> _Lines:
    """Several branches of one owner on one line become one with all their arms."""
    rows = lines.branch_row
    key = line_key(lines.owner[rows].astype(np.int64), lines.line[rows])
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    if len(first) == len(rows):
        return lines
    hits, arms, chosen = lines.hits.copy(), lines.arms.copy(), np.ones(len(lines.line), np.bool_)
    chosen[rows] = False
    chosen[rows[first]] = True
    hits[rows[first]] = np.minimum(np.bincount(group, hits[rows]), MAX_HITS)
    arms[first] = np.minimum(np.bincount(group, arms), MAX_HITS)
    return replace(lines, hits=hits, arms=arms).keep(chosen)


def _without_shadowed(lines: _Lines) -> _Lines:
    """Drop plain hits of lines that also have a branch."""
    key = line_key(lines.file, lines.line)
    shadowed = _place(key, np.unique(key[lines.branch_row])) >= 0
    shadowed[lines.branch_row] = False
    return lines.keep(~shadowed) if shadowed.any() else lines


def _place(keys: Ints, table: Ints) -> Ints:
    """Position of each key in an ascending table, -1 where it is not in it."""
    if not len(table):
        return np.full(len(keys), -1)
    place = np.searchsorted(table, keys)
    place[place == len(table)] = 0
    place[table[place] != keys] = -1
    return place


def _apply_methods(lines: _Lines, methods: Methods | None) -> tuple[Ints, Ints, Ints]:
    """Mark the lines where methods start; return the marked rows with complexity and total, the largest of a line."""
    if methods is None or not len(methods.key):
        return _NONE, _NONE, _NONE
    order = np.argsort(methods.key, kind="stable")
    key = methods.key[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    place = _place(line_key(lines.file, lines.line), key[first])
    row = np.flatnonzero(place >= 0)
    lines.kind[row] = METHOD
    complexity = np.maximum.reduceat(methods.complexity[order], first)[place[row]]
    return row, complexity, np.maximum.reduceat(methods.total[order], first)[place[row]]


def _partials_to_hits(lines: _Lines) -> _Lines:
    covered = lines.hits[lines.branch_row]
    partial = (covered > 0) & (covered < lines.arms)
    hits = lines.hits.copy()
    hits[lines.branch_row[partial]] = 1
    whole = ~partial
    return replace(
        lines, hits=hits, branch_row=lines.branch_row[whole], arms=lines.arms[whole], branch=lines.branch[whole]
    )


def _chunks(lines: _Lines) -> Iterator[slice]:
    """Slices of rows that keep the runs of an owner together."""
    starts = _runs(lines)
    wanted = np.searchsorted(starts, np.arange(0, len(lines.line), _CHUNK))
    edges = np.unique(np.append(starts, len(lines.line))[wanted]).tolist()
    for start, end in zip(edges, [*edges[1:], len(lines.line)], strict=True):
        if end > start:
            yield slice(start, end)


def _rows(lines: _Lines, chunk: slice, missing: MissingLists | None, measured: tuple[Ints, Ints, Ints]) -> Rows:
    complexity_row, complexity, total = measured
    file = lines.file[chunk]
    starts = np.flatnonzero(np.concatenate(([True], file[1:] != file[:-1])))
    branches = slice(*np.searchsorted(lines.branch_row, (chunk.start, chunk.stop)).tolist())
    branch_row = lines.branch_row[branches] - chunk.start
    methods = slice(*np.searchsorted(complexity_row, (chunk.start, chunk.stop)).tolist())
    rows = Rows(
        files=file[starts],
        counts=np.diff(starts, append=len(file)),
        line=lines.line[chunk],
        hits=lines.hits[chunk],
        kind=lines.kind[chunk],
        branch_row=branch_row,
        branch_arms=lines.arms[branches],
        complexity_row=complexity_row[methods] - chunk.start,
        complexity=complexity[methods],
        complexity_total=total[methods],
    )
    if missing is None:
        return rows
    branch = lines.branch[branches]
    listed = np.flatnonzero(np.diff(missing.offsets)[branch])
    offsets, ids = take_lists(missing.offsets, missing.ids, branch[listed])
    return replace(rows, missing_row=branch_row[listed], missing_offsets=offsets, missing_ids=ids)
