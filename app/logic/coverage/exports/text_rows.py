"""Text with a line per row of a report, made from columns of integers without an object per row."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.ragged import Ints, offsets_of

_ZERO: Final = ord("0")


@dataclass(frozen=True, slots=True)
class Where:
    """Pieces that only the rows of a mask have."""

    mask: NDArray[np.bool_]
    pieces: tuple["Piece", ...]


# The same bytes in every row (never NUL), a column of numbers from 0 on, or pieces of some rows.
Piece = bytes | NDArray[np.integer] | Where


@dataclass(frozen=True, slots=True)
class TextRows:
    """The text of all rows; that of row i is `text[offsets[i]:offsets[i + 1]]`."""

    text: bytes
    offsets: Ints

    def cut(self, bounds: Sequence[int] | Ints) -> list[bytes]:
        """Return the texts between the given rows, one less than there are bounds."""
        at = self.offsets[bounds].tolist()
        return [self.text[start:end] for start, end in itertools.pairwise(at)]

    def insert(self, rows: Ints, pieces: Sequence[bytes]) -> "TextRows":
        """Return the texts with a piece more behind each of the ascending rows."""
        if not len(rows):
            return self
        parts = self.cut(np.concatenate([[0], rows + 1, [len(self.offsets) - 1]]))
        text = b"".join([part for pair in zip(parts, [*pieces, b""], strict=True) for part in pair])
        longer = np.zeros(len(self.offsets) - 1, dtype=np.int64)
        np.add.at(longer, rows, [len(piece) for piece in pieces])
        return TextRows(text, self.offsets + offsets_of(longer))


def text_rows(rows: int, *pieces: Piece) -> TextRows:
    """Return the text of so many rows, the pieces of each one after another.

    Every row is first laid out as wide as the widest, with NUL where it has no character, and then narrowed at once.
    """
    width = sum(_width(piece) for piece in pieces)
    cells = np.empty((rows, width), dtype=np.uint8)
    lengths = np.zeros(rows, dtype=np.int64)
    column = 0
    for piece in pieces:
        column = _lay_out(piece, cells, column, lengths, None)
    return TextRows(cells.tobytes().translate(None, b"\0"), offsets_of(lengths))


def _width(piece: Piece) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    if isinstance(piece, Where):
        return sum(_width(inner) for inner in piece.pieces)
    return len(str(int(piece.max(initial=0))))


def _lay_out(piece: Piece, cells: NDArray[np.uint8], column: int, lengths: Ints, mask: NDArray[np.bool_] | None) -> int:
    """Write a piece at a column and add to the lengths of the rows; return the column behind it."""
    if isinstance(piece, Where):
        for inner in piece.pieces:
            column = _lay_out(inner, cells, column, lengths, piece.mask)
        return column
    width = _width(piece)
    if isinstance(piece, bytes):
        for byte in piece:
            cells[:, column] = byte if mask is None else mask * np.uint8(byte)
            column += 1
        lengths += width if mask is None else mask * width
        return column
    rest = piece.astype(np.uint32)
    for place in range(width):
        tens = rest // np.uint32(10)
        digit = (rest - tens * np.uint32(10)).astype(np.uint8)
        digit += np.uint8(_ZERO)
        # The last digit is always written, another only if the number reaches so far.
        has_digit = mask
        if place:
            has_digit = rest > 0 if mask is None else mask & (rest > 0)
        if has_digit is not None:
            digit *= has_digit
        lengths += 1 if has_digit is None else has_digit
        cells[:, column + width - 1 - place] = digit
        rest = tens
    return column + width
