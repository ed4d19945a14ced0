"""Strict XML engine: a streaming parser that recovers from errors and reads whatever the fast engine declines."""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from lxml import etree

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.scan import GUARD, Text
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
        target = _Target(self._shape)
        parser = etree.XMLParser(
            target=target,  # type: ignore[arg-type]  # lxml needs only these methods of its target interface
            encoding="utf-8",
            recover=True,
            huge_tree=True,
            resolve_entities=False,
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
    """The elements of one name since the last flush, and the open one (`current`, -1 if none) with those around it."""

    __slots__ = ("count", "current", "is_parent", "outer", "parent", "places", "rows", "tag")

    def __init__(self, tag: Tag) -> None:
        self.tag = tag
        self.parent: _Column | None = None
        self.is_parent = False
        self.count = 0
        self.current = -1
        self.outer: list[int] = []
        self.rows: list[list[str | None]] = []
        self.places: list[tuple[int, int, int]] = []

    def flush(self) -> Elements:
        owner, depth, order = np.array(self.places, np.int64).T
        names = [*self.tag.attributes, TEXT] if self.tag.text else self.tag.attributes
        written: list[bytes] = []
        position = GUARD
        spans = {}
        for name, values in zip(names, zip(*self.rows, strict=True), strict=True):
            absent = values.count(None)
            if absent == len(values):
                continue
            encoded = [value.encode() if value else b"" for value in values]
            length = np.fromiter(map(len, encoded), np.int64, len(encoded))
            end = position + np.cumsum(length)
            start = end - length
            position = int(end[-1])
            written += encoded
            if absent:
                missing = np.array([value is None for value in values])
                start[missing] = end[missing] = 0
            spans[name] = start, end
        first = self.count - len(self.rows)
        self.rows, self.places = [], []
        return Elements(Text(b"".join(written)), first, owner, depth, order, spans, escaped=False)


class _Target:
    """Collects what the parser reports; the methods without underscore and their names are those of lxml's targets."""

    def __init__(self, shape: Shape) -> None:
        self.depth = 0
        self.order = 0
        self._columns = {name: _Column(tag) for name, tag in shape.wanted.items()}
        self._by_tag: dict[str, _Column | None] = {}
        self._text: list[str] | None = None
        self._text_place = (-1, 0, 0)
        self._text_row: list[str | None] = []
        for column in self._columns.values():
            if column.tag.within is not None:
                column.parent = self._columns[column.tag.within]
                column.parent.is_parent = True

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        try:
            column = self._by_tag[tag]
        except KeyError:
            column = self._by_tag[tag] = self._columns.get(tag.rpartition("}")[2])
        self.order += 1
        self.depth += 1
        if column is None:
            if self.depth > MAX_DEPTH:
                raise FormatError("too_deep", f"more than {MAX_DEPTH} elements inside each other")
            return
        get = attributes.get
        row = [get(name) for name in column.tag.attributes]
        place = (column.parent.current if column.parent is not None else -1, self.depth - 1, self.order)
        if column.tag.text:
            self._text, self._text_place, self._text_row = [], place, row
            return
        column.rows.append(row)
        column.places.append(place)
        if column.is_parent:
            column.outer.append(column.current)
            column.current = column.count
        column.count += 1

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        self.depth -= 1
        column = self._by_tag[tag]
        if column is None:
            return
        if column.is_parent:
            column.current = column.outer.pop()
        elif column.tag.text and self._text is not None:
            column.rows.append([*self._text_row, "".join(self._text)])
            column.places.append(self._text_place)
            column.count += 1
            self._text = None

    def close(self) -> None:
        """Nothing is left to do: the columns are taken block by block."""

    def flush(self) -> Block:
        return {name: column.flush() for name, column in self._columns.items() if column.rows}
