"""The tags of a block of XML as columns: where they are, what they are called, whether they open or close."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.scan import GUARD, Positions, Text, positions

_LESS, _GREATER, _QUOTE, _SLASH, _BLANK, _AMPERSAND = b'<>"/ &'
# A prefix is part of the name: only those that the shape knows in this form are no reason to decline.
_NAME: Final = re.compile(rb"([A-Za-z_][A-Za-z0-9_.:-]*)[ />]")
_LONGEST_NAME: Final = 40
_REFERENCES: Final = (b"&lt;", b"&gt;", b"&amp;", b"&quot;", b"&apos;")

Flags = NDArray[np.bool_]


class Unusual(Exception):
    """The document has something that only the strict engine reads exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """All tags of a block in document order.

    `start` and `end` are the positions of `<` and `>`, `name_end` is behind the name, `name` its code. `delta` is the
    change of depth: 1 start tag, 0 empty element, -1 end tag. The `values` quoted values of a tag are between
    the marks (positions of `<`, `>` and `"`) from `first_quote` on.
    """

    text: Text
    marks: Positions
    first_quote: Positions
    values: Positions
    start: Positions
    end: Positions
    name: NDArray[np.int8]
    name_end: Positions
    closing: Flags
    delta: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.start)

    def names(self) -> list[int]:
        """The codes of the names that occur."""
        return np.flatnonzero(np.bincount(self.name)).tolist()

    def elements(self, code: int) -> Flags:
        """Where an element of this name starts."""
        chosen: Flags = (self.name == code) & ~self.closing
        return chosen


class TagReader:
    """Reads the tags of one document's blocks; elements are called as one of `names`."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.codes = {name: code for code, name in enumerate(names)}
        self._lengths = np.array([len(name) for name in names], np.int64)
        self._beginnings: list[bytes] = []  # name and delimiter, the most frequent of the last block first

    def read(self, text: Text) -> Tags:
        """The tags of a block, which starts with `<` and ends in front of one; raises Unusual."""
        _check_characters(text)
        raw = text.raw
        marks = positions(text, _LESS, _GREATER, _QUOTE)
        kind = raw[marks]
        first = np.flatnonzero(kind == _LESS)
        last = np.append(first[1:], marks.size) - 1
        quotes = last - first - 1
        if (kind[last] != _GREATER).any() or np.count_nonzero(kind == _GREATER) != first.size or (quotes & 1).any():
            raise Unusual("a stray <, > or quote")
        start, end = marks[first], marks[last]
        closing = raw[start + 1] == _SLASH
        name, name_end = self._names(text, start + 1 + closing)
        empty = raw[end - 1] == _SLASH
        _check_tails(raw, np.where(quotes > 0, marks[last - 1] + 1, name_end), end, empty)
        if (quotes[closing] > 0).any() or empty[closing].any() or (end != name_end)[closing].any():
            raise Unusual("an end tag with more than a name")
        delta = np.where(closing, -1, np.where(empty, 0, 1)).astype(np.int8)
        return Tags(text, marks, first + 1, quotes >> 1, start, end, name, name_end, closing, delta)

    def _names(self, text: Text, at: Positions) -> tuple[NDArray[np.int8], Positions]:
        """Code and end of the name at each position.

        One name after the other is taken out of the tags that are left, so that a name costs one comparison of words
        of ever fewer tags.
        """
        code = np.empty(at.size, np.int8)
        found: dict[bytes, int] = {}
        known = iter(self._beginnings)
        rest = np.arange(at.size)
        words = text.words[at]
        while rest.size:
            beginning = next(known, None) or self._beginning(text, int(at[rest[0]]))
            same = (words ^ np.uint64(int.from_bytes(beginning[:8], "little"))) << np.uint64(
                8 * max(8 - len(beginning), 0)
            ) == 0
            for offset in range(8, len(beginning), 8):
                piece = beginning[offset : offset + 8]
                candidates = np.flatnonzero(same)
                word = text.words[at[rest[candidates]] + offset] ^ np.uint64(int.from_bytes(piece, "little"))
                same[candidates] = word << np.uint64(8 * (8 - len(piece))) == 0
            taken = rest[same]
            code[taken] = self.codes[beginning[:-1].decode()]
            found[beginning] = found.get(beginning, 0) + taken.size
            other = ~same
            rest, words = rest[other], words[other]
        self._beginnings = sorted((one for one, count in found.items() if count), key=lambda one: -found[one])
        return code, at + self._lengths[code]

    def _beginning(self, text: Text, at: int) -> bytes:
        match = _NAME.match(text.cut(at, at + _LONGEST_NAME))
        if match is None or match[1].decode() not in self.codes:
            raise Unusual("an unknown element")
        return match[0]


def _check_characters(text: Text) -> None:
    """Valid UTF-8 without control characters, and no references but to the five predefined entities."""
    raw = text.raw
    control = np.count_nonzero(raw < 32) - 2 * GUARD
    if control and control != sum(np.count_nonzero(raw == blank) for blank in b"\n\t\r"):
        raise Unusual("a control character")
    if raw.max() >= 0x80:
        block = raw[GUARD:-GUARD].tobytes()
        try:
            block.decode()
        except UnicodeDecodeError:
            raise Unusual("not UTF-8") from None
        if b"\xef\xbf" in block:
            raise Unusual("a non-character")
    references = positions(text, _AMPERSAND)
    for reference in _REFERENCES:
        if not references.size:
            break
        word = text.words[references] ^ np.uint64(int.from_bytes(reference, "little"))
        references = references[word << np.uint64(8 * (8 - len(reference))) != 0]
    if references.size:
        raise Unusual("a character reference or an entity")


def _check_tails(raw: NDArray[np.uint8], tail: Positions, end: Positions, empty: Flags) -> None:
    """Between the last quote or the name and `>` there may be a blank, a slash, or both in this order."""
    length = end - tail
    blank = length - empty  # what is left beside the slash is one blank or nothing
    if ((blank != 0) & ((blank != 1) | (raw[tail] != _BLANK))).any():
        raise Unusual("something behind the last attribute")
