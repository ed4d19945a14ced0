"""Where each line goes in a merge: the numbering of the lines of all reports together."""

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.ragged import Ints

# A line in one number: file above, line below.
_LINE_BITS: Final = 32
_LINE_MASK: Final = (1 << _LINE_BITS) - 1


class Slots(Protocol):
    """Numbers the lines of a merge by file and line. `bounds` (int64[files + 1]): the slots of each file."""

    bounds: Ints

    def locate(self, files: Ints, counts: Ints, line: NDArray[np.int32]) -> Ints:
        """Return the slot of each row; rows come in runs of `counts` of one file."""

    def lines(self, file: Ints, slot: Ints) -> NDArray[np.int32]:
        """Return the line at each slot, given its file."""


class DenseSlots:
    """A slot for every line of a file from 1 to its last: finding a slot is an addition."""

    def __init__(self, last_line: Ints) -> None:
        self.bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(last_line)])

    def locate(self, files: Ints, counts: Ints, line: NDArray[np.int32]) -> Ints:
        slot = np.repeat(self.bounds[files] - 1, counts)
        slot += line
        return slot

    def lines(self, file: Ints, slot: Ints) -> NDArray[np.int32]:
        line: Ints = slot - self.bounds[file] + 1
        return line.astype(np.int32)


class RankedSlots:
    """A slot for every line that occurs: for line numbers so sparse that a slot for each would cost too much."""

    def __init__(self, files: int, rows: Iterable[tuple[Ints, Ints, NDArray[np.int32]]]) -> None:
        """`rows`: the arguments of `locate` for all rows of all reports."""
        keys = np.zeros(0, dtype=np.int64)
        for numbers, counts, line in rows:
            keys = np.union1d(keys, _keys(numbers, counts, line))
        self._keys = keys
        self.bounds = np.searchsorted(keys, np.arange(files + 1) << _LINE_BITS)

    def locate(self, files: Ints, counts: Ints, line: NDArray[np.int32]) -> Ints:
        return np.searchsorted(self._keys, _keys(files, counts, line))

    def lines(self, file: Ints, slot: Ints) -> NDArray[np.int32]:
        line: Ints = self._keys[slot] & _LINE_MASK
        return line.astype(np.int32)


def _keys(files: Ints, counts: Ints, line: NDArray[np.int32]) -> Ints:
    keys = np.repeat(files << _LINE_BITS, counts)
    keys += line
    return keys
