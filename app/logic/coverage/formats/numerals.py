"""Read all decimal numbers of a text at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.scan import GUARD, LARGEST, Text

_DIGITS: Final = b"0123456789"


@dataclass(frozen=True, slots=True, eq=False)
class Numerals:
    """The runs of digits in a text; run i is the span from `starts[i]` to `ends[i]`.

    Made for dense lists of small numbers: four digits at a time, in 32-bit words that are copied side by side first,
    take half the time of `scan.decimals`, which is made for numbers that lie far apart.
    """

    text: Text
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, block: bytes) -> "Numerals":
        text = Text(block)
        is_digit = (text.raw - 48) < 10  # wraps around below the digit 0
        edges = np.flatnonzero(is_digit[1:] != is_digit[:-1])
        edges += 1
        return cls(text, edges[::2], edges[1::2])

    def __len__(self) -> int:
        return len(self.starts)

    def values(self) -> NDArray[np.int64]:
        """Return the numbers; those of more than 16 digits become LARGEST."""
        raw = self.text.raw
        words = np.ascontiguousarray(np.ndarray(len(raw) - 3, "<u4", raw.data, 0, (1,)))
        lengths = (self.ends - self.starts).astype(np.uint32)
        values = _last_four(words, self.ends, lengths).astype(np.int64)
        for done in (4, 8, 12):
            longer = np.flatnonzero(lengths > done)
            if not longer.size:
                return values
            high = _last_four(words, self.ends[longer] - done, lengths[longer] - np.uint32(done))
            values[longer] += high.astype(np.int64) * 10**done
        values[lengths > 16] = LARGEST
        return values

    def gaps(self) -> NDArray[np.int64]:
        """Return how many bytes lie between each run and the next."""
        return self.starts[1:] - self.ends[:-1]

    def negative(self) -> NDArray[np.int64]:
        """Return the positions of the runs that follow a minus sign."""
        return np.searchsorted(self.starts, np.flatnonzero(self.text.raw == ord("-")) + 1)

    def per_piece(self, lengths: Sequence[int]) -> NDArray[np.int64]:
        """Return how many runs begin in each of the pieces that were joined with one byte between them."""
        ends = GUARD + np.cumsum(np.asarray(lengths, np.int64) + 1)
        return np.diff(np.searchsorted(self.starts, ends), prepend=0)


def _last_four(words: NDArray[np.uint32], ends: NDArray[np.int64], lengths: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Value of the last digits, four at most, before each end: pairs first, then fours, in place on two temporaries."""
    shift = np.minimum(lengths, np.uint32(4))
    np.subtract(np.uint32(4), shift, out=shift)
    shift <<= np.uint32(3)
    word = words.take(ends - 4, mode="clip")
    word ^= np.uint32(0x30303030)
    word >>= shift
    word <<= shift
    word *= np.uint32(2561)
    word >>= np.uint32(8)
    word &= np.uint32(0x00FF00FF)
    word *= np.uint32(6553601)
    word >>= np.uint32(16)
    return word


def without_digits(text: bytes, and_without: bytes = b"") -> bytes:
    """Return the text with its digits (and the bytes of `and_without`) deleted: what is left is its shape."""
    return text.translate(None, _DIGITS + and_without)
