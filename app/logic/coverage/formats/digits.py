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
# A field is shorter than a word, so it ends at the far end of the word at last, where then no delimiter is.
_FIRST_STOP: Final = np.uint64(0x80)
_LAST_STOP: Final = np.uint64(0x80 << 56)
_BYTE: Final = np.uint64(8)
_LOW_BYTE: Final = np.uint64(0xFF)
_TWO_BYTES: Final = np.uint64(16)
_FOUR_BYTES: Final = np.uint64(32)
_SEVEN_BYTES: Final = np.uint64(56)
_PAIRS: Final = np.uint64(10 << 8 | 1)
_PAIR_MASK: Final = np.uint64(0x00FF00FF00FF00FF)
_FOURS: Final = np.uint64(100 << 16 | 1)
_FOUR_MASK: Final = np.uint64(0x0000FFFF0000FFFF)
_EIGHTS: Final = np.uint64(10000 << 32 | 1)
_MANTISSA: Final = 52  # bits of a float64 below its exponent
_BIAS: Final = 1023


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
    used = bits >> 3
    used += 1
    length = end - start
    far = np.flatnonzero(length > 8)
    length -= used
    good &= length > 0
    words ^= _ZEROS
    length <<= 3
    np.subtract(64, length, out=length)
    words <<= length.view(np.uint64)  # an amount above 63, which a negative number is, leaves nothing
    plain = _stops(words) == 0
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


def _take_low(words: Words, delimiter: int) -> tuple[Ints, Ints, Mask]:
    """Take a field and its delimiter from the low end of words, which become what is left of them.

    Returns the number, how many bits its digits took, and whether the field is one.
    """
    word = words ^ _ZEROS
    stop = _stops(word)
    stop |= _LAST_STOP
    stop &= np.negative(stop)  # the lowest byte that is no digit ends the number
    bits = _highest_bit(stop)
    bits -= 7
    word <<= np.subtract(64, bits).view(np.uint64)
    words >>= bits.view(np.uint64)
    good: Mask = (words & _LOW_BYTE) == np.uint64(delimiter)
    good &= bits > 0
    words >>= _BYTE
    return _value(word), bits, good


def _take_high(words: Words, delimiter: int) -> tuple[Ints, Ints, Mask]:
    """Take a field and its delimiter from the high end of words, which become what is left of them.

    Returns the number, how many bits its digits did not take, and whether the field is one. Words of which something
    was taken are filled with zero bytes at their low end, which are neither digits nor delimiters.
    """
    word = words ^ _ZEROS
    stop = _stops(word)
    stop |= _FIRST_STOP
    rest = _highest_bit(stop)
    rest += 1
    shift = rest.view(np.uint64)
    word >>= shift
    word <<= shift
    words <<= np.subtract(64, rest).view(np.uint64)
    good: Mask = (words >> _SEVEN_BYTES) == np.uint64(delimiter)
    good &= rest < 64
    words <<= _BYTE
    return _value(word), rest, good


def _stops(word: Words) -> Words:
    """The high bits of the bytes above 9, of words from which zeros were subtracted."""
    stop = word + _ABOVE_9
    stop |= word
    stop &= _HIGH_BITS
    return stop


def _highest_bit(stop: Words) -> Ints:
    """The number of the highest bit of words other than 0, which is the exponent of the same number as a float.

    The bits of `stop` are so far apart that rounding to a float cannot carry into a higher one.
    """
    bit = stop.astype(np.float64).view(np.int64)
    bit >>= _MANTISSA
    bit -= _BIAS
    return bit


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
