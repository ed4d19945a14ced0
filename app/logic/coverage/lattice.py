"""The rule that joins what several measurements say about one line (docs/decisions/0002-merge-lattice.md)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import list_styles
from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import IGNORED

_STYLE_SHIFT: Final = 32


def settle(
    plain: NDArray[np.integer],
    covered: NDArray[np.integer],
    arms: NDArray[np.integer],
    full: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
) -> tuple[Ints, NDArray[np.int32], NDArray[np.bool_]]:
    """Return hits, arms (0 = no branches) and whether all arms are covered, for each line.

    `plain` is the largest plain count (-1 = none), `covered` and `arms` the largest of the branch counts, `full` says
    that some measurement proves all arms taken, `ignored` that some measurement says not to count the line.
    """
    branches = (arms > 0) & ~ignored
    full = branches & (full | (plain > 0))
    hits = np.where(branches, np.where(full, arms, covered), plain).astype(np.int64)
    hits[ignored] = IGNORED
    return hits, np.where(branches, arms, 0).astype(np.int32), full


def families(arms: NDArray[np.integer], offsets: Ints, ids: Ints) -> Ints:
    """Return the family of each missing list, its style and number of arms in one number.

    Lists of a line are compared within a family only: tools that name arms differently must not add up to "none".
    """
    return list_styles(offsets, ids) << _STYLE_SHIFT | arms


def family_arms(family: Ints) -> NDArray[np.int32]:
    """Return the number of arms of each family."""
    return (family & ((1 << _STYLE_SHIFT) - 1)).astype(np.int32)


def intersect_groups(group: Ints, offsets: Ints, ids: Ints) -> tuple[Ints, Ints]:
    """Return offsets and ids of the intersection of the lists of each group; lists of a group follow each other."""
    heads = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(np.append(heads, len(group)))
    owner = np.repeat(np.repeat(np.arange(len(heads)), sizes), np.diff(offsets))
    order = np.lexsort((ids, owner))
    ids, owner = ids[order], owner[order]
    fresh = np.ones(len(ids), dtype=bool)
    fresh[1:] = (ids[1:] != ids[:-1]) | (owner[1:] != owner[:-1])
    starts = np.flatnonzero(fresh)
    everywhere = starts[np.diff(np.append(starts, len(ids))) == sizes[owner[starts]]]
    return offsets_of(np.bincount(owner[everywhere], minlength=len(heads))), ids[everywhere]
