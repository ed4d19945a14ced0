"""Parts of JSON reports that several formats have: arrays of records, and counts by line."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from app.logic.coverage.formats.base import ParseStats
from app.logic.coverage.formats.json_documents import (
    MAX_COUNT,
    as_list,
    as_object,
    count_of,
    decode,
    line_of,
    untyped,
)

NOTHING: Final = msgspec.Raw(b"null")
Number = int | float | str | None  # what tools write where a number is meant; `line_of` and `count_of` read it

_T = TypeVar("_T")
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_COUNTS_BY_INDEX: Final = msgspec.json.Decoder(list[int | None])
_COUNTS_BY_LINE: Final = msgspec.json.Decoder(dict[int, int])


def members(raw: bytes | msgspec.Raw, where: str, stats: ParseStats) -> dict[str, msgspec.Raw]:
    """Return the members of an object, undecoded; none, and a problem, if it is none. null is an absent object."""
    return {} if raw == NOTHING else _parts(raw, _MEMBERS, where, stats) or {}


def items(raw: bytes | msgspec.Raw, where: str, stats: ParseStats) -> list[msgspec.Raw]:
    """Return the elements of an array, undecoded; none, and a problem, if it is none. null is an absent array."""
    return [] if raw == NOTHING else _parts(raw, _ITEMS, where, stats) or []


def _parts(raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[_T], where: str, stats: ParseStats) -> _T | None:
    try:
        return decode(raw, decoder)
    except msgspec.ValidationError as error:
        stats.skip(f"{where}: {error}")
        return None


def records(
    raw: bytes | msgspec.Raw,
    together: msgspec.json.Decoder[list[_T]],
    single: msgspec.json.Decoder[_T],
    where: str,
    stats: ParseStats,
) -> Iterable[_T]:
    """Decode an array of records all at once, or one by one without the bad ones where one is not as expected."""
    if raw == NOTHING:
        return []
    try:
        return decode(raw, together)
    except msgspec.ValidationError:
        return _one_by_one(raw, single, where, stats)


def _one_by_one(
    raw: bytes | msgspec.Raw, single: msgspec.json.Decoder[_T], where: str, stats: ParseStats
) -> Iterator[_T]:
    for index, item in enumerate(items(raw, where, stats)):
        try:
            yield decode(item, single)
        except msgspec.ValidationError as error:
            stats.skip(f"{where}[{index}]: {error}")


def counts_by_index(raw: msgspec.Raw, first: int, where: str, stats: ParseStats) -> dict[int, int]:
    """Return the hits by line of an array whose first element is about line `first`; null is no line."""
    values: Any
    try:
        values = _COUNTS_BY_INDEX.decode(raw)
        hits = {line: count for line, count in enumerate(values, first) if count is not None and line > 0}
        if not hits or 0 <= min(hits.values()) <= max(hits.values()) <= MAX_COUNT:
            return hits
    except (msgspec.DecodeError, UnicodeDecodeError):
        values = untyped(raw)
        if not isinstance(values, list):
            stats.skip(f"{where}: its lines are no array")
    pairs = ((line, value) for line, value in enumerate(as_list(values), first) if value is not None and line > 0)
    return _usable(pairs, where, stats)


def counts_by_line(raw: msgspec.Raw, where: str, stats: ParseStats) -> dict[int, int]:
    """Return the hits by line of an object whose keys are lines; null is no line."""
    values: Any
    try:
        values = _COUNTS_BY_LINE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        values = untyped(raw)
        if not isinstance(values, dict):
            stats.skip(f"{where}: its lines are no object")
    return _usable(((line, value) for line, value in as_object(values).items() if value is not None), where, stats)


def _usable(pairs: Iterable[tuple[Any, Any]], where: str, stats: ParseStats) -> dict[int, int]:
    hits = {}
    for at, value in pairs:
        line, count = line_of(at), count_of(value)
        if line is None or count is None:
            stats.skip(f"{where}:{str(at)[:80]}: {str(value)[:80]!r} is no count of a line")
        else:
            hits[line] = count
    return hits
