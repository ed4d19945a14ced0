"""Read the profiles of the GAP system: a JSON record a line."""

from io import BytesIO
from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.limits import MAX_LINE


class _Record(msgspec.Struct, gc=False):
    """`S` opens a file, `R` tells of a line that was read, `E` of one that was executed."""

    Type: str
    File: str | None = None
    FileId: int | None = None
    Line: int | None = None


_RECORD: Final = msgspec.json.Decoder(_Record)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line: 1 hit if it was executed, else 0. A record belongs to the file of its `FileId`, or else to
    the one opened last. Source of the format: the documentation of GAP's profiling package.
    """
    stats = ParseStats()
    opened: dict[int | None, FileLines] = {}
    by_path: dict[str, FileLines] = {}
    latest: FileLines | None = None
    for number, text in enumerate(BytesIO(data), 1):
        if text.isspace():
            continue
        try:
            record = _RECORD.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            stats.skip(f"line {number}: {error}")
            continue
        if record.Type == "S" and record.File is not None:
            latest = opened[record.FileId] = by_path.setdefault(record.File, FileLines())
        elif record.Line is not None:
            lines = latest if record.FileId is None else opened.get(record.FileId)
            if lines is None or not 1 <= record.Line <= MAX_LINE:
                stats.skip(f"line {number}: no line of an open file")
            else:
                lines.hit(record.Line, int(record.Type != "R"))
    for path, lines in by_path.items():
        stats.records += lines.send(builder, builder.file(path))
    return stats
