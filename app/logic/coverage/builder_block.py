"""Blocks of parsed rows made uniform: joined, checked against the limits and narrowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.ragged import Ints, offsets_of, sort_lists, take_lists
from app.logic.coverage.report import IGNORED, Rows

MAX_COUNT: Final = 2**31 - 1

_T = TypeVar("_T", bound=np.integer)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows that obey the rules of a report; only their order is still that of the parser.

    Run j is `counts[j]` rows of file number `files[j]`. Row numbers are positions in this block, ascending.
    """

    files: Ints
    counts: Ints
    line: NDArray[np.int32]
    hits: NDArray[np.int32]
    kind: NDArray[np.uint8] | None
    branch_row: NDArray[np.int32]
    branch_arms: NDArray[np.int32]
    missing_row: NDArray[np.int32]
    missing_arms: NDArray[np.int32]
    missing_lengths: NDArray[np.int32]
    missing_ids: NDArray[np.integer]
    complexity_row: NDArray[np.int32]
    complexity: NDArray[np.int32]
    complexity_total: NDArray[np.int32]


def join(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several blocks as one; absent optional columns count as empty."""
    if len(parts) == 1:
        return parts[0]
    starts = offsets_of(np.array([len(part.line) for part in parts]))[:-1].tolist()
    lists = [part.missing_offsets for part in parts if part.missing_offsets is not None]
    return Rows(
        files=np.concatenate([np.asarray(part.files, dtype=np.int64) for part in parts]),
        counts=np.concatenate([np.asarray(part.counts, dtype=np.int64) for part in parts]),
        line=np.concatenate([part.line for part in parts]),
        hits=np.concatenate([part.hits for part in parts]),
        kind=_join_kinds(parts),
        branch_row=_join_rows([part.branch_row for part in parts], starts),
        branch_arms=_concatenate([part.branch_arms for part in parts]),
        missing_row=_join_rows([part.missing_row for part in parts], starts),
        missing_offsets=offsets_of(np.concatenate([np.diff(offsets) for offsets in lists])) if lists else None,
        missing_ids=_concatenate([part.missing_ids for part in parts]),
        complexity_row=_join_rows([part.complexity_row for part in parts], starts),
        complexity=_concatenate([part.complexity for part in parts]),
        complexity_total=_join_totals(parts),
    )


def pack(rows: Rows, keep: NDArray[np.bool_] | None) -> Block:
    """Return the kept rows, None = all, with counts in range and only those branch facts that are consistent.

    Negative hits other than IGNORED become 0; more covered arms than arms become all of them; no arms become plain
    hits; a missing list stays only if its size is the number of arms not covered.
    """
    hits = _hits(rows.hits)
    branch_row, branch_arms = _branches(rows, hits)
    hits[branch_row] = np.minimum(hits[branch_row], branch_arms)
    missing_row, missing_arms, missing_offsets, missing_ids = _missing(rows, hits, branch_row, branch_arms)
    complexity_row, complexity, complexity_total = _complexity(rows)
    files, counts = np.asarray(rows.files, dtype=np.int64), np.asarray(rows.counts, dtype=np.int64)
    line, kind = rows.line, rows.kind
    if keep is not None and not keep.all():
        place = np.cumsum(keep) - 1
        branches = keep[branch_row]
        branch_row, branch_arms = place[branch_row[branches]], branch_arms[branches]
        lists = np.flatnonzero(keep[missing_row])
        missing_offsets, missing_ids = take_lists(missing_offsets, missing_ids, lists)
        missing_row, missing_arms = place[missing_row[lists]], missing_arms[lists]
        measured = keep[complexity_row]
        complexity_row, complexity = place[complexity_row[measured]], complexity[measured]
        complexity_total = complexity_total[measured]
        counts = np.diff(offsets_of(keep)[offsets_of(counts)])
        line, hits = line[keep], hits[keep]
        kind = None if kind is None else kind[keep]
    present = counts > 0
    return Block(
        files=files[present],
        counts=counts[present],
        line=line.astype(np.int32, copy=False),
        hits=hits,
        kind=None if kind is None else kind.astype(np.uint8, copy=False),
        branch_row=branch_row.astype(np.int32),
        branch_arms=branch_arms,
        missing_row=missing_row.astype(np.int32),
        missing_arms=missing_arms,
        missing_lengths=np.diff(missing_offsets).astype(np.int32),
        missing_ids=_narrow(missing_ids),
        complexity_row=complexity_row.astype(np.int32),
        complexity=complexity.astype(np.int32),
        complexity_total=complexity_total.astype(np.int32),
    )


def within(values: NDArray[np.integer], low: int, high: int) -> bool:
    """Tell whether all values are from `low` to `high`, without an array of truth values for each."""
    return not len(values) or bool(values.min() >= low and values.max() <= high)


def _hits(hits: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return a copy of the hits with all of them in range."""
    if not within(hits, IGNORED, MAX_COUNT):
        hits = np.where(hits < IGNORED, 0, np.minimum(hits, MAX_COUNT))
    return hits.astype(np.int32)


def _narrow(ids: Ints) -> NDArray[np.integer]:
    """Return ids in half the space where they fit, as numbers of lines and arms do."""
    return ids.astype(np.int32) if len(ids) and ids.max() <= MAX_COUNT else ids


def _branches(rows: Rows, hits: NDArray[np.int32]) -> tuple[Ints, NDArray[np.int32]]:
    """Return the rows with arms, ascending, and how many each has."""
    if rows.branch_row is None or rows.branch_arms is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    row, arms = rows.branch_row, np.clip(rows.branch_arms, 0, MAX_COUNT).astype(np.int32)
    if (row[1:] <= row[:-1]).any():  # of what is said of a row several times the last counts
        row, last = np.unique(row[::-1], return_index=True)
        arms = arms[::-1][last]
    usable = (arms > 0) & (hits[row] != IGNORED)
    return (row, arms) if usable.all() else (row[usable], arms[usable])


def _missing(
    rows: Rows, hits: NDArray[np.int32], branch_row: Ints, branch_arms: NDArray[np.int32]
) -> tuple[Ints, NDArray[np.int32], Ints, Ints]:
    """Return row, arms, offsets and ids of the consistent lists, one a row."""
    none = np.zeros(0, dtype=np.int64)
    if not len(branch_row) or rows.missing_row is None or rows.missing_offsets is None or rows.missing_ids is None:
        return none, none.astype(np.int32), np.zeros(1, dtype=np.int64), none
    row, offsets, ids = rows.missing_row, rows.missing_offsets, rows.missing_ids
    if (row[1:] <= row[:-1]).any():
        row, chosen = np.unique(row, return_index=True)
        offsets, ids = take_lists(offsets, ids, chosen)
    offsets, ids = sort_lists(offsets, ids)
    lengths = np.diff(offsets)
    arms_of = np.zeros(len(hits), dtype=np.int32)
    arms_of[branch_row] = branch_arms
    arms = arms_of[row]
    usable = (lengths > 0) & (lengths == arms - hits[row]) & (hits[row] >= 0)
    if len(ids) and ids.min() < 0:
        usable &= np.diff(offsets_of(ids < 0)[offsets]) == 0
    if usable.all():
        return row, arms, offsets, ids
    chosen = np.flatnonzero(usable)
    return row[chosen], arms[chosen], *take_lists(offsets, ids, chosen)


def _complexity(rows: Rows) -> tuple[Ints, Ints, Ints]:
    """Return row, value and total (-1 = plain number) of the complexities, one a row."""
    none = np.zeros(0, dtype=np.int64)
    if rows.complexity_row is None or rows.complexity is None:
        return none, none, none
    row, value, total = rows.complexity_row, rows.complexity, rows.complexity_total
    if total is None:
        total = np.full(len(row), -1, dtype=np.int64)
    if (row[1:] <= row[:-1]).any():
        row, chosen = np.unique(row, return_index=True)
        value, total = value[chosen], total[chosen]
    return row, np.clip(value, 0, MAX_COUNT), np.clip(total, -1, MAX_COUNT)


def _join_kinds(parts: Sequence[Rows]) -> NDArray[np.uint8] | None:
    if all(part.kind is None for part in parts):
        return None
    return np.concatenate([np.zeros(len(part.line), np.uint8) if part.kind is None else part.kind for part in parts])


def _join_totals(parts: Sequence[Rows]) -> Ints | None:
    totals = []
    for part in parts:
        if part.complexity is not None:
            plain = np.full(len(part.complexity), -1, dtype=np.int64)
            totals.append(plain if part.complexity_total is None else part.complexity_total)
    return np.concatenate(totals) if totals else None


def _join_rows(columns: Sequence[Ints | None], starts: Sequence[int]) -> Ints | None:
    return _concatenate(
        [None if column is None else column + start for column, start in zip(columns, starts, strict=True)]
    )


def _concatenate(columns: Sequence[NDArray[_T] | None]) -> NDArray[_T] | None:
    present = [column for column in columns if column is not None]
    return np.concatenate(present) if present else None
