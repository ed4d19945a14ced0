"""Which arms no upload took, gathered upload by upload."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.lattice import families, family_arms
from app.logic.coverage.ragged import Ints, find_in_lists, offsets_of, spread
from app.logic.coverage.report import MissingArms

_NONE: Final = -1


class MissingSets:
    """The intersections of missing lists, one set per (slot, family); a slot is the place of a line in a merge.

    Sets only shrink, so a set stays where its first list was put: elements `starts[i] .. starts[i] + lengths[i] - 1`.
    The sets of a slot are chained: `first[slot]`, then `following[set]`.
    """

    def __init__(self, slots: int) -> None:
        self._first = np.full(slots, _NONE, dtype=np.int32)
        self._slot = _Column(np.int64)
        self._family = _Column(np.int64)
        self._following = _Column(np.int32)
        self._starts = _Column(np.int64)
        self._lengths = _Column(np.int64)
        self._ids = _Column(np.int64)

    def fold(self, slot: Ints, lists: MissingArms) -> Ints:
        """Intersect with the lists of a report, at ascending slots; return the slots of sets that became empty."""
        family = families(lists.arms, lists.offsets, lists.ids)
        starts, lengths = lists.offsets[:-1], np.diff(lists.offsets)
        emptied = [
            self._fold_apart(slot[chosen], family[chosen], starts[chosen], lengths[chosen], lists.ids)
            for chosen in _apart(slot)
        ]
        return np.concatenate(emptied) if emptied else np.zeros(0, dtype=np.int64)

    def result(self, settled: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
        """Return (slot, family, offsets, ids) of the sets at slots that are not settled, by slot and family."""
        slot, family = self._slot.values, self._family.values
        open_sets = np.flatnonzero(~settled[slot])
        order = open_sets[np.lexsort((family[open_sets], slot[open_sets]))]
        lengths = self._lengths.values[order]
        ids = self._ids.values[spread(self._starts.values[order], lengths)]
        return slot[order], family[order], offsets_of(lengths), ids

    def proven(self) -> tuple[Ints, Ints]:
        """Return (slot, number of arms known to be covered) of every set."""
        return self._slot.values, family_arms(self._family.values) - self._lengths.values

    def _fold_apart(self, slot: Ints, family: Ints, starts: Ints, lengths: Ints, ids: Ints) -> Ints:
        """Fold lists of distinct slots."""
        known, last = self._find(slot, family)
        new = np.flatnonzero(known == _NONE)
        if len(new):
            self._append(slot[new], family[new], last[new], lengths[new], ids[spread(starts[new], lengths[new])])
        old = np.flatnonzero(known != _NONE)
        return self._shrink(known[old], starts[old], starts[old] + lengths[old], ids)

    def _find(self, slot: Ints, family: Ints) -> tuple[Ints, Ints]:
        """Return the set of each (slot, family), -1 = none, and the set before it, or the last, in the slot's chain."""
        at = self._first[slot].astype(np.int64)
        last = np.full(len(slot), _NONE, dtype=np.int64)
        walking = np.flatnonzero(at != _NONE)
        while True:
            walking = walking[self._family.values[at[walking]] != family[walking]]
            if not len(walking):
                return at, last
            last[walking] = at[walking]
            at[walking] = self._following.values[at[walking]]
            walking = walking[at[walking] != _NONE]

    def _append(self, slot: Ints, family: Ints, last: Ints, lengths: Ints, ids: Ints) -> None:
        """Add sets, each behind the set `last` of its slot."""
        numbers = len(self._slot.values) + np.arange(len(slot))
        begins = last == _NONE
        self._first[slot[begins]] = numbers[begins]
        self._following.values[last[~begins]] = numbers[~begins]
        self._following.extend(np.full(len(slot), _NONE))
        self._slot.extend(slot)
        self._family.extend(family)
        self._starts.extend(len(self._ids.values) + offsets_of(lengths)[:-1])
        self._lengths.extend(lengths)
        self._ids.extend(ids)

    def _shrink(self, sets: Ints, starts: Ints, ends: Ints, ids: Ints) -> Ints:
        """Intersect set i with the list `ids[starts[i]:ends[i]]`; return the slots of sets that became empty."""
        lengths = self._lengths.values[sets]
        elements = self._ids.values[spread(self._starts.values[sets], lengths)]
        owner = np.repeat(np.arange(len(sets)), lengths)
        found = np.flatnonzero(find_in_lists(elements, starts[owner], ends[owner], ids))
        left = np.bincount(owner[found], minlength=len(sets))
        changed = np.flatnonzero(left < lengths)
        if not len(changed):
            return np.zeros(0, dtype=np.int64)
        self._ids.values[spread(self._starts.values[sets], left)] = elements[found]
        self._lengths.values[sets] = left
        emptied: Ints = self._slot.values[sets[changed[left[changed] == 0]]]
        return emptied


class _Column:
    """An array that grows at its end, in steps large enough that growing costs little."""

    def __init__(self, dtype: type) -> None:
        self._data: NDArray[Any] = np.empty(0, dtype=dtype)
        self._size = 0

    @property
    def values(self) -> NDArray[Any]:
        return self._data[: self._size]

    def extend(self, values: NDArray[Any]) -> None:
        end = self._size + len(values)
        if end > len(self._data):
            grown = np.empty(max(end, 2 * len(self._data)), dtype=self._data.dtype)
            grown[: self._size] = self.values
            self._data = grown
        self._data[self._size : end] = values
        self._size = end


def _apart(slot: Ints) -> Iterator[Ints]:
    """Yield positions of ascending slots in groups without repetition: the first of each slot, then the second, ..."""
    rest = np.arange(len(slot))
    while len(rest):
        first = np.ones(len(rest), dtype=bool)
        first[1:] = slot[rest[1:]] != slot[rest[:-1]]
        yield rest[first]
        rest = rest[~first]
