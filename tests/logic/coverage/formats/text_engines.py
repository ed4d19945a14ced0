"""Runs the two readers of a text format on the same bytes and mutates documents, for tests that they agree."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from reading import lines_of

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions

Outcome = tuple[Any, ...]


def outcome(reader: Callable[..., Any], data: bytes, *switches: str, drop: str = "", **arguments: int) -> Outcome:
    """What a reader makes of a document: lines and statistics, or its error. Paths with `drop` resolve to nothing."""
    builder = ReportBuilder(lambda candidates, bases: None if drop and drop in candidates[0] else candidates[0])
    try:
        stats = reader(data, builder, FormatOptions(frozenset(switches)), **arguments)
    except FormatError as error:
        return error.code, error.detail
    return lines_of(builder.build()), stats, builder.dropped_path_count, builder.dropped_lines


def documents(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Documents of such lines with every kind of line end, some of them damaged at a byte."""
    ends = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b" \n", b"\r\r\n", b"\n\n"])
    whole = st.lists(st.tuples(lines, ends).map(b"".join), max_size=30).map(b"".join)
    return st.one_of(whole, st.builds(damage, whole, st.integers(0, 1 << 16), st.binary(max_size=3), st.integers(0, 3)))


def damage(data: bytes, at: int, insert: bytes, remove: int) -> bytes:
    """Replace `remove` bytes somewhere by others."""
    at %= len(data) + 1
    return data[:at] + insert + data[at + remove :]
