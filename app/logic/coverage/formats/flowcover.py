"""Read the JSON of flow-coverage-report: which expressions of a file Flow knows the type of."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import decode, line_of
from app.logic.coverage.formats.json_parts import NOTHING, Number, members, records


class _Place(msgspec.Struct, gc=False):
    line: Number


class _Expression(msgspec.Struct, gc=False):
    start: _Place


class _Expressions(msgspec.Struct, gc=False):
    covered_locs: msgspec.Raw = NOTHING
    uncovered_locs: msgspec.Raw = NOTHING


class _File(msgspec.Struct, gc=False):
    expressions: _Expressions


_FILE: Final = msgspec.json.Decoder(_File)
_PLACES: Final = msgspec.json.Decoder(list[_Expression])
_PLACE: Final = msgspec.json.Decoder(_Expression)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line on which expressions start: typed ones count as hit, others as missed, both as partial.

    Columns are not kept.
    """
    stats = ParseStats()
    document = members(data, "the document", stats)
    for path, raw in members(document.get("files", NOTHING), "files", stats).items():
        try:
            expressions = decode(raw, _FILE).expressions
        except msgspec.ValidationError as error:
            stats.skip(f"{path}: {error}")
            continue
        typed = _lines(expressions.covered_locs, f"{path}: covered_locs", stats)
        untyped = _lines(expressions.uncovered_locs, f"{path}: uncovered_locs", stats)
        lines = FileLines()
        lines.hits = dict.fromkeys(typed - untyped, 1) | dict.fromkeys(untyped - typed, 0)
        for line in typed & untyped:
            lines.partial(line)
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _lines(raw: msgspec.Raw, where: str, stats: ParseStats) -> set[int]:
    found = set()
    for expression in records(raw, _PLACES, _PLACE, where, stats):
        line = line_of(expression.start.line)
        if line is None:
            stats.skip(f"{where}: {str(expression.start.line)[:80]!r} is no line")
        else:
            found.add(line)
    return found
