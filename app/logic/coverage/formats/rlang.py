"""Read the JSON of R's covr (`covr::codecov()`)."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_parts import NOTHING, counts_by_index, members, records


class _File(msgspec.Struct, gc=False):
    name: str
    coverage: msgspec.Raw


_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line that is not null; the index in a file's array is the line, element 0 is unused."""
    stats = ParseStats()
    document = members(data, "the document", stats)
    for file in records(document.get("files", NOTHING), _FILES, _FILE, "files", stats):
        lines = FileLines()
        lines.hits = counts_by_index(file.coverage, 0, file.name, stats)
        stats.records += lines.send(builder, builder.file(file.name))
    return stats
