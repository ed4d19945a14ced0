"""Records whose fields are elements with text, joined from whatever blocks these come in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.limits import MAX_HITS
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import TEXT, Block, Elements, Flags

_Narrow = NDArray[np.int32]


class Fields:
    """The fields of all `record` elements of one document. A record that repeats a field has its last value.

    Numbers are cut to -1..MAX_HITS, which keeps good ones as they are: memory is 8 bytes a field.
    """

    def __init__(self, record: str, numbers: Sequence[str], texts: Sequence[str]) -> None:
        self.size = 0
        self.names: list[str] = []  # the texts of all fields; a text field holds positions in it
        self._record = record
        self._numbers = numbers
        self._texts = texts
        self._codes: dict[str, int] = {}
        self._owner: dict[str, list[_Narrow]] = {name: [] for name in (*numbers, *texts)}
        self._value: dict[str, list[_Narrow]] = {name: [] for name in (*numbers, *texts)}

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if self._record in block:
            self.size = block[self._record].first + len(block[self._record])
        for name in self._numbers:
            if name in block:
                value, good = block[name].numbers(TEXT)
                rows = np.flatnonzero(good & (block[name].owner >= 0))
                self._add(name, block[name], rows, value[rows])
        for name in self._texts:
            if name in block:
                rows = np.flatnonzero(block[name].owner >= 0)
                code, texts = block[name].intern(TEXT, rows)
                numbers = np.array([self._code(text.strip()) for text in texts], np.int64)
                self._add(name, block[name], rows, numbers[code])

    def column(self, name: str) -> tuple[Positions, Flags]:
        """Return the value of the field in every record, and where there is one."""
        values, present = np.zeros(self.size, np.int64), np.zeros(self.size, np.bool_)
        for owner, value in zip(self._owner.pop(name), self._value.pop(name), strict=True):
            values[owner] = value
            present[owner] = True
        return values, present

    def _code(self, text: str) -> int:
        code = self._codes.setdefault(text, len(self._codes))
        if code == len(self.names):
            self.names.append(text)
        return code

    def _add(self, name: str, elements: Elements, rows: Positions, value: Positions) -> None:
        self._owner[name].append(elements.owner[rows].astype(np.int32))
        self._value[name].append(np.clip(value, -1, MAX_HITS).astype(np.int32))
