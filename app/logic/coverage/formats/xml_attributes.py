"""The attribute values of many tags as columns of spans."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from app.logic.coverage.formats.scan import Positions, Text
from app.logic.coverage.formats.xml_tags import Flags, Tags, Unusual

Span = tuple[Positions, Positions]

_MOST: Final = 64  # attributes of an element, and different names in one place
_ATTRIBUTE: Final = re.compile(rb" ([A-Za-z_][A-Za-z0-9_.-]*:)?([A-Za-z_][A-Za-z0-9_.-]*)=")


def read_attributes(tags: Tags, rows: Positions, wanted: Sequence[str]) -> dict[str, Span]:
    """Spans of the wanted attributes of the tags `rows`, (0, 0) where one is absent; raises Unusual.

    Goes through the first, second, ... attribute of all tags together. Tools write the attributes of an element in one
    order, so there are few different names in each place: one after the other is taken out of the tags that are left.
    """
    columns: dict[str, Span] = {}
    count = tags.values[rows]
    chosen = np.arange(rows.size)
    before = tags.name_end[rows]  # behind the name or the quote that ends the attribute in front
    quote = tags.first_quote[rows]
    places = int(count.max(initial=0))
    if places > _MOST:
        raise Unusual("very many attributes")
    for place in range(places):
        more = count > place
        if not more.all():
            chosen, before, quote, count = chosen[more], before[more], quote[more], count[more]
        opening, closing = tags.marks[quote], tags.marks[quote + 1]
        for prefix, name, taken in _names(tags.text, before, opening):
            if name not in wanted or prefix == "xmlns:":
                continue
            if prefix:
                raise Unusual("a wanted attribute with a prefix, which may not be declared")
            if name not in columns and isinstance(taken, slice) and chosen.size == rows.size:
                columns[name] = opening + 1, closing
                continue
            if name not in columns:
                columns[name] = np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
            elif columns[name][1][chosen[taken]].any():
                raise Unusual("an attribute twice")
            columns[name][0][chosen[taken]] = opening[taken] + 1
            columns[name][1][chosen[taken]] = closing[taken]
        before = closing + 1
        quote = quote + 2
    return columns


def _names(text: Text, before: Positions, opening: Positions) -> Iterator[tuple[str, str, Positions | slice]]:
    """Prefix and name, different ones, between the two positions, each with the rows where it stands."""
    rest = np.arange(before.size)
    for attempt in range(_MOST):
        written = text.cut(int(before[0]), int(opening[0]))
        match = _ATTRIBUTE.fullmatch(written)
        if match is None:
            raise Unusual("an unusual attribute")
        same = _written(text, written, before, opening)
        prefix, name = (match[1] or b"").decode(), match[2].decode()
        if same.all():
            yield prefix, name, rest if attempt else slice(None)
            return
        yield prefix, name, rest[same]
        other = ~same
        rest, before, opening = rest[other], before[other], opening[other]
    raise Unusual("very many attributes")


def _written(text: Text, written: bytes, before: Positions, opening: Positions) -> Flags:
    """Where blank, name and `=` between the two positions are exactly `written`."""
    same: Flags = opening - before == len(written)
    for offset in range(0, len(written), 8):
        piece = written[max(len(written) - offset - 8, 0) : len(written) - offset]
        word = text.words[np.maximum(opening - offset - 8, 0)]
        expected = int.from_bytes(piece.rjust(8, b"\0"), "little")
        same &= (word ^ np.uint64(expected)) >> np.uint64(8 * (8 - len(piece))) == 0
    return same


def element_text(tags: Tags, rows: Positions) -> Span:
    """Spans of the text of the elements `rows`, which must have no child elements; raises Unusual."""
    with_text = rows[tags.delta[rows] > 0]
    if (with_text == len(tags) - 1).any() or not tags.closing[with_text + 1].all():
        raise Unusual("an element inside a text, or a text over the border of a block")
    start = tags.end[rows] + 1
    return start, np.where(tags.delta[rows] > 0, tags.start[np.minimum(rows + 1, len(tags) - 1)], start)
