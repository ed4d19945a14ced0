"""Records about several lines at once, as the .NET tools write them, made one row a line."""

from typing import Final

import numpy as np

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import Flags
from app.logic.coverage.ragged import spread

_BYTES_PER_LINE: Final = 16  # of a document; real ones have about a hundred


class Spreader:
    """Spreads the spans of one document of `size` bytes, which a few hostile bytes could make billions of lines."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lines = 0

    def spread(self, first: Positions, last: Positions) -> tuple[Positions, Positions]:
        """Return, for every line of the spans `first`..`last`, the index of its span and its number.

        A span that ends before it starts is its first line. Raises FormatError too_large.
        """
        length = np.maximum(last - first, 0) + 1
        self._lines += int(length.sum())
        if self._lines > 2 * MAX_LINE + self._size // _BYTES_PER_LINE:
            raise FormatError("too_large", f"records span {self._lines} lines in {self._size} bytes")
        return np.repeat(np.arange(len(first)), length), spread(first, length)


def plausible(first: Positions, last: Positions) -> Flags:
    """Tell which spans are inside the lines that a file may have."""
    good: Flags = (first >= 1) & (first <= MAX_LINE) & (last <= MAX_LINE)
    return good
