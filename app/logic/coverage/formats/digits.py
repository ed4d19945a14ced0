"""Vectorised reading of decimal fields of which only one end is known."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.scan import Positions, Text, decimals

LONGEST: Final = 7  # digits, so that the delimiter beside them is in the same 64-bit word

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Words = NDArray[np.uint64]

_ZEROS: Final = np.uint64(0x3030303030303030)
_ABOVE_9: Final = np.uint64(0x7676767676767676)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_SMEAR: Final = (np.uint64(8), np.uint64(16), np.uint64(32))
_BYTE: Final = np.uint64(8)
_ONE: Final = np.uint64(1)
_SEVEN: Final = np.uint64(7)
_LOW_BYTE: Final = np.uint64(0xFF)
_TWO_BYTES: Final = np.uint64(16)
_FOUR_BYTES: Final = np.uint64(32)
_SEVEN_BYTES: Final = np.uint64(56)
_PAIRS: Final = np.uint64(10 << 8 | 1)
_PAIR_MASK: Final = np.uint64(0x00FF00FF00FF00FF)
_FOURS: Final = np.uint64(100 << 16 | 1)
_FOUR_MASK: Final = np.uint64(0x0000FFFF0000FFFF)
_EIGHTS: Final = np.uint64(10000 << 32 | 1)


def leading(text: Text, start: Positions, delimiter: int) -> tuple[Ints, Positions, Mask]:
    """Read fields of 1 to LONGEST digits that a `delimiter` ends.

    Returns their values, the positions behind the delimiter, and which fields are such; the rest is undefined for the
    others.
    """
    words = text.words[start]
    value, bits, good = _take_low(words, delimiter)
    return value, start + (bits >> 3) + 1, good


def two_leading(text: Text, start: Positions, delimiter: int) -> tuple[Ints, Ints, Positions, Mask]:
    """Read two fields like those of `leading`, one behind the other, which are mostly in the same word."""
    words = text.words[start]
    first, bits, good = _take_low(words, delimiter)
    at = start + (bits >> 3) + 1
    second, bits, near = _take_low(words, delimiter)
    end = at + (bits >> 3) + 1
    far = np.flatnonzero(~near)
    if len(far):
        second[far], end[far], near[far] = leading(text, at[far], delimiter)
    good &= near
    return first, second, end, good


def pair(text: Text, start: Positions, end: Positions, delimiter: int) -> tuple[Ints, Ints, Mask]:
    """Read two fields of plain digits, the first of at most LONGEST, with a `delimiter` between them and then `end`.

    Returns their values and which pairs are such; the values are undefined for the others. Mostly both fields are in
    the same word, so that it is loaded once.
    """
    words = text.words[start]
    first, bits, good = _take_low(words, delimiter)
    used = (bits >> 3).astype(np.int64)
    used += 1
    length = end - start
    far = np.flatnonzero(length > 8)
    length -= used
    good &= length > 0
    words ^= _ZEROS
    length <<= 3
    np.subtract(64, length, out=length)
    words <<= length.view(np.uint64)  # an amount above 63, which a negative number is, leaves nothing
    stop = words + _ABOVE_9
    stop |= words
    stop &= _HIGH_BITS
    plain = stop == 0
    second = _value(words)
    if len(far):
        second[far], plain[far] = decimals(text, start[far] + used[far], end[far])
    good &= plain
    return first, second, good


def two_trailing(text: Text, end: Positions, delimiter: int, before: int) -> tuple[Ints, Ints, Positions, Mask]:
    """Read two fields of 1 to LONGEST digits before `end`: one behind `before`, then one behind a `delimiter`.

    Returns the values of the first and the second, the positions of `before`, and which pairs are such; the rest is
    undefined for the others, but for the positions, which are no less than 0 and no more than `end`.
    """
    words = text.words[np.maximum(end - 8, 0)]
    second, rest, good = _take_high(words, delimiter)
    at = np.maximum(end - 9 + (rest >> 3), 0)
    first, rest, near = _take_high(words, before)
    start = np.maximum(at - 9 + (rest >> 3), 0)
    far = np.flatnonzero(~near)
    if len(far):
        words = text.words[np.maximum(at[far] - 8, 0)]
        first[far], rest, near[far] = _take_high(words, before)
        start[far] = np.maximum(at[far] - 9 + (rest >> 3), 0)
    good &= near
    return first, second, start, good


def _take_low(words: Words, delimiter: int) -> tuple[Ints, NDArray[np.uint8], Mask]:
    """Take a field and its delimiter from the low end of words, which become what is left of them.

    Returns the number, how many bits its digits took, and whether the field is one.
    """
    value, bits = _low_digits(words ^ _ZEROS)
    words >>= bits
    good: Mask = (words & _LOW_BYTE) == np.uint64(delimiter)
    good &= bits > 0
    words >>= _BYTE
    return value, bits, good


def _take_high(words: Words, delimiter: int) -> tuple[Ints, NDArray[np.uint8], Mask]:
    """Take a field and its delimiter from the high end of words, which become what is left of them.

    Returns the number, how many bits its digits did not take, and whether the field is one. Words of which something
    was taken are filled with zero bytes at their low end, which are neither digits nor delimiters.
    """
    word = words ^ _ZEROS
    stop = word + _ABOVE_9
    stop |= word
    stop &= _HIGH_BITS
    for shift in _SMEAR:  # down to the lowest byte, so that the digits are the bytes without the bit
        stop |= stop >> shift
    rest = np.bitwise_count(stop) << 3
    word >>= rest
    word <<= rest
    words <<= np.subtract(64, rest, dtype=np.uint64)
    good: Mask = (words >> _SEVEN_BYTES) == np.uint64(delimiter)
    good &= rest < 64
    words <<= _BYTE
    return _value(word), rest, good


def _low_digits(word: Words) -> tuple[Ints, NDArray[np.uint8]]:
    """The number at the low end of words from which zeros were subtracted, and how many bits it takes; overwrites them.

    The lowest byte that is no digit ends the number: the bits below it are those below the lowest set bit of `stop`.
    """
    stop = word + _ABOVE_9
    stop |= word
    stop &= _HIGH_BITS
    below = ~stop
    below += _ONE
    below &= stop
    below >>= _SEVEN
    below -= _ONE
    bits = np.bitwise_count(below)
    word &= below
    word <<= np.subtract(64, bits, dtype=np.uint64)
    return _value(word), bits


def _value(word: Words) -> Ints:
    """The number that the eight digits of each word spell, by pairs, fours and eights; overwrites the words."""
    word *= _PAIRS
    word >>= _BYTE
    word &= _PAIR_MASK
    word *= _FOURS
    word >>= _TWO_BYTES
    word &= _FOUR_MASK
    word *= _EIGHTS
    word >>= _FOUR_BYTES
    return word.view(np.int64)
