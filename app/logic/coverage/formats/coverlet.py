"""Read the JSON of coverlet, its default output `coverage.json`."""

from collections.abc import Iterator
from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of, decode, line_of
from app.logic.coverage.formats.json_parts import NOTHING, Number, counts_by_line, members, records

PARTIALS_AS_HITS: Final = "coverlet.partials_as_hits"


class _Method(msgspec.Struct, gc=False):
    Lines: msgspec.Raw = NOTHING
    Branches: msgspec.Raw = NOTHING


class _Branch(msgspec.Struct, gc=False):
    """One arm of a decision."""

    Line: Number
    Offset: Number = None
    Path: Number = None
    Hits: Number = 0


_METHOD: Final = msgspec.json.Decoder(_Method)
_BRANCHES: Final = msgspec.json.Decoder(list[_Branch])
_BRANCH: Final = msgspec.json.Decoder(_Branch)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line of `{module: {document: {class: {method: {Lines, Branches}}}}}`.

    The arms of a line are named `offset:path`. The first line of a method is of kind method if it has no arms. Source
    of the format: the documentation of coverlet.
    """
    stats = ParseStats()
    partials_as_hits = options.enabled(PARTIALS_AS_HITS)
    for module, documents in members(data, "the document", stats).items():
        for document, classes in members(documents, module, stats).items():
            path = document.replace("\\", "/")
            lines = FileLines()
            for name, method in _methods(classes, path, stats):
                _add_method(lines, method, f"{path}: {name}", stats)
            stats.records += lines.send(builder, builder.file(path), partials_as_hits=partials_as_hits)
    return stats


def _methods(classes: msgspec.Raw, path: str, stats: ParseStats) -> Iterator[tuple[str, _Method]]:
    for class_name, methods in members(classes, path, stats).items():
        for name, raw in members(methods, f"{path}: {class_name}", stats).items():
            try:
                yield name, decode(raw, _METHOD)
            except msgspec.ValidationError as error:
                stats.skip(f"{path}: {name}: {error}")


def _add_method(lines: FileLines, method: _Method, where: str, stats: ParseStats) -> None:
    counts = {} if method.Lines == NOTHING else counts_by_line(method.Lines, where, stats)
    for line, count in counts.items():
        lines.hit(line, count)
    if counts:
        lines.methods.add(min(counts))
    for arm in records(method.Branches, _BRANCHES, _BRANCH, f"{where}: Branches", stats):
        at, hits = line_of(arm.Line), count_of(arm.Hits)
        if at is None or hits is None:
            stats.skip(f"{where}: an arm on line {str(arm.Line)[:80]!r} with {str(arm.Hits)[:80]!r} hits")
        else:
            lines.arm(at, f"{arm.Offset}:{arm.Path}", taken=hits > 0)
