"""Read the text of `llvm-cov show`, also through Xcode's `xcrun llvm-cov show`."""

import re
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.human_counts import human_count, without_colours
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE

_NOISE: Final = (b"-", b"warning:")  # separators and messages
_INSTANCE: Final = re.compile(rb" *[0-9.]*[A-Za-z]?\|")  # behind the bar that such a row begins with
_ENOUGH: Final = 256  # rows that tell which column is which

_Columns = tuple[bytes, bytes]
_Row = tuple[_Columns, int]  # the columns, and the line of the document


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count, but for those that are a lone bracket.

    A line that ends with a colon names the next file. The columns are line, count and source; old versions have the
    count first, which is told by the column that counts up. Source of the format: the manual of llvm-cov.
    """
    stats = ParseStats()
    source = _Source("", stats)
    for number, line in enumerate(BytesIO(without_colours(data)), 1):
        fields = line.split(b"|", 2)
        if len(fields) == 3:
            first, second, text = fields
            first, second = first.strip(), second.strip()
            if _is_row(first, second, text):
                source.add((first, second), number)
            continue
        title = line.strip()
        if title.endswith(b":") and len(fields) == 1 and not title.startswith(_NOISE):
            source.send(builder)
            source = _Source(title[:-1].decode("utf-8", "replace"), stats)
    source.send(builder)
    return stats


def _is_row(first: bytes, second: bytes, text: bytes) -> bool:
    """Tell whether it is a line of the source: no separator, message, lone bracket or repetition for an instance."""
    if text.strip() == b"}" or first.startswith(_NOISE):
        return False
    return bool(first) or (second.isdigit() and not _INSTANCE.match(text))


class _Source:
    """The rows of one file; they wait until it is known which column holds the lines."""

    def __init__(self, path: str, stats: ParseStats) -> None:
        self._path = path
        self._stats = stats
        self._lines = FileLines()
        self._waiting: list[_Row] = []
        self._column: int | None = None

    def add(self, columns: _Columns, number: int) -> None:
        """Take line `number` of the document."""
        if self._column is not None:
            self._take(columns, self._column, number)
            return
        self._waiting.append((columns, number))
        if len(self._waiting) >= _ENOUGH:
            self._decide()

    def send(self, builder: ReportBuilder) -> None:
        """Add the rows to the report."""
        if self._waiting:
            self._decide()
        if self._path:
            self._stats.records += self._lines.send(builder, builder.file(self._path))

    def _decide(self) -> None:
        self._column = _line_column(self._waiting)
        for columns, number in self._waiting:
            self._take(columns, self._column, number)
        self._waiting = []

    def _take(self, columns: _Columns, line_column: int, number: int) -> None:
        at, count = columns[line_column], columns[1 - line_column]
        if not count:
            return
        hits = human_count(count)
        line = _number(at)
        if not self._path or hits is None or not 1 <= line <= MAX_LINE:
            self._stats.skip(f"line {number}: no count of a line of a file")
        else:
            self._lines.hit(line, min(hits, MAX_HITS))


def _line_column(rows: Sequence[_Row]) -> int:
    """Return which column holds line numbers: it is never empty and begins at 1, from where it rises by one."""
    if not all(columns[0] for columns, _ in rows):
        return 1
    for (before, _), (after, _) in pairwise(rows):
        rises = [_is_next(before[column], after[column]) for column in (0, 1)]
        if rises[0] != rises[1]:
            return rises.index(True)
    rising = [all(_number(a[column]) < _number(b[column]) for (a, _), (b, _) in pairwise(rows)) for column in (0, 1)]
    if rising[0] != rising[1]:
        return rising.index(True)
    first, second = rows[0][0]
    return 1 if second == b"1" != first else 0


def _is_next(before: bytes, after: bytes) -> bool:
    return 0 <= _number(before) == _number(after) - 1


def _number(field: bytes) -> int:
    """Return a whole number of usual length, -1 for anything else."""
    return int(field) if field.isdigit() and len(field) <= 18 else -1
