"""Vectorised reading of decimal fields whose end is not known beforehand."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.scan import Positions, Text

LONGEST: Final = 7  # digits, so that the delimiter behind them is in the same 64-bit word

_ZEROS: Final = np.uint64(0x3030303030303030)
_ABOVE_9: Final = np.uint64(0x7676767676767676)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_SMEAR: Final = (np.uint64(8), np.uint64(16), np.uint64(32))
_ONE: Final = np.uint64(1)


def leading(text: Text, start: Positions, delimiter: int) -> tuple[NDArray[np.int64], Positions, NDArray[np.bool_]]:
    """Read fields of 1 to LONGEST digits that a `delimiter` ends.

    Returns their values, the positions behind the delimiter, and which fields are such; the rest is undefined for the
    others. The count of digits comes from the lowest byte that is no digit, the value from the usual three
    multiplications on what stands below it.
    """
    words = text.words[start]
    word = words ^ _ZEROS
    stop = word + _ABOVE_9
    stop |= word
    stop &= _HIGH_BITS
    below = ~stop
    below += _ONE
    below &= stop  # the lowest set bit: the highest of the first byte that is no digit
    below >>= np.uint64(7)
    below -= _ONE  # every bit below that byte; all of them if there is none
    bits = np.bitwise_count(below)
    word &= below
    word <<= np.subtract(64, bits, dtype=np.uint64)
    words >>= bits
    good = (words & np.uint64(0xFF)) == np.uint64(delimiter)
    good &= bits > 0
    return _value(word), start + (bits >> 3) + 1, good


def trailing(text: Text, end: Positions, delimiter: int) -> tuple[NDArray[np.int64], Positions, NDArray[np.bool_]]:
    """Read fields of 1 to LONGEST digits that stand between a `delimiter` and `end`.

    Returns their values, the positions of the delimiter, and which fields are such; the rest is undefined for the
    others, but for the positions, which are no less than 0 and before `end`.
    """
    words = text.words[np.maximum(end - 8, 0)]
    word = words ^ _ZEROS
    stop = word + _ABOVE_9
    stop |= word
    stop &= _HIGH_BITS
    for shift in _SMEAR:  # down to the lowest byte, so that the digits are the bytes without the bit
        stop |= stop >> shift
    rest = np.bitwise_count(stop) << 3  # bits that are not of the field
    word >>= rest
    word <<= rest
    words <<= np.subtract(64, rest, dtype=np.uint64)
    words >>= np.uint64(56)
    good = words == np.uint64(delimiter)
    good &= rest < 64
    return _value(word), np.maximum(end - 9 + (rest >> 3), 0), good


def _value(word: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The number that the eight digits of each word spell; overwrites the words."""
    word *= np.uint64(2561)
    word >>= np.uint64(8)
    word &= np.uint64(0x00FF00FF00FF00FF)
    word *= np.uint64(6553601)
    word >>= np.uint64(16)
    word &= np.uint64(0x0000FFFF0000FFFF)
    word *= np.uint64(42949672960001)
    word >>= np.uint64(32)
    return word.view(np.int64)
