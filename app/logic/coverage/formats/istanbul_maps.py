"""Decode the maps of one Istanbul file: places in the source, and the counters that belong to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
import numpy as np

from app.logic.coverage.formats.base import ParseStats
from app.logic.coverage.formats.json_documents import MAX_COUNT, as_list, as_object, count_of, line_of, section
from app.logic.coverage.formats.keyed import Int64s, key_of
from app.logic.coverage.formats.numerals import Numerals, without_digits
from app.logic.coverage.formats.scan import LARGEST, decimals

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_T = TypeVar("_T")
_C = TypeVar("_C")


class Position(msgspec.Struct, gc=False):
    line: Count | None = None


class Span(msgspec.Struct, gc=False):
    start: Position | None = None
    skip: bool = False


class Location(msgspec.Struct, gc=False):
    """A place in the source: its own start, or the start of its `loc`."""

    start: Position | None = None
    loc: Span | None = None
    skip: bool = False


class Branch(msgspec.Struct, gc=False):
    loc: Span | None = None
    line: Count | None = None
    type: str = ""
    locations: list[Location] = []


_LOCATIONS: Final = msgspec.json.Decoder(dict[str, Location])
_BRANCHES: Final = msgspec.json.Decoder(dict[str, Branch])
_COUNTS: Final = msgspec.json.Decoder(dict[str, Count])
_ARMS: Final = msgspec.json.Decoder(dict[str, list[Count]])

# How every tool writes an entry of `statementMap` and of `s`, and how far apart the numbers of an entry are.
_STATEMENT: Final = b'"":{"start":{"line":,"column":},"end":{"line":,"column":}}'
_STATEMENT_GAPS: Final = (len('":{"start":{"line":'), len(',"column":'), len('},"end":{"line":'), len(',"column":'), 4)
_COUNTER: Final = b'"":'
_COUNTER_GAPS: Final = (2, 2)


def line_at(location: Location) -> int:
    """Return the start line; 0 where the tool gave none (an implicit else) or marked the place as skipped."""
    start = location.start
    if start is None:
        span = location.loc
        if span is None or span.skip:
            return 0
        start = span.start
    return 0 if start is None or location.skip else start.line or 0


def line_of_branch(branch: Branch) -> int:
    """Return the line on which the decision itself begins."""
    if branch.loc is not None and branch.loc.start is not None and branch.loc.start.line:
        return branch.loc.start.line
    return branch.line or (line_at(branch.locations[0]) if branch.locations else 0)


def locations_of(raw: msgspec.Raw, stats: ParseStats) -> dict[str, Location]:
    def tolerant(value: Any) -> dict[str, Location]:
        return {name: _tolerant_location(entry, stats) for name, entry in _entries(value, stats)}

    return section(raw, _LOCATIONS, tolerant) if raw else {}


def branches_of(raw: msgspec.Raw, stats: ParseStats) -> dict[str, Branch]:
    def tolerant(value: Any) -> dict[str, Branch]:
        return {name: _tolerant_branch(entry, stats) for name, entry in _entries(value, stats)}

    return section(raw, _BRANCHES, tolerant) if raw else {}


def counts_of(raw: msgspec.Raw, stats: ParseStats) -> dict[str, int]:
    def tolerant(value: Any) -> dict[str, int]:
        counts = {}
        for name, entry in as_object(value).items():
            count = count_of(entry)
            if count is None:
                stats.skip(f"counter {name}: {str(entry)[:80]!r} is not a number")
            else:
                counts[name] = count
        return counts

    return section(raw, _COUNTS, tolerant) if raw else {}


def arms_of(raw: msgspec.Raw, stats: ParseStats) -> dict[str, list[int]]:
    """Return the counters of the arms of every branch; an unreadable counter becomes 0 to keep its place."""

    def tolerant(value: Any) -> dict[str, list[int]]:
        arms = {}
        for name, entry in as_object(value).items():
            counts = [count_of(count) for count in as_list(entry)]
            if not isinstance(entry, list) or None in counts:
                stats.skip(f"branch {name}: {str(entry)[:80]!r} is not a list of numbers")
            arms[name] = [count or 0 for count in counts]
        return arms

    return section(raw, _ARMS, tolerant) if raw else {}


def paired(
    places: Mapping[str, _T], counters: Mapping[str, _C], what: str, stats: ParseStats
) -> Iterator[tuple[str, _T, _C]]:
    """Yield every place with its counter; a place without one is skipped."""
    for name, place in places.items():
        counter = counters.get(name)
        if counter is None:
            stats.skip(f"{what} {name} has no counter")
        else:
            yield name, place, counter


def statements_of_batch(maps: Sequence[tuple[msgspec.Raw, msgspec.Raw]]) -> tuple[Int64s, Int64s] | None:
    """Read `statementMap` and `s` of all files at once, as keys of the lines and hits.

    None unless every entry is written exactly as the tools write it, and places and counters come in the same order.
    """
    places = [memoryview(raw)[1:-1] for raw, _ in maps]
    counters = [memoryview(raw)[1:-1] for _, raw in maps]
    if any(bool(place) != bool(counter) for place, counter in zip(places, counters, strict=True)):
        return None
    read_places = _records([place for place in places if place], _STATEMENT, _STATEMENT_GAPS, (0, 1))
    read_counters = _records([counter for counter in counters if counter], _COUNTER, _COUNTER_GAPS, (0, 1))
    if read_places is None or read_counters is None:
        return None
    sizes, (names, lines) = read_places
    counter_sizes, (counter_names, hits) = read_counters
    if not np.array_equal(sizes, counter_sizes) or not np.array_equal(names, counter_names):
        return None
    owners = np.array([owner for owner, place in enumerate(places) if place], np.int64)
    return key_of(np.repeat(owners, sizes), lines), np.minimum(hits, MAX_COUNT)


def _records(
    pieces: Sequence[memoryview], template: bytes, gaps: Sequence[int], wanted: Sequence[int]
) -> tuple[Int64s, list[Int64s]] | None:
    """Read comma-separated records that differ in their numbers only.

    Returns the number of records of every piece and the wanted columns. The text without its digits has to be the
    template over and over, and the digits have to stand where the template has its holes.
    """
    text = b",".join(pieces)
    if b"null" in text:
        text = text.replace(b"null", b"0")  # a column without a limit; a line that is null counts as no line
        pieces = [bytes(piece).replace(b"null", b"0") for piece in pieces]  # type: ignore[misc]  # only lengths matter
    shape = without_digits(text)
    records = (len(shape) + 1) // (len(template) + 1)
    numerals = Numerals.of(text)
    holes = len(gaps)
    if shape != b",".join([template] * records) or len(numerals) != holes * records:
        return None
    expected = np.tile(np.array(gaps, np.int64), records)[:-1]
    if not np.array_equal(numerals.gaps(), expected):
        return None
    sizes = numerals.per_piece([len(piece) for piece in pieces]) // holes
    return sizes, [_column(numerals, column, holes) for column in wanted]


def _column(numerals: Numerals, column: int, columns: int) -> Int64s:
    values, good = decimals(numerals.text, numerals.starts[column::columns], numerals.ends[column::columns])
    values[~good] = LARGEST  # more than 16 digits
    return values


def _entries(value: Any, stats: ParseStats) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, entry in as_object(value).items():
        if isinstance(entry, dict):
            yield name, entry
        else:
            stats.skip(f"entry {name}: {str(entry)[:80]!r} is not an object")


def _tolerant_location(entry: Mapping[str, Any], stats: ParseStats) -> Location:
    return Location(
        start=_tolerant_position(entry.get("start"), stats),
        loc=_tolerant_span(entry.get("loc"), stats),
        skip=entry.get("skip") is True,
    )


def _tolerant_branch(entry: Mapping[str, Any], stats: ParseStats) -> Branch:
    return Branch(
        loc=_tolerant_span(entry.get("loc"), stats),
        line=line_of(entry.get("line")),
        type=str(entry.get("type")),
        locations=[_tolerant_location(as_object(location), stats) for location in as_list(entry.get("locations"))],
    )


def _tolerant_span(value: Any, stats: ParseStats) -> Span | None:
    if not isinstance(value, dict):
        return None
    return Span(start=_tolerant_position(value.get("start"), stats), skip=value.get("skip") is True)


def _tolerant_position(value: Any, stats: ParseStats) -> Position | None:
    if not isinstance(value, dict):
        return None
    line = value.get("line")
    number = line_of(line)
    if number is None and line not in (None, 0):
        stats.skip(f"line {str(line)[:80]!r} is not a line number")
    return Position(line=number)
