"""The columnar report: every measured line of every file, in sorted arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Kinds of a line, in the order of the merge (docs/decisions/0002-merge-lattice.md): the larger one wins.
LINE: Final = 0
BRANCH: Final = 1
METHOD: Final = 2

IGNORED: Final = -1  # value of `hits`: known, deliberately in no total

# Statuses of a line; 0 is kept for "no data" so that a dense array of zeros means an unknown file.
NO_DATA: Final = 0
SKIPPED: Final = 1
MISS: Final = 2
PARTIAL: Final = 3
HIT: Final = 4

FILE_TOTALS: Final = ("hits", "misses", "partials", "branches", "methods", "complexity", "complexity_total")


@dataclass(frozen=True, slots=True, eq=False)
class MissingArms:
    """Lists of the branch arms known to be not taken, in compressed sparse rows.

    List k belongs to row `row[k]`, whose branches had `arms[k]` arms when the list was written; its ids are
    `ids[offsets[k]:offsets[k + 1]]`, ascending codes of branches.py, never empty; text ids point into `texts`, which is
    sorted. A line measured once has at most one list; a line joined from several, in an upload or in a merged report,
    may have one per style and number of arms, ordered by these.
    """

    row: NDArray[np.int64]
    arms: NDArray[np.int32]
    offsets: NDArray[np.int64]
    ids: NDArray[np.int64]
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Complexity:
    """Cyclomatic complexity of some rows: `value`, and `total` (-1 where the tool gave a plain number)."""

    row: NDArray[np.int64]
    value: NDArray[np.int32]
    total: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Immutable columns sorted by (file, line), one row per (file, line).

    Rows of file i are `offsets[i]:offsets[i + 1]`; paths are sorted and unique. `hits` is the plain count, the number
    of covered arms where `branch_row` (ascending) names the row, or IGNORED. `branch_arms` is the number of arms.
    """

    files: tuple[str, ...]
    offsets: NDArray[np.int64]
    line: NDArray[np.int32]
    hits: NDArray[np.int64]
    kind: NDArray[np.uint8]
    branch_row: NDArray[np.int64]
    branch_arms: NDArray[np.int32]
    missing: MissingArms
    complexity: Complexity


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A block of parsed rows on its way into a report, in any order.

    Consecutive runs of rows share a file: run j is `counts[j]` rows of file `files[j]` (a number from
    `ReportBuilder.file`, -1 = path dropped, its rows are discarded). `kind` None means all LINE. `branch_row` indexes
    rows of this block; there `hits` is the number of covered arms. `missing_ids` are codes of `ReportBuilder.arm_ids`.
    """

    files: Sequence[int] | NDArray[np.int64]
    counts: Sequence[int] | NDArray[np.int64]
    line: NDArray[np.integer]
    hits: NDArray[np.integer]
    kind: NDArray[np.uint8] | None = None
    branch_row: NDArray[np.int64] | None = None
    branch_arms: NDArray[np.integer] | None = None
    missing_row: NDArray[np.int64] | None = None
    missing_offsets: NDArray[np.int64] | None = None
    missing_ids: NDArray[np.int64] | None = None
    complexity_row: NDArray[np.int64] | None = None
    complexity: NDArray[np.int64] | None = None
    complexity_total: NDArray[np.int64] | None = None
