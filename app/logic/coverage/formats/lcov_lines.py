"""Lines of a block of an LCOV tracefile, and vectorised reading of its usual records."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import pair_codes
from app.logic.coverage.formats.digits import leading
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.lines import Lines
from app.logic.coverage.formats.scan import Positions, decimals

_COMMA: Final = ord(",")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_MINUS: Final = ord("-")
_UNDERSCORE: Final = ord("_")
_IGNORED: Final = (b"TN:", b"LF:", b"LH:", b"FNF:", b"FNH:", b"FNDA:", b"BRF:", b"BRH:", b"VER:", b"MCDC:")

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


class RecordLines(Lines):
    """Lines that start with the key of their record."""

    def __init__(self, block: bytes) -> None:
        super().__init__(block)
        self._word = self.text.words[self.start]

    def starting(self, key: bytes) -> Mask:
        """Which lines start with a key of up to 8 bytes."""
        return _starting(self._word, key)

    def worth_reading(self, index: Positions) -> Positions:
        """Those of the given lines that are not empty and not of a kind that says nothing about lines."""
        word = self._word[index]
        boring = self.end[index] <= self.start[index]
        for key in _IGNORED:
            boring |= _starting(word, key)
        interesting: Positions = index[~boring]
        return interesting


def _starting(words: NDArray[np.uint64], key: bytes) -> Mask:
    mask = np.uint64((1 << 8 * len(key)) - 1)
    found: Mask = (words & mask) == np.uint64(int.from_bytes(key, "little"))
    return found


def usual_da(lines: RecordLines, index: Positions) -> tuple[Mask, Ints, Ints]:
    """Read DA records `line,hits` of plain digits: which of them are such, and line and hits of these."""
    line, at, good = _line_number(lines, lines.start[index] + len("DA:"))
    hits, plain = decimals(lines.text, at, lines.end[index])
    good &= plain
    return good, line[good], np.minimum(hits[good], MAX_HITS)


def usual_brda(lines: RecordLines, index: Positions) -> tuple[Mask, Ints, Ints, Mask]:
    """Read BRDA records of decimal fields: which of them are such, and line, code of the arm and taken of these."""
    end = lines.end[index]
    line, at, good = _line_number(lines, lines.start[index] + len("BRDA:"))
    block, at, fine = leading(lines.text, at, _COMMA)
    good &= fine
    arm, at, fine = leading(lines.text, at, _COMMA)
    good &= fine
    _, plain = decimals(lines.text, at, end)
    byte = lines.text.raw[np.minimum(at, end)]
    single = end - at == 1
    good &= plain | (single & (byte == _MINUS))
    missed = single & ((byte == _MINUS) | (byte == _ZERO))
    return good, line[good], pair_codes(block[good], arm[good]), ~missed[good]


def usual_fn(lines: RecordLines, index: Positions) -> tuple[Mask, Ints, Mask]:
    """Read FN records `line,name` whose name is no number: which of them are such, and line and "mangled" of these."""
    line, at, good = _line_number(lines, lines.start[index] + len("FN:"))
    first, second = lines.text.raw[np.minimum(at, lines.end[-1])], lines.text.raw[np.minimum(at + 1, lines.end[-1])]
    good &= (first < _ZERO) | (first > _NINE)
    mangled = (first == _UNDERSCORE) & ((second == ord("Z")) | (second == ord("G")))
    return good, line[good], mangled[good]


def _line_number(lines: RecordLines, start: Positions) -> tuple[Ints, Positions, Mask]:
    line, at, good = leading(lines.text, start, _COMMA)
    good &= (lines.text.raw[start] != _ZERO) & (line <= MAX_LINE)
    return line, at, good
