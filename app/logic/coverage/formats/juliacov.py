"""Read Julia's `.cov` files (`julia --code-coverage=user`), which lie beside the source: `src/a.jl.123.cov`."""

import re
from io import BytesIO
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import Counts
from app.logic.coverage.formats.limits import MAX_HITS

_COLUMNS: Final = 9
_ENDING: Final = re.compile(r"(\.\d+)?\.cov$")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count in its first nine columns; a dash there is no line.

    The path of the source is that of the file without its ending. Source of the format: the section on code coverage of
    the Julia manual.
    """
    stats = ParseStats()
    lines = Counts()
    for number, line in enumerate(BytesIO(data), 1):
        count = line[:_COLUMNS].strip()
        if count.isdigit() and line[_COLUMNS : _COLUMNS + 1] in (b" ", b"\n", b"\r", b""):
            lines.add(number, min(int(count), MAX_HITS))
        elif count != b"-":
            stats.skip(f"line {number}: no count in the first {_COLUMNS} columns")
    path = _ENDING.sub("", options.name) if _ENDING.search(options.name) else ""
    stats.records += lines.send(builder, builder.file(path) if path else -1)
    return stats
