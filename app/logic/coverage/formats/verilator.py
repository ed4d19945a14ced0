"""Read the coverage data of Verilator (`coverage.dat`)."""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE, check_span
from app.logic.coverage.formats.line_table import Flags
from app.logic.coverage.ragged import Ints, spread

PARTIALS_AS_HITS: Final = "verilator.partials_as_hits"

_POINT: Final = re.compile(rb"C '(.*)' (\d{1,300})\s*")
# The same with its fields in the order in which Verilator writes them: file, line, column, type, page, comment, lines.
# Nothing is given back but by the last field, or a hostile line would be tried in every way to split it.
_USUAL: Final = re.compile(
    rb"""C[ ]'\x01f\x02([^\x01\n]*+)\x01l\x02([^\x01\n]*+)\x01n\x02([^\x01\n]*+)(?:\x01t\x02([^\x01\n]*+))?
    \x01page\x02(?:v_)?+([^\x01\n/]*+)[^\x01\n]*+(?:\x01o\x02([^\x01\n]*+))?(?:\x01S\x02([^\x01\n]*+))?
    \x01h\x02[^\x01\n]*'[ ](\d{1,300})\s*""",
    re.VERBOSE,
)
_RANGE: Final = re.compile(rb"\s*(\d{1,9})(?:-(\d{1,9}))?\s*")
_KINDS: Final = (b"line", b"branch")
_MARKS: Final = tuple(b"\x01" + name + b"\x02" for name in (b"f", b"l", b"n", b"t", b"page", b"o", b"S"))
_MOST_DIGITS: Final = 9
_COUNT_BITS: Final = 31
_PIECE: Final = 1 << 20  # lines that are spread at once


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add the points of lines and branches; toggles, expressions and the user's own points are left out.

    A point counts on its line and on the lines it lists, the largest over all instances of a module; a branch point is
    an arm of its line as well, named by comment and column. Source of the format: the manual of Verilator.
    """
    stats = ParseStats()
    by_path: dict[bytes, _Points] = defaultdict(_Points)
    arm_names: dict[bytes, int] = {}
    spanned = 0
    for number, line in enumerate(BytesIO(data), 1):
        if not line.startswith(b"C"):
            continue
        usual = _USUAL.fullmatch(line)
        path, own, column, kind, page, comment, ranges, hits = usual.groups(b"") if usual else _fields(line)
        if (kind or page) not in _KINDS and hits:
            continue
        at = _line(own)
        count = count_of(int(hits)) if hits else None
        if count is None or at is None or not path:
            stats.skip(f"line {number}: no point with a file and a line")
            continue
        points = by_path[path]
        points.hits.extend((at, at, count))
        for first, last in _ranges(ranges):
            spanned += last - first + 1
            points.hits.extend((first, last, count))
        check_span(spanned, len(data))
        if (kind or page) == b"branch":
            name = arm_names.setdefault(comment + b"/" + column, len(arm_names))
            points.arms.extend((at, name, count > 0))
    names = [name.decode("utf-8", "replace") for name in arm_names]
    partials_as_hits = options.enabled(PARTIALS_AS_HITS)
    while by_path:
        path, points = by_path.popitem()
        lines = points.lines(names)
        file = builder.file(path.decode("utf-8", "replace"))
        stats.records += lines.send(builder, file, partials_as_hits=partials_as_hits)
    return stats


class _Points:
    """The points of one file, in narrow columns, for those of all files come in any order.

    `hits`: first line, last line, count of each; `arms`: line, number of the name, whether it was taken.
    """

    def __init__(self) -> None:
        self.hits = array("q")
        self.arms = array("q")

    def lines(self, names: list[str]) -> FileLines:
        """Return what the points say of each line."""
        lines = FileLines()
        first, last, count = np.frombuffer(self.hits, np.int64).reshape(-1, 3).T
        largest = np.zeros(0, np.int64)
        ends = np.cumsum(last - first + 1)
        pieces = np.searchsorted(ends, np.arange(_PIECE, int(ends[-1]) + _PIECE, _PIECE)) + 1
        for start, end in pairwise([0, *np.unique(np.minimum(pieces, len(first))).tolist()]):
            length = last[start:end] - first[start:end] + 1
            keys = spread(first[start:end], length) << _COUNT_BITS | np.repeat(count[start:end], length)
            largest = _largest(np.concatenate((largest, keys)))
        lines.hits = dict(zip((largest >> _COUNT_BITS).tolist(), (largest & MAX_HITS).tolist(), strict=True))
        for line, name, taken in np.frombuffer(self.arms, np.int64).reshape(-1, 3).tolist():
            lines.arm(line, names[name], taken=bool(taken))
        return lines


def _largest(keys: Ints) -> Ints:
    """Return the largest key of each line, in order; a key is a line and behind it a count."""
    keys.sort()
    is_last: Flags = np.append(np.diff(keys >> _COUNT_BITS) > 0, True)
    return keys[is_last]


def _fields(line: bytes) -> tuple[bytes, ...]:
    """Return what `_USUAL` captures of a point whose fields come in any order; empty ones if it is none."""
    point = _POINT.fullmatch(line)
    key, hits = point.groups() if point else (b"", b"")
    values = [key.rpartition(mark)[2].partition(b"\x01")[0] if mark in key else b"" for mark in _MARKS]
    values[4] = values[4].removeprefix(b"v_").partition(b"/")[0]
    return (*values, hits)


def _line(text: bytes) -> int | None:
    text = text.strip()
    return int(text) if text.isdigit() and len(text) <= _MOST_DIGITS and 1 <= int(text) <= MAX_LINE else None


def _ranges(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a list `12-14,20`; what is none is left out."""
    for part in text.split(b",") if text else ():
        span = _RANGE.fullmatch(part)
        if span is not None and 1 <= int(span[1]) <= int(span[2] or span[1]) <= MAX_LINE:
            yield int(span[1]), int(span[2] or span[1])
