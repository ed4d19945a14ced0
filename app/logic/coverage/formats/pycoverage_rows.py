"""Join what coverage.py lists about a batch of files to rows: lines and branch arms, packed into integers."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.keyed import LARGEST_LINE, LINE_BITS, Int64s, add_rows, starts_of_runs
from app.logic.coverage.report import BRANCH

_RAN: Final = 1  # the lowest bit of a packed line or arm
_TARGET_BITS: Final = 24
_EXIT: Final = 2**_TARGET_BITS - 1


def pack_lines(counts: Int64s, lines: Int64s) -> Int64s:
    """Pack (file, line, ran) into one integer a line; list 2i holds the lines of file i that ran, list 2i + 1 the rest.

    An empty module reports line 0, which is left out.
    """
    packed = np.repeat(_owners(counts, LINE_BITS + 1), counts)
    packed |= np.minimum(lines, LARGEST_LINE) << 1
    return packed if lines.min(initial=1) > 0 else packed[lines > 0]


def pack_arms(counts: Int64s, origins: Int64s, targets: Int64s) -> Int64s:
    """Pack (file, line, target, taken) into one integer an arm; a negative target is a way out of the function."""
    packed = np.repeat(_owners(counts, LINE_BITS + _TARGET_BITS + 1), counts)
    packed |= np.clip(origins, 0, LARGEST_LINE) << (_TARGET_BITS + 1)
    packed |= np.where(targets < 0, _EXIT, np.minimum(targets, _EXIT - 1)) << 1
    return packed if origins.min(initial=1) > 0 else packed[origins > 0]


def _owners(counts: Int64s, shift: int) -> Int64s:
    lists = np.arange(len(counts))
    return (lists >> 1) << shift | (lists & 1 ^ _RAN)


def add_lines(builder: ReportBuilder, numbers: Sequence[int], lines: Int64s, arms: Int64s) -> int:
    """Add the rows of a batch and return how many; `numbers` are the builder's numbers of its files."""
    keys, hits = _distinct(lines)
    if not len(arms):
        add_rows(builder, numbers, keys, hits)
        return len(keys)
    arms = np.sort(arms, kind="stable")  # takes no time when they are nearly in order, as the tool writes them
    origins = arms >> (_TARGET_BITS + 1)
    first = starts_of_runs(origins)
    branch_keys = origins[first]
    branch_row = _rows_of(branch_keys, keys)
    if branch_row is None:
        # A line whose arms are listed was measured even if no list of lines has it; it ran if an arm was taken.
        keys, hits = _distinct(np.concatenate((lines, origins << 1 | arms & _RAN)))
        branch_row = np.searchsorted(keys, branch_keys)
    ran = arms & _RAN
    total = np.diff(first, append=len(arms))
    taken = np.add.reduceat(ran, first)
    missed = total - taken
    hits[branch_row] *= taken
    kind = np.zeros(len(keys), np.uint8)
    kind[branch_row] = BRANCH
    some = missed > 0
    usable, offsets, ids = _missing(builder, missed[some], (arms[ran == 0] >> 1) & _EXIT)
    add_rows(
        builder,
        numbers,
        keys,
        hits,
        kind=kind,
        branch_row=branch_row,
        branch_arms=total,
        missing_row=branch_row[some][usable],
        missing_offsets=offsets,
        missing_ids=ids,
    )
    return len(keys)


def _distinct(lines: Int64s) -> tuple[Int64s, Int64s]:
    """Return the keys of packed lines, ascending and once, with 1 for those that ran according to any list."""
    lines = np.sort(lines, kind="stable")
    keys = lines >> 1
    again = np.flatnonzero(keys[1:] == keys[:-1])
    if len(again):
        lines = np.delete(lines, again)  # of equal keys the last one has ran, if any has
        keys = lines >> 1
    return keys, lines & _RAN


def _rows_of(some: Int64s, keys: Int64s) -> Int64s | None:
    """Return the positions of some keys among all; None if one is not there."""
    at = np.searchsorted(keys, some)
    return at if len(keys) and np.array_equal(keys.take(at, mode="clip"), some) else None


def _missing(builder: ReportBuilder, counts: Int64s, targets: Int64s) -> tuple[NDArray[np.bool_], Int64s, Int64s]:
    """Return which lists of missing arms are usable, and their offsets and ids; a list that repeats an id is not."""
    offsets = np.append(0, np.cumsum(counts))
    is_exit = targets == _EXIT
    # Two ways out of one line are called loop and exit by the tool's Cobertura report.
    two_exits = offsets[:-1][(counts == 2) & is_exit[offsets[:-1]]]
    ids = np.where(is_exit, builder.arm_ids.code("exit"), targets)
    ids[two_exits + 1] = builder.arm_ids.code("loop")
    owner = np.repeat(np.arange(len(counts)), counts)
    usable = np.ones(len(counts), np.bool_)
    repeated = owner[1:][(owner[1:] == owner[:-1]) & (ids[1:] == ids[:-1])]
    if not len(repeated):
        return usable, offsets, ids
    usable[repeated] = False
    return usable, np.append(0, np.cumsum(counts[usable])), ids[usable[owner]]
