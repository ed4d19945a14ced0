"""Read the text of `llvm-cov show`, also through Xcode's `xcrun llvm-cov show`."""

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

_Columns = tuple[bytes, bytes]
_Row = tuple[_Columns, int]  # the columns, and the line of the document


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count, but for those that are a lone bracket.

    A line that ends with a colon names the next file. The columns are line, count and source; old versions have the
    count first, which is told by the column that counts up. Source of the format: the manual of llvm-cov.
    """
    stats = ParseStats()
    path = ""
    rows: list[_Row] = []
    for number, line in enumerate(BytesIO(without_colours(data)), 1):
        fields = line.split(b"|", 2)
        if len(fields) == 3:
            first, second, source = fields
            first, second = first.strip(), second.strip()
            # Without a first column it is an instance of a template, or in old versions a line that cannot run.
            if first and source.strip() != b"}" and not first.startswith(_NOISE):
                rows.append(((first, second), number))
            continue
        text = line.strip()
        if text.endswith(b":") and len(fields) == 1 and not text.startswith(_NOISE):
            _add(rows, path, builder, stats)
            path = text[:-1].decode("utf-8", "replace")
            rows = []
    _add(rows, path, builder, stats)
    return stats


def _add(rows: Sequence[_Row], path: str, builder: ReportBuilder, stats: ParseStats) -> None:
    """Add the rows of one file."""
    if not rows:
        return
    if not path:
        stats.skip(f"line {rows[0][1]}: counts before the name of a file")
        return
    lines = FileLines()
    line_column = _line_column(rows)
    for columns, number in rows:
        at, count = columns[line_column], columns[1 - line_column]
        if not count:
            continue
        hits = human_count(count)
        if hits is None or not 1 <= _number(at) <= MAX_LINE:
            stats.skip(f"line {number}: no count of a line")
        else:
            lines.hit(int(at), min(hits, MAX_HITS))
    stats.records += lines.send(builder, builder.file(path))


def _line_column(rows: Sequence[_Row]) -> int:
    """Return which column holds line numbers: it rises by one where the other does not, or else always."""
    for (before, _), (after, _) in pairwise(rows):
        rises = [_is_next(before[column], after[column]) for column in (0, 1)]
        if rises[0] != rises[1]:
            return rises.index(True)
    rising = [all(_number(a[column]) < _number(b[column]) for (a, _), (b, _) in pairwise(rows)) for column in (0, 1)]
    return 1 if rising == [False, True] else 0


def _is_next(before: bytes, after: bytes) -> bool:
    return 0 <= _number(before) == _number(after) - 1


def _number(field: bytes) -> int:
    """Return a whole number of usual length, -1 for anything else."""
    return int(field) if field.isdigit() and len(field) <= 18 else -1
