"""Read the JSON of Xcode's xccov (`xcrun xccov view --archive --json Result.xcresult`)."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of, line_of
from app.logic.coverage.formats.json_parts import Number, members, records

PARTIALS_AS_HITS: Final = "xccov.partials_as_hits"


class _Subrange(msgspec.Struct, gc=False):
    executionCount: Number = None  # noqa: N815 - these are the names of the format


class _Line(msgspec.Struct, gc=False):
    line: Number
    isExecutable: bool = False  # noqa: N815
    executionCount: Number = None  # noqa: N815
    subranges: list[_Subrange] = []


_LINES: Final = msgspec.json.Decoder(list[_Line])
_LINE: Final = msgspec.json.Decoder(_Line)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per executable line of `{path: [line, …]}`; one that ran but for some of its subranges is partial."""
    stats = ParseStats()
    partials_as_hits = options.enabled(PARTIALS_AS_HITS)
    for path, raw in members(data, "the document", stats).items():
        lines = FileLines()
        for record in records(raw, _LINES, _LINE, path, stats):
            if record.isExecutable:
                _take(lines, record, path, stats)
        stats.records += lines.send(builder, builder.file(path), partials_as_hits=partials_as_hits)
    return stats


def _take(lines: FileLines, record: _Line, path: str, stats: ParseStats) -> None:
    line = line_of(record.line)
    parts = [count_of(part.executionCount) or 0 for part in record.subranges]
    count = max(parts, default=0) if record.executionCount is None else count_of(record.executionCount)
    if line is None or count is None:
        stats.skip(f"{path}: line {str(record.line)[:80]!r} with count {str(record.executionCount)[:80]!r}")
    elif count > 0 and 0 in parts:
        lines.partial(line)
    else:
        lines.hit(line, count)
