"""Strict XML engine: a streaming parser that recovers from errors and reads whatever the fast engine declines."""

import codecs
import re
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Final

import numpy as np
from lxml import etree

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.scan import GUARD, Positions, Text
from app.logic.coverage.formats.xml_shape import MAX_DEPTH, TEXT, Block, Elements, Shape, Tag

_OTHER_ENCODINGS: Final = re.compile(
    r"iso-?8859-\d{1,2}|latin-?1|(windows-|cp)125\d|shift_jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5|koi8-[ru]",
    re.IGNORECASE,
)
_CONTROL_CHARACTERS: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_REPAIR: Final = bytes.maketrans(_CONTROL_CHARACTERS, b"?" * len(_CONTROL_CHARACTERS))


class StrictReader:
    """Reads one document; `truncated` tells, after the last block, whether it ended inside the root element."""

    def __init__(self, data: bytes, root: int, encoding: str, shape: Shape, block_size: int) -> None:
        self.truncated = False
        self._data = data
        self._root = root
        self._encoding = encoding if _OTHER_ENCODINGS.fullmatch(encoding) else "utf-8"
        self._shape = shape
        self._block_size = block_size

    def blocks(self) -> Iterator[Block]:
        """Yield the wanted elements; raises FormatError too_deep, or corrupt when there is no element at all.

        The parser is fed from the root element on, so no document type and no entity is ever declared: predefined
        entities and character references are resolved, others are left out.
        """
        wants_text = any(tag.text for tag in self._shape.wanted.values())
        target = _TextTarget(self._shape) if wants_text else _Target(self._shape)
        parser = etree.XMLParser(
            target=target,  # type: ignore[arg-type]  # lxml needs only these methods of its target interface
            encoding="utf-8",
            recover=True,
            huge_tree=True,
            resolve_entities="internal",  # type: ignore[arg-type]  # the stubs do not know this value yet
            load_dtd=False,
            no_network=True,
        )
        try:
            for piece in self._pieces():
                parser.feed(piece)
                yield target.flush()
            self.truncated = target.depth > 0
            parser.close()
        except etree.XMLSyntaxError:
            self.truncated = True
        if not target.order:
            raise FormatError("corrupt", "no XML element")
        yield target.flush()

    def _pieces(self) -> Iterator[bytes]:
        """The document from its root element to its last complete tag, as UTF-8 without forbidden characters."""
        end = self._data.rfind(b">") + 1
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        for start in range(self._root, end, self._block_size):
            stop = min(start + self._block_size, end)
            piece = self._data[start:stop]
            if self._encoding != "utf-8" or not piece.isascii() or decoder.getstate()[0]:
                piece = decoder.decode(piece, stop == end).replace("\ufffe", "?").replace("\uffff", "?").encode()
            yield piece.translate(_REPAIR)


class _Column:
    """The elements of one name since the last flush, and the open one (`current`, -1 if none) with those around it.

    `places` holds owner, depth and order of the elements one after another: plain values, which the garbage collector
    does not have to visit.
    """

    __slots__ = ("attributes", "count", "current", "is_parent", "is_text", "names", "outer", "parent", "places")

    def __init__(self, tag: Tag) -> None:
        self.names = (*tag.attributes, TEXT) if tag.text else tag.attributes
        self.parent: _Column | None = None
        self.is_parent = False
        self.is_text = tag.text
        self.count = 0
        self.current = -1
        self.outer: list[int] = []
        self.attributes: list[Mapping[str, str]] = []
        self.places: list[int] = []

    def flush(self) -> Elements:
        owner, depth, order = np.array(self.places, np.int64).reshape(-1, 3).T.copy()
        written: list[bytes] = []
        position = GUARD
        spans = {}
        for name in self.names:
            try:
                values = list(map(itemgetter(name), self.attributes))
                rows = None
            except KeyError:
                rows = [row for row, attributes in enumerate(self.attributes) if name in attributes]
                values = [self.attributes[row][name] for row in rows]
            if not values:
                continue
            column, length = _encoded(values)
            end = position + np.cumsum(length)
            start = end - length
            if rows is not None:
                start, end = _scattered(start, rows, len(order)), _scattered(end, rows, len(order))
            position += len(column)
            written.append(column)
            spans[name] = start, end
        self.attributes, self.places = [], []
        return Elements(Text(b"".join(written)), self.count - len(order), owner, depth, order, spans, escaped=False)


def _encoded(values: list[str]) -> tuple[bytes, Positions]:
    """All values in one, and the length of each in bytes."""
    joined = "".join(values)
    if joined.isascii():
        return joined.encode(), np.fromiter(map(len, values), np.int64, len(values))
    pieces = [value.encode() for value in values]
    return b"".join(pieces), np.fromiter(map(len, pieces), np.int64, len(pieces))


def _scattered(column: Positions, rows: list[int], size: int) -> Positions:
    result = np.zeros(size, np.int64)
    result[rows] = column
    return result


class _Target:
    """Collects what the parser reports; the methods without underscore and their names are those of lxml's targets."""

    def __init__(self, shape: Shape) -> None:
        self.depth = 0
        self.order = 0
        self._columns = {name: _Column(tag) for name, tag in shape.wanted.items()}
        self._starting: dict[str, _Column | None] = {}  # by name with namespace
        self._ending: dict[str, _Column] = {}  # only those whose end says something
        self._text: list[str] = []
        self._in_text = False
        self._text_attributes: Mapping[str, str] = {}
        self._text_place: tuple[int, int, int] = (-1, 0, 0)
        for name, tag in shape.wanted.items():
            if tag.within is not None:
                self._columns[name].parent = self._columns[tag.within]
                self._columns[tag.within].is_parent = True

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        depth = self.depth
        if depth >= MAX_DEPTH:
            raise FormatError("too_deep", f"more than {MAX_DEPTH} elements inside each other")
        self.depth = depth + 1
        self.order += 1
        try:
            column = self._starting[tag]
        except KeyError:
            column = self._meet(tag)
        if column is None:
            return
        parent = column.parent
        place = (-1 if parent is None else parent.current, depth, self.order)
        if column.is_text:
            self._text.clear()
            self._in_text, self._text_place, self._text_attributes = True, place, attributes
            return
        column.attributes.append(attributes)
        column.places.extend(place)
        if column.is_parent:
            column.outer.append(column.current)
            column.current = column.count
        column.count += 1

    def end(self, tag: str) -> None:
        self.depth -= 1
        column = self._ending.get(tag)
        if column is None:
            return
        if column.is_parent:
            column.current = column.outer.pop()
        elif self._in_text:
            text = "".join(self._text)
            column.attributes.append({**self._text_attributes, TEXT: text} if self._text_attributes else {TEXT: text})
            column.places.extend(self._text_place)
            column.count += 1
            self._in_text = False

    def close(self) -> None:
        """Nothing is left to do: the columns are taken block by block."""

    def flush(self) -> Block:
        if not self._in_text:
            self._text.clear()
        return {name: column.flush() for name, column in self._columns.items() if column.places}

    def _meet(self, tag: str) -> _Column | None:
        column = self._columns.get(tag.rpartition("}")[2])
        self._starting[tag] = column
        if column is not None and (column.is_parent or column.is_text):
            self._ending[tag] = column
        return column


class _TextTarget(_Target):
    """Collects text, too; what stands between the wanted elements is thrown away when the next one starts.

    The parser calls `append` itself, because a call of a method for all the blanks between elements is expensive.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.data = self._text.append
