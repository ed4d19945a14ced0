"""Branch arms that a document tells one by one or in groups, added up to one value a line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.logic.coverage.formats.limits import MAX_HITS
from app.logic.coverage.formats.line_table import MissingLists, line_key
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.ragged import offsets_of, spread


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """One branch a line, ascending by (group, line), and the list of its arms that were not taken."""

    group: Positions
    line: Positions
    covered: Positions
    arms: Positions
    missing: MissingLists


class ArmTable:
    """Gathers arms by the ordinal of the element they are in (`owner`), and the ids of arms that were not taken."""

    def __init__(self) -> None:
        self._arms: list[tuple[Positions, Positions, Positions, Positions]] = []
        self._missed: list[tuple[Positions, Positions, Positions]] = []

    def add(self, owner: Positions, line: Positions, covered: Positions, arms: Positions) -> None:
        """Take `arms` arms (at least 1 each) of which `covered` were taken."""
        arms = np.minimum(arms, MAX_HITS)
        self._arms.append((owner, line, np.clip(covered, 0, arms), arms))

    def miss(self, owner: Positions, line: Positions, ids: Positions) -> None:
        """Take arms that were not taken, by the codes of their ids (branches.py)."""
        self._missed.append((owner, line, ids))

    def joined(self, groups: Positions) -> Branches:
        """Return the branches of all lines; owners of one group (`groups`, -1 = left out) describe the same file."""
        owner, line, covered, arms = _columns(self._arms, 4)
        key = line_key(groups[owner], line)
        kept = np.flatnonzero(groups[owner] >= 0)
        keys, place = np.unique(key[kept], return_inverse=True)
        return Branches(
            keys >> 32,
            keys & 0xFFFFFFFF,
            _sums(place, covered[kept], len(keys)),
            _sums(place, arms[kept], len(keys)),
            self._lists(groups, keys),
        )

    def _lists(self, groups: Positions, keys: Positions) -> MissingLists:
        owner, line, ids = _columns(self._missed, 3)
        key = np.where(groups[owner] >= 0, line_key(groups[owner], line), -1)
        order = np.argsort(key, kind="stable")
        key = key[order]
        start = np.searchsorted(key, keys, "left")
        count = np.searchsorted(key, keys, "right") - start
        return MissingLists(offsets_of(count), ids[order][spread(start, count)])


def _columns(parts: Sequence[tuple[Positions, ...]], count: int) -> list[Positions]:
    if not parts:
        return [np.zeros(0, np.int64) for _ in range(count)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _sums(place: Positions, values: Positions, size: int) -> Positions:
    """Sum up by place; arms are below 2**31, so that doubles are exact far beyond any real line."""
    return np.minimum(np.bincount(place, values, size), MAX_HITS).astype(np.int64)
