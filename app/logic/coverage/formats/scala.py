"""Read the JSON that exporters of scoverage write, with hits by line."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_parts import NOTHING, counts_by_line, members, records


class _File(msgspec.Struct, gc=False):
    filename: str
    coverage: msgspec.Raw


_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per entry of each file's `coverage`, an object of hits by line."""
    stats = ParseStats()
    document = members(data, "the document", stats)
    for file in records(document.get("fileReports", NOTHING), _FILES, _FILE, "fileReports", stats):
        lines = FileLines()
        lines.hits = counts_by_line(file.coverage, file.filename, stats)
        stats.records += lines.send(builder, builder.file(file.filename))
    return stats
