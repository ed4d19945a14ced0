"""Turn what Istanbul counted into rows: statements, functions and branch arms of a batch of files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.keyed import Int64s, add_rows, key_of, on_a_line, starts_of_runs
from app.logic.coverage.report import BRANCH, LINE, METHOD

_KIND_BY_RANK = np.array([LINE, METHOD, BRANCH], np.uint8)


Counted = tuple[Int64s, Int64s]  # keys of lines, and the hits counted there


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Branches on the lines where their decisions begin: blocks (single arms), and arms with an id each."""

    blocks: Counted
    arms: Counted
    arm_ids: Int64s


class Points:
    """Counted places of the files of a batch, collected file by file."""

    def __init__(self) -> None:
        self._owners: list[int] = []
        self._sizes: list[int] = []
        self._lines: list[int] = []
        self._hits: list[int] = []

    def extend(self, owner: int, lines: Sequence[int], hits: Iterable[int]) -> None:
        """Take places of one file of the batch; `hits` has as many values as `lines`."""
        self._owners.append(owner)
        self._sizes.append(len(lines))
        self._lines.extend(lines)
        self._hits.extend(hits)

    def append(self, owner: int, line: int, hits: int) -> None:
        self.extend(owner, (line,), (hits,))

    def arrays(self) -> Counted:
        """Return keys and hits; key 0 of a file stands for "on no line"."""
        owner = np.repeat(np.array(self._owners, np.int64), self._sizes)
        return key_of(owner, np.array(self._lines, np.int64)), np.array(self._hits, np.int64)


def add_plain(
    builder: ReportBuilder,
    files: Sequence[int],
    statements: Counted,
    functions: Counted,
    arms: Counted,
) -> int:
    """Add the default view: every place counts on its start line, the largest count wins, no line is partial.

    A line is of kind branch if an arm starts there, else method if a function does. Returns the number of rows.
    """
    keys = np.concatenate((statements[0], functions[0], arms[0]))
    hits = np.concatenate((statements[1], functions[1], arms[1]))
    rank = np.repeat(np.array([0, 1, 2], np.uint8), (len(statements[0]), len(functions[0]), len(arms[0])))
    known = on_a_line(keys)
    if not known.all():
        keys, hits, rank = keys[known], hits[known], rank[known]
    if len(keys) == 0:
        return 0
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = starts_of_runs(keys)
    kind = _KIND_BY_RANK[np.maximum.reduceat(rank[order], first)]
    add_rows(builder, files, keys[first], np.maximum.reduceat(hits[order], first), kind=kind)
    return len(first)


def add_alternatives(
    builder: ReportBuilder,
    files: Sequence[int],
    statements: Counted,
    functions: Counted,
    decisions: Decisions,
) -> int:
    """Add the view with partial lines, and return the number of rows.

    The arms of all decisions that begin on a line make its fraction, of which none is covered if its statement never
    ran. A block (the only arm of its branch, as V8 counts) is no alternative: a block that never ran makes a line that
    did run partial.
    """
    blocks, arms = decisions.blocks, decisions.arms
    keys = np.concatenate((statements[0], functions[0], blocks[0], arms[0]))
    keys = np.unique(keys[on_a_line(keys)])
    statement_hits = _largest(keys, statements, np.maximum)
    function_hits = _largest(keys, functions, np.maximum)
    block_hits = _largest(keys, blocks, np.maximum)
    idle_block = _largest(keys, blocks, np.minimum) == 0
    at, taken = _rows_of(keys, arms)
    total = np.bincount(at, minlength=len(keys))
    covered = np.bincount(at[taken > 0], minlength=len(keys))

    has_arms = total > 0
    ran = statement_hits > 0
    half = ran & idle_block & ~has_arms
    plain = np.where(statement_hits >= 0, statement_hits, np.maximum(function_hits, block_hits))
    hits = np.where(has_arms, np.where(statement_hits == 0, 0, covered), np.where(half, 1, plain))
    kind = np.full(len(keys), LINE, np.uint8)
    kind[(function_hits >= 0) & (statement_hits < 0)] = METHOD
    kind[has_arms] = BRANCH
    branch_row = np.flatnonzero(has_arms | half)
    missing_row, missing_offsets, missing_ids = _missing(at, taken, decisions.arm_ids[on_a_line(arms[0])])
    add_rows(
        builder,
        files,
        keys,
        hits,
        kind=kind,
        branch_row=branch_row,
        branch_arms=np.where(has_arms, total, 2)[branch_row],
        missing_row=missing_row,
        missing_offsets=missing_offsets,
        missing_ids=missing_ids,
    )
    return len(keys)


def _rows_of(keys: Int64s, points: Counted) -> tuple[Int64s, Int64s]:
    """Return the row of every point that is on a line, and its hits."""
    known = on_a_line(points[0])
    return np.searchsorted(keys, points[0][known]), points[1][known]


def _largest(keys: Int64s, points: Counted, choose: np.ufunc) -> Int64s:
    """Return per row the largest (or by `choose` the smallest) count of the points there, -1 without any."""
    at, hits = _rows_of(keys, points)
    order = np.argsort(at, kind="stable")
    at = at[order]
    first = starts_of_runs(at)
    result = np.full(len(keys), -1, np.int64)
    if len(first):
        result[at[first]] = choose.reduceat(hits[order], first)
    return result


def _missing(at: Int64s, taken: Int64s, ids: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    missed = taken == 0
    at, ids = at[missed], ids[missed]
    order = np.lexsort((ids, at))
    at, ids = at[order], ids[order]
    first = starts_of_runs(at)
    return at[first], np.append(first, len(at)), ids
