"""Many short lists in two arrays: where each list starts and all elements one after another."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def offsets_of(lengths: NDArray[Any]) -> Ints:
    """Return where each list starts, and the end of the last: int64[lists + 1]; of booleans, the running count."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def spread(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> Ints:
    """Return the positions `starts[i] .. starts[i] + lengths[i] - 1` of every span i, one span after another."""
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def take_lists(offsets: Ints, elements: Ints, chosen: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return offsets and elements of the chosen lists, in the order chosen."""
    lengths = (offsets[1:] - offsets[:-1])[chosen]
    return offsets_of(lengths), elements[spread(offsets[:-1][chosen], lengths)]


def ascending(offsets: Ints, elements: Ints) -> bool:
    """Tell whether every list is strictly ascending."""
    if len(elements) < 2:
        return True
    rises = elements[1:] > elements[:-1]
    rises[offsets[1:-1][(offsets[1:-1] > 0) & (offsets[1:-1] < len(elements))] - 1] = True
    return bool(rises.all())


def sort_lists(offsets: Ints, elements: Ints) -> tuple[Ints, Ints]:
    """Return the lists with their elements ascending and repeated elements removed."""
    if ascending(offsets, elements):
        return offsets, elements
    count = len(offsets) - 1
    owner = np.repeat(np.arange(count), np.diff(offsets))
    order = np.lexsort((elements, owner))
    elements = elements[order]
    fresh = np.ones(len(elements), dtype=bool)
    fresh[1:] = (elements[1:] != elements[:-1]) | (owner[1:] != owner[:-1])
    return offsets_of(np.bincount(owner[fresh], minlength=count)), elements[fresh]


def find_in_lists(wanted: Ints, starts: Ints, ends: Ints, elements: Ints) -> NDArray[np.bool_]:
    """Tell for each wanted value whether `elements[starts[i]:ends[i]]`, ascending and not empty, holds it.

    A binary search of all at once: as many steps as the longest list needs.
    """
    low, high = starts, ends - 1
    while (low < high).any():
        middle = (low + high) >> 1
        behind = elements[middle] < wanted
        low = np.where(behind, middle + 1, low)
        high = np.where(behind, high, middle)
        low = np.minimum(low, high)  # a search that is done stays at its element while others go on
    found: NDArray[np.bool_] = elements[low] == wanted
    return found
