"""Fast XML engine: reads plain, well-formed documents block by block without a loop over elements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from app.logic.coverage.formats.scan import Positions, Text
from app.logic.coverage.formats.xml_attributes import element_text, read_attributes
from app.logic.coverage.formats.xml_shape import MAX_DEPTH, TEXT, Block, Elements, Shape
from app.logic.coverage.formats.xml_tags import TagReader, Tags, Unusual

_SLASH: Final = ord("/")
_COMMENT: Final = re.compile(rb"(?<=>)(\s*)<!--(?:(?!--).)*+-->(?=\s*<)", re.DOTALL)


def scan_blocks(data: bytes, root: int, shape: Shape, block_size: int) -> Iterator[Block]:
    """Yield the wanted elements of the document whose root element starts at `root`, a block at a time.

    Everything the columns rely on is checked while they are read: known element names, properly nested and closed,
    attributes in double quotes separated by one blank, predefined entities only, valid UTF-8. Raises Unusual, possibly
    after some blocks, at the first deviation; the caller then starts again with the strict engine.
    """
    if data[data.rfind(b">") + 1 :].strip():
        raise Unusual("text behind the last element")
    scanner = _Scanner(shape)
    view = memoryview(data)
    start = root
    while start < len(data):
        end = _cut(data, start, block_size)
        yield scanner.scan(view[start:end], start)
        start = end
    if scanner.open_names:
        raise Unusual("an element is not closed")


def _cut(data: bytes, start: int, block_size: int) -> int:
    """Where the block from `start` on ends: before the `<` of a start tag, if there is one, or at the end of all.

    So the text of an element is never in two blocks.
    """
    if start + block_size >= len(data):
        return len(data)
    cut = data.rfind(b"<", start + 1, start + block_size)
    while cut > 0 and data[cut + 1] == _SLASH:
        cut = data.rfind(b"<", start + 1, cut)
    if cut < 0:
        cut = data.find(b"<", start + block_size)
    return cut if cut > 0 else len(data)


@dataclass(slots=True)
class _Scanner:
    """What has to be known of earlier blocks: the open elements, and how many of each name there were."""

    shape: Shape
    reader: TagReader = field(init=False)
    parents: frozenset[str] = field(init=False)
    open_names: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    current: dict[str, int] = field(default_factory=dict)
    started: bool = False

    def __post_init__(self) -> None:
        self.reader = TagReader(sorted({*self.shape.wanted, *self.shape.known}))
        self.parents = frozenset(tag.within for tag in self.shape.wanted.values() if tag.within)
        self.counts = dict.fromkeys(self.shape.wanted, 0)
        self.current = dict.fromkeys(self.parents, -1)

    def scan(self, block: memoryview, offset: int) -> Block:
        tags = self._read(block)
        level = self._nest(tags)
        rows = {self.reader.names[code]: np.flatnonzero(tags.elements(code)) for code in tags.names()}
        owners = {parent: self._owners(parent, tags, rows) for parent in self.parents}
        elements = {}
        for name, chosen in rows.items():
            tag = self.shape.wanted.get(name)
            spans = read_attributes(tags, chosen, tag.attributes if tag else ())
            if tag is None or not chosen.size:
                continue
            if tag.text:
                spans[TEXT] = element_text(tags, chosen)
            elements[name] = Elements(
                text=tags.text,
                first=self.counts[name],
                owner=owners[tag.within][chosen] if tag.within else np.full(chosen.size, -1, np.int64),
                depth=level[chosen],
                order=tags.start[chosen] + offset,
                spans=spans,
                escaped=True,
            )
            self.counts[name] += chosen.size
        return elements

    def _read(self, block: memoryview) -> Tags:
        try:
            return self.reader.read(Text(block))
        except Unusual:
            if b"<!--" not in bytes(block):
                raise
        return self.reader.read(Text(_COMMENT.sub(_blank, bytes(block))))

    def _nest(self, tags: Tags) -> Positions:
        """How many elements enclose each tag's element; keeps the open ones for the next block.

        Sorted by level, the tags of a level alternate between start and end; an end tag is right if the tag before it
        has the same name.
        """
        after = np.cumsum(tags.delta, dtype=np.int64) + len(self.open_names)
        level = after - (tags.delta > 0)
        if level.min() < 0 or level.max() >= MAX_DEPTH:
            raise Unusual("an end tag too many, or deep nesting")
        outermost = np.flatnonzero(level == 0)[0 if self.started else 1 :]
        if outermost.size and (outermost[0] != len(tags) - 1 or not tags.closing[-1]):
            raise Unusual("an element beside the root")
        self.started = True
        pairs = np.flatnonzero(tags.delta)
        carried = np.array(self.open_names, np.int8)
        levels = np.concatenate((np.arange(carried.size, dtype=np.uint8), level[pairs].astype(np.uint8)))
        order = np.argsort(levels, kind="stable")
        name = np.concatenate((carried, tags.name[pairs]))[order]
        ends = np.flatnonzero(np.concatenate((np.zeros(carried.size, np.bool_), tags.closing[pairs]))[order])
        if (name[ends] != name[ends - 1]).any():
            raise Unusual("an end tag of another element")
        last = np.searchsorted(levels[order], np.arange(after[-1]), "right") - 1
        self.open_names = name[last].tolist()
        return level

    def _owners(self, parent: str, tags: Tags, rows: dict[str, Positions]) -> Positions:
        """Ordinal of the `parent` element that each tag is in, -1 outside of any."""
        chosen = rows.get(parent)
        if chosen is None:
            return np.full(len(tags), self.current[parent], np.int64)
        events = np.flatnonzero((tags.name == self.reader.codes[parent]) & (tags.delta != 0))
        opens = ~tags.closing[events]
        if events.size and ((opens[1:] == opens[:-1]).any() or opens[0] == (self.current[parent] >= 0)):
            raise Unusual("an element inside one of its kind")
        ordinal = self.counts[parent] + np.searchsorted(chosen, events)
        value = np.concatenate(([self.current[parent]], np.where(opens, ordinal, -1)))
        self.current[parent] = int(value[-1])
        bounds = np.concatenate(([0], events + 1, [len(tags)]))
        return np.repeat(value, np.diff(bounds))


def _blank(comment: re.Match[bytes]) -> bytes:
    return b" " * len(comment[0])
