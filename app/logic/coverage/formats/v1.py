"""Read the platform's own simple JSON, which anyone can write: `{"coverage": {path: lines}}`."""

import re
from collections.abc import Iterable
from typing import Any, Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of, line_of, untyped
from app.logic.coverage.formats.json_parts import NOTHING, members
from app.logic.coverage.report import IGNORED

_FRACTION: Final = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", re.ASCII)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line that has a value.

    `lines` is an array whose index is the line (element 0 is unused), an object of values by line, or an object
    `{"lines": [...]}` whose first element is line 1. A value is a number of hits, text "covered/arms", true for partly
    covered, null or false for "no line". Source of the format: docs/formats.md.
    """
    stats = ParseStats()
    document = members(data, "the document", stats)
    for path, raw in members(document.get("coverage", NOTHING), "coverage", stats).items():
        lines = FileLines()
        for line, value in _values(untyped(raw), path, stats):
            _take(lines, line, value, path, stats)
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _values(lines: Any, path: str, stats: ParseStats) -> Iterable[tuple[Any, Any]]:
    """Return pairs of line and value, whatever the shape of the file."""
    if isinstance(lines, list):
        return enumerate(lines[1:], 1)
    if isinstance(lines, dict):
        listed = lines.get("lines")
        return enumerate(listed, 1) if isinstance(listed, list) else lines.items()
    if lines is not None:
        stats.skip(f"{path}: its lines are neither array nor object")
    return ()


def _take(lines: FileLines, at: Any, value: Any, path: str, stats: ParseStats) -> None:
    if value is None or value is False or at in (0, "0"):
        return
    line = line_of(at)
    fraction = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if line is not None and value is True:
        lines.fraction(line, 1, 2)
    elif line is not None and fraction is not None:
        lines.fraction(line, int(fraction[1]), int(fraction[2]))
    elif line is not None and value == "ignored":
        lines.hits[line] = IGNORED
    else:
        count = count_of(value)
        if line is None or count is None:
            stats.skip(f"{path}:{str(at)[:80]}: {str(value)[:80]!r} is no value of a line")
        else:
            lines.hit(line, count)
