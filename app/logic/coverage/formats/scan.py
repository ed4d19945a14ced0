"""Vectorised scanning of bytes: find delimiters, read decimals and intern strings for a whole block at once."""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

GUARD: Final = 16  # zero bytes on both sides of a text, so that a word before or after any position can be loaded
LARGEST: Final = 2**61  # numbers are cut to this, so that a few of them can be added in int64

# Digits are never given back: a long run of them that is no number would be tried in every way to split it.
_INTEGER: Final = re.compile(rb"[+-]?[0-9]++")
_NUMBER: Final = re.compile(rb"[+-]?([0-9]++\.?[0-9]*+|\.[0-9]++)([eE][+-]?[0-9]++)?")

Positions = NDArray[np.int64]


class Text:
    """A block of bytes between two guard zones of zeros.

    `raw` is the guarded uint8 array; every position in this module is an index into it, so the first byte of the
    block is at GUARD and position 0 never belongs to the block: a span (0, 0) stands for "absent".
    `words[p]` is the 8 bytes from p on, the first one lowest.
    """

    __slots__ = ("raw", "words")

    def __init__(self, block: bytes | bytearray | memoryview) -> None:
        raw = np.empty(len(block) + 2 * GUARD, np.uint8)
        raw[:GUARD] = raw[len(raw) - GUARD :] = 0
        raw[GUARD : len(raw) - GUARD] = np.frombuffer(block, np.uint8)
        self.raw: NDArray[np.uint8] = raw
        self.words: NDArray[np.uint64] = np.ndarray(len(raw) - 7, "<u8", raw.data, 0, (1,))

    def cut(self, start: int, end: int) -> bytes:
        """The bytes of one span."""
        return self.raw[start:end].tobytes()

    def cut_all(self, start: Positions, end: Positions) -> list[bytes]:
        """The bytes of each of many spans."""
        raw = self.raw.data
        return [bytes(raw[i:j]) for i, j in zip(start.tolist(), end.tolist(), strict=True)]


def positions(text: Text, *values: int) -> Positions:
    """Ascending positions of every byte that equals one of `values` (none of them 0)."""
    found = text.raw == values[0]
    for value in values[1:]:
        found |= text.raw == value
    return np.flatnonzero(found)


