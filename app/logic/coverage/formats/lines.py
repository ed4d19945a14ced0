"""Text files of records by line, in blocks of whole lines."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from app.logic.coverage.formats.scan import GUARD, Positions, Text, positions

_NEWLINE: Final = ord("\n")
_RETURN: Final = ord("\r")


def cut_at_lines(data: bytes, size: int) -> Iterator[memoryview]:
    """Blocks of whole lines: at most `size` bytes, or one line where that is longer."""
    view = memoryview(data)
    start = 0
    while start < len(data):
        end = len(data)
        if end - start > size:
            end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start + size) + 1 or end
        yield view[start:end]
        start = end


class Lines:
    """The lines of a block that is not empty: where each starts and ends in `text`, without the line end."""

    def __init__(self, block: memoryview) -> None:
        self._block = block
        self.text = Text(block)
        end = positions(self.text, _NEWLINE)
        if block[-1] != _NEWLINE:
            end = np.append(end, GUARD + len(block))
        self.start: Positions = np.empty_like(end)
        self.start[0] = GUARD
        np.add(end[:-1], 1, out=self.start[1:])
        returns = self.text.raw[end - 1] == _RETURN
        self.end: Positions = end - returns if returns.any() else end

    def __len__(self) -> int:
        return len(self.start)

    def cut(self, index: Positions) -> list[bytes]:
        """The given lines without surrounding blanks."""
        start, end = self.start[index] - GUARD, self.end[index] - GUARD
        return [bytes(self._block[i:j]).strip() for i, j in zip(start.tolist(), end.tolist(), strict=True)]
