"""Read the coverage JSON of Salesforce's Apex test runner (`sf apex run test --code-coverage`)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import line_of
from app.logic.coverage.formats.json_parts import NOTHING, Number, counts_by_line, items, records


class _Class(msgspec.Struct, gc=False):
    name: str | None = None
    lines: msgspec.Raw = NOTHING


class _Lines(msgspec.Struct, gc=False):
    coveredLines: list[Number] = []  # noqa: N815 - these are the names of the format
    uncoveredLines: list[Number] = []  # noqa: N815


class _Run(msgspec.Struct, gc=False):
    """What one test method ran of one class or trigger."""

    apexClassOrTriggerName: str  # noqa: N815
    coverage: _Lines


_CLASSES: Final = msgspec.json.Decoder(list[_Class | None])
_CLASS: Final = msgspec.json.Decoder(_Class | None)
_RUNS: Final = msgspec.json.Decoder(list[_Run])
_RUN: Final = msgspec.json.Decoder(_Run)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line of every class and trigger.

    The summary is an array of `{"name", "lines": {line: hits}}`, the detailed file an array of arrays with the covered
    and uncovered lines of each test method. A name without extension is a class, or else a trigger.
    """
    stats = ParseStats()
    if _is_detailed(data, stats):
        for name, lines in _of_methods(data, stats).items():
            stats.records += lines.send(builder, _file(builder, name))
        return stats
    for entry in records(data, _CLASSES, _CLASS, "the document", stats):
        if entry is not None and entry.name and entry.lines != NOTHING:
            lines = FileLines()
            lines.hits = counts_by_line(entry.lines, entry.name, stats)
            stats.records += lines.send(builder, _file(builder, entry.name))
    return stats


def _is_detailed(data: bytes, stats: ParseStats) -> bool:
    first = next((raw for raw in items(data, "the document", stats) if bytes(memoryview(raw)[:1]) in (b"[", b"{")), b"")
    return bytes(memoryview(first)[:1]) == b"["


def _of_methods(data: bytes, stats: ParseStats) -> dict[str, FileLines]:
    found: dict[str, FileLines] = defaultdict(FileLines)
    for number, part in enumerate(items(data, "the document", stats)):
        for run in records(part, _RUNS, _RUN, f"[{number}]", stats):
            lines = found[run.apexClassOrTriggerName]
            for at, hits in _counted(run.coverage):
                line = line_of(at)
                if line is None:
                    stats.skip(f"{run.apexClassOrTriggerName}: {str(at)[:80]!r} is no line")
                else:
                    lines.hit(line, hits)
    return found


def _counted(lines: _Lines) -> Iterator[tuple[Number, int]]:
    yield from ((line, 1) for line in lines.coveredLines)
    yield from ((line, 0) for line in lines.uncoveredLines)


def _file(builder: ReportBuilder, name: str) -> int:
    return builder.file(name) if "." in name else builder.file(f"{name}.cls", f"{name}.trigger")
