"""Text files of records by line, in blocks of whole lines."""

from collections.abc import Iterator

import numpy as np

from app.logic.coverage.formats.scan import GUARD, Positions, Text, positions


def cut_at_lines(data: bytes, size: int) -> Iterator[bytes]:
    """Blocks of whole lines: at most `size` bytes, or one line where that is longer."""
    start = 0
    while start < len(data):
        end = len(data)
        if end - start > size:
            end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start + size) + 1 or end
        yield data[start:end]
        start = end


class Lines:
    """The lines of a block that is not empty: where each starts and ends in `text`, without the line end."""

    def __init__(self, block: bytes) -> None:
        self.text = Text(block)
        end = positions(self.text, 10)
        if not block.endswith(b"\n"):
            end = np.append(end, GUARD + len(block))
        self.start: Positions = np.empty_like(end)
        self.start[0] = GUARD
        np.add(end[:-1], 1, out=self.start[1:])
        if b"\r" in block:
            end = end - (self.text.raw[end - 1] == 13)
        self.end: Positions = end

    def __len__(self) -> int:
        return len(self.start)

    def cut(self, index: int) -> bytes:
        """A line without surrounding blanks."""
        return self.text.cut(int(self.start[index]), int(self.end[index])).strip()
