"""Vectorised reading of the usual records of LCOV tracefiles."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import pair_codes
from app.logic.coverage.formats.digits import Ints, Mask, leading, pair, two_leading
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.lines import Lines
from app.logic.coverage.formats.scan import Positions, decimals

_IGNORED: Final = (b"TN:", b"LF:", b"LH:", b"FNF:", b"FNH:", b"FNDA:", b"BRF:", b"BRH:", b"VER:", b"MCDC:")
_COMMA: Final = ord(",")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_MINUS: Final = ord("-")


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Numbers of the lines of a block by the key of their record; those that say nothing of lines are left out."""

    da: Positions
    brda: Positions
    fn: Positions
    others: Positions


def sort_out(lines: Lines) -> Kinds:
    """Find the records of each kind."""
    raw = lines.text.raw
    is_d = raw[lines.start] == ord("D")
    da, not_da = np.flatnonzero(is_d), np.zeros(0, np.int64)
    second = lines.start[da] + 1
    is_da = (raw[second] == ord("A")) & (raw[second + 1] == ord(":"))
    if not is_da.all():
        da, not_da = da[is_da], da[~is_da]
    rest = np.flatnonzero(~is_d)
    start = lines.start[rest]
    words = lines.text.words[start]
    is_brda, is_fn = _begins(words, b"BRDA:"), _begins(words, b"FN:")
    silent = is_brda | is_fn | (lines.end[rest] == start)
    for key in _IGNORED:
        silent |= _begins(words, key)
    return Kinds(da, rest[is_brda], rest[is_fn], np.concatenate([not_da, rest[~silent]]))


def _begins(words: NDArray[np.uint64], key: bytes) -> Mask:
    """Which words begin with a key of less than eight bytes."""
    found: Mask = (words << np.uint64(64 - 8 * len(key))) == np.uint64(int.from_bytes(key.rjust(8, b"\0"), "little"))
    return found


def usual_da(lines: Lines, index: Positions) -> tuple[Positions, Positions, Ints, Ints]:
    """Read DA records `line,hits` of plain digits: those that are none; and those that are, their lines and hits."""
    start = lines.start[index] + len("DA:")
    line, hits, good = pair(lines.text, start, lines.end[index], _COMMA)
    good &= _is_line(lines, start, line)
    np.minimum(hits, MAX_HITS, out=hits)
    if good.all():
        return index[:0], index, line, hits
    return index[~good], index[good], line[good], hits[good]


def usual_brda(lines: Lines, index: Positions) -> tuple[Positions, Positions, Ints, Ints, Mask]:
    """Read BRDA records of decimal fields: those that are none; and those that are, their lines, arms and "taken"."""
    start, end = lines.start[index] + len("BRDA:"), lines.end[index]
    line, at, good = leading(lines.text, start, _COMMA)
    good &= _is_line(lines, start, line)
    block, arm, at, fine = two_leading(lines.text, at, _COMMA)
    good &= fine
    byte = lines.text.raw[np.minimum(at, end)]
    single = end - at == 1
    good &= ~single | (byte == _MINUS) | _is_digit(byte)
    longer = np.flatnonzero(~single)
    good[longer] &= decimals(lines.text, at[longer], end[longer])[1]
    taken = ~single | ((byte != _MINUS) & (byte != _ZERO))
    code = pair_codes(block, arm)
    if good.all():
        return index[:0], index, line, code, taken
    return index[~good], index[good], line[good], code[good], taken[good]


def usual_fn(lines: Lines, index: Positions) -> tuple[Positions, Positions, Ints, Mask]:
    """Read FN records whose name is no number: those that are none; and those that are, their lines and "mangled"."""
    start = lines.start[index] + len("FN:")
    line, at, good = leading(lines.text, start, _COMMA)
    raw, last = lines.text.raw, lines.end[-1]
    first, second = raw[np.minimum(at, last)], raw[np.minimum(at + 1, last)]
    good &= _is_line(lines, start, line) & ~_is_digit(first)
    mangled = (first == ord("_")) & ((second == ord("Z")) | (second == ord("G")))
    return index[~good], index[good], line[good], mangled[good]


def _is_line(lines: Lines, start: Positions, line: Ints) -> Mask:
    """Which fields spell a line number: in range, and without leading zeros."""
    good: Mask = (lines.text.raw[start] != _ZERO) & (line <= MAX_LINE)
    return good


def _is_digit(byte: NDArray[np.uint8]) -> Mask:
    digit: Mask = (byte >= _ZERO) & (byte <= _NINE)
    return digit
