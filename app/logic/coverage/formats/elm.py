"""Read the JSON of elm-coverage (`elm-coverage --report codecov` or json)."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of, line_of, untyped
from app.logic.coverage.formats.json_parts import NOTHING, Number, members, records
from app.logic.coverage.formats.limits import MAX_LINE, check_span


class _Place(msgspec.Struct, gc=False):
    line: Number
    column: Number = 0


class _Section(msgspec.Struct, gc=False):
    """A declaration, case branch, lambda or the like, and how often it ran; sections nest."""

    start: _Place = msgspec.field(name="from")
    end: _Place = msgspec.field(name="to")
    count: Number = 0
    complexity: Number = None


_SECTIONS: Final = msgspec.json.Decoder(list[_Section])
_SECTION: Final = msgspec.json.Decoder(_Section)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line inside a section.

    The count of a line is that of the shortest section around it, so that branches that never ran show inside functions
    that did; complexity belongs to the line where a section starts. Columns are not kept.
    """
    stats = ParseStats()
    document = members(data, "the document", stats)
    path_of = members(document.get("moduleMap", NOTHING), "moduleMap", stats)
    spanned = 0
    for module, raw in members(document.get("coverageData", NOTHING), "coverageData", stats).items():
        path = untyped(path_of[module]) if module in path_of else None
        if not isinstance(path, str):
            stats.skip(f"{module}: its path is not in moduleMap")
            continue
        lines = FileLines()
        for start, end, count, complexity in _sections(raw, module, stats):
            spanned += end - start + 1
            check_span(spanned, len(data))
            lines.hits.update(dict.fromkeys(range(start, end + 1), count))
            if complexity is not None:
                lines.complexity[start] = max(complexity, lines.complexity.get(start, 0))
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _sections(raw: msgspec.Raw, module: str, stats: ParseStats) -> list[tuple[int, int, int, int | None]]:
    """Return first line, last line, count and complexity of the sections of a module, longest first."""
    found = []
    for section in records(raw, _SECTIONS, _SECTION, module, stats):
        start, end, count = line_of(section.start.line), line_of(section.end.line), count_of(section.count or 0)
        if start is None or end is None or count is None or not start <= end <= MAX_LINE:
            stats.skip(f"{module}: {section.start.line!r} to {section.end.line!r}: no section with a count")
            continue
        width = (count_of(section.end.column) or 0) - (count_of(section.start.column) or 0)
        found.append(((start - end, -width, count), (start, end, count, count_of(section.complexity))))
    return [section for _, section in sorted(found, key=lambda pair: pair[0])]