def decimals(text: Text, start: Positions, end: Positions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Values of spans of 1 to 16 plain decimal digits, and which spans are such; the others' values are 0.

    Eight digits are converted at once with three multiplications (pairs, fours, eights) in one 64-bit word.
    """
    length = end - start
    value, bad = _eight_digits(text.words[end - 8], np.clip(length, 0, 8))
    long = np.flatnonzero(length > 8)
    if long.size:
        high, high_bad = _eight_digits(text.words[np.maximum(end[long] - 16, 0)], np.minimum(length[long] - 8, 8))
        value[long] += high * 100_000_000
        bad[long] |= high_bad | (length[long] > 16)
    bad |= length <= 0
    value[bad] = 0
    return value, ~bad


def _eight_digits(words: NDArray[np.uint64], digits: Positions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Value of the last `digits` (0..8) characters of each word, and which words hold something else there."""
    # All operators work in place on one temporary: the block is in the processor's cache and allocations are not free.
    shift = ((8 - digits) << 3).view(np.uint64)
    word = words ^ np.uint64(0x3030303030303030)
    word >>= shift
    word <<= shift
    check = word + np.uint64(0x7676767676767676)
    check |= word
    check &= np.uint64(0x8080808080808080)
    word *= np.uint64(2561)
    word >>= np.uint64(8)
    word &= np.uint64(0x00FF00FF00FF00FF)
    word *= np.uint64(6553601)
    word >>= np.uint64(16)
    word &= np.uint64(0x0000FFFF0000FFFF)
    word *= np.uint64(42949672960001)
    word >>= np.uint64(32)
    return word.view(np.int64), check != 0


def integers(text: Text, start: Positions, end: Positions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Values of spans that hold an integer (sign and surrounding blanks allowed), and which spans do."""
    return _with_exceptions(text, start, end, integer)


def numbers(text: Text, start: Positions, end: Positions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Whole parts of spans that hold a number: integer, decimal ("1.0") or scientific ("1e+3"); and which spans do."""
    return _with_exceptions(text, start, end, number)


def _with_exceptions(
    text: Text, start: Positions, end: Positions, read: Callable[[bytes], int | None]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    value, good = decimals(text, start, end)
    rest = np.flatnonzero(~good & (end > start))
    if rest.size:
        code, distinct = intern(text, start[rest], end[rest])
        exact = [read(one) for one in distinct]
        value[rest] = np.array([one or 0 for one in exact], np.int64)[code]
        good[rest] = np.array([one is not None for one in exact])[code]
    return value, good


def integer(value: bytes) -> int | None:
    """An integer in decimal notation, cut to ±LARGEST; None when it is something else."""
    value = value.strip()
    if len(value) <= 18 and value.isdigit():  # nearly always, and small files are read number by number
        return int(value)
    if not _INTEGER.fullmatch(value):
        return None
    if len(value.lstrip(b"+-0")) > 19:  # Python refuses to read integers of thousands of digits
        return -LARGEST if value.startswith(b"-") else LARGEST
    sign = -1 if value.startswith(b"-") else 1
    return sign * min(int(value.lstrip(b"+-").lstrip(b"0") or b"0"), LARGEST)


def number(value: bytes) -> int | None:
    """Whole part of a number in integer, decimal or scientific notation; None when it is something else."""
    exact = integer(value)
    if exact is not None:
        return exact
    value = value.strip()
    if not _NUMBER.fullmatch(value):
        return None
    approximate = float(value)
    if approximate in (float("inf"), float("-inf")):
        return None
    return int(max(-LARGEST, min(approximate, LARGEST)))


def intern(text: Text, start: Positions, end: Positions) -> tuple[NDArray[np.int64], list[bytes]]:
    """Number the distinct values of the spans: a code per span, and the value of each code.

    Values are compared word by word through a hash; should two different values ever share one, they are told apart
    by comparing every span with the first of its group, and numbered one by one.
    """
    if not start.size:
        return np.zeros(0, np.int64), []
    length = np.maximum(end - start, 0)
    signature = _signature(text, start, length)
    _, first, code = np.unique(signature, return_index=True, return_inverse=True)
    code = code.reshape(-1).astype(np.int64, copy=False)
    if not _equal(text, start, length, first[code]):
        return _intern_one_by_one(text, start, end)
    return code, text.cut_all(start[first], start[first] + length[first])


def _signature(text: Text, start: Positions, length: Positions) -> NDArray[np.uint64]:
    signature = length.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    active = np.arange(start.size)
    for offset in range(0, int(length.max()), 8):
        active = active[length[active] > offset]
        word = _word(text, start[active], length[active], offset)
        mixed = (signature[active] ^ word) * np.uint64(0xD6E8FEB86659FD93)
        signature[active] = mixed ^ (mixed >> np.uint64(32))
    return signature


def _equal(text: Text, start: Positions, length: Positions, other: Positions) -> bool:
    if not np.array_equal(length, length[other]):
        return False
    active = np.flatnonzero(other != np.arange(start.size))
    for offset in range(0, int(length.max()), 8):
        active = active[length[active] > offset]
        mine = _word(text, start[active], length[active], offset)
        theirs = _word(text, start[other[active]], length[active], offset)
        if not np.array_equal(mine, theirs):
            return False
    return True


def _word(text: Text, start: Positions, length: Positions, offset: int) -> NDArray[np.uint64]:
    """The 8 bytes of each value from `offset` on, zeros past its end."""
    excess = (np.maximum(8 - (length - offset), 0) << 3).view(np.uint64)
    return (text.words[start + offset] << excess) >> excess


def _intern_one_by_one(text: Text, start: Positions, end: Positions) -> tuple[NDArray[np.int64], list[bytes]]:
    codes: dict[bytes, int] = {}
    code = [codes.setdefault(value, len(codes)) for value in text.cut_all(start, end)]
    return np.array(code, np.int64), list(codes)
