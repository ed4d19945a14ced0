"""What an XML format wants of a document, and the columns both XML engines deliver."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import unescape

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats import scan
from app.logic.coverage.formats.scan import Positions, Text

TEXT: Final = "#text"  # name of the pseudo attribute that holds the text of an element
MAX_DEPTH: Final = 200

_QUOTES: Final = {"&quot;": '"', "&apos;": "'"}
Flags = NDArray[np.bool_]

_BLANKS: Final = str.maketrans("\t\n\r", "   ")


@dataclass(frozen=True, slots=True)
class Tag:
    """What is wanted of an element: attributes, the enclosing element of this name, and the text."""

    attributes: tuple[str, ...] = ()
    within: str | None = None
    text: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Wanted elements by local name, and further names that are nothing unusual in documents of the format."""

    wanted: Mapping[str, Tag]
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """The elements of one name in one block, in document order.

    `first` is the ordinal of the first one among all elements of this name in the document. `owner` is the ordinal of
    the nearest enclosing `Tag.within` element, -1 outside of any. `order` ascends over all elements of the document,
    whatever their name. `spans` holds (start, end) in `text` for the attributes that occur; `escaped` says that values
    are still as written in the document.
    """

    text: Text
    first: int
    owner: Positions
    depth: Positions
    order: Positions
    spans: Mapping[str, tuple[Positions, Positions]]
    escaped: bool

    def __len__(self) -> int:
        return len(self.order)

    def span(self, name: str) -> tuple[Positions, Positions]:
        """Start and end of the attribute in each element, (0, 0) where it is absent."""
        found = self.spans.get(name)
        if found is not None:
            return found
        absent = np.zeros(len(self), np.int64)
        return absent, absent

    def present(self, name: str) -> Flags:
        return self.span(name)[1] > 0

    def integers(self, name: str, rows: Positions | slice = slice(None)) -> tuple[Positions, Flags]:
        """Integer values of the attribute in the chosen elements, and where there is one."""
        start, end = self.span(name)
        return scan.integers(self.text, start[rows], end[rows])

    def numbers(self, name: str, rows: Positions | slice = slice(None)) -> tuple[Positions, Flags]:
        """Whole parts of the numbers in the attribute of the chosen elements, and where there is one."""
        start, end = self.span(name)
        return scan.numbers(self.text, start[rows], end[rows])

    def equals(self, name: str, value: bytes, *, ignore_case: bool = False) -> Flags:
        """Where the attribute is `value` (lower-case letters only, where case is ignored)."""
        same = np.zeros(len(self), np.bool_)
        if name not in self.spans:
            return same
        start, end = self.spans[name]
        rows = np.flatnonzero(end - start == len(value))
        for offset in range(0, len(value), 8):
            piece = value[offset : offset + 8]
            word = self.text.words[start[rows] + offset]
            if ignore_case:
                word = word | np.uint64(0x2020202020202020)
            mask = np.uint64(2 ** (8 * len(piece)) - 1)
            rows = rows[word & mask == np.uint64(int.from_bytes(piece, "little"))]
        same[rows] = True
        return same

    def intern(self, name: str, rows: Positions | slice = slice(None)) -> tuple[Positions, list[str]]:
        """A code for each chosen element, and the value of the attribute for each code ("" where it is absent)."""
        start, end = self.span(name)
        code, values = scan.intern(self.text, start[rows], end[rows])
        return code, [self._decode(name, value) for value in values]

    def values(self, name: str) -> list[str | None]:
        """The attribute of every element, None where it is absent."""
        start, end = self.span(name)
        return [
            self._decode(name, self.text.cut(s, e)) if e else None
            for s, e in zip(start.tolist(), end.tolist(), strict=True)
        ]

    def value(self, name: str, row: int) -> str | None:
        """The attribute of one element, None where it is absent."""
        start, end = self.span(name)
        return self._decode(name, self.text.cut(int(start[row]), int(end[row]))) if end[row] else None

    def _decode(self, name: str, value: bytes) -> str:
        text = value.decode(errors="replace")
        if not self.escaped:
            return text
        if not text.isprintable():
            text = text.replace("\r\n", "\n")
            text = text.replace("\r", "\n") if name == TEXT else text.translate(_BLANKS)
        return unescape(text, _QUOTES) if "&" in text else text


Block = Mapping[str, Elements]
