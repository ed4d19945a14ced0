"""Read the JSON of tarpaulin (`cargo tarpaulin --out Json`)."""

from typing import Any, Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import as_list, as_object, count_of, line_of
from app.logic.coverage.formats.json_parts import NOTHING, Number, members, records

PARTIALS_AS_HITS: Final = "tarpaulin.partials_as_hits"
_OUTCOMES: Final = (("T", "been_true"), ("F", "been_false"))


class _Trace(msgspec.Struct, gc=False):
    """What was counted at one place; old versions have `hits`, newer ones `stats`."""

    line: Number
    stats: dict[str, Any] | None = None
    hits: Number = None


class _File(msgspec.Struct, gc=False):
    path: list[str] | str
    traces: msgspec.Raw = NOTHING


_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)
_TRACES: Final = msgspec.json.Decoder(list[_Trace])
_TRACE: Final = msgspec.json.Decoder(_Trace)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line that has a trace; conditions make two arms each, `T` and `F`.

    Source of the format: the `TraceMap` that tarpaulin serialises.
    """
    stats = ParseStats()
    document = members(data, "the document", stats)
    for file in records(document.get("files", NOTHING), _FILES, _FILE, "files", stats):
        path = _path(file.path)
        lines = FileLines()
        for trace in records(file.traces, _TRACES, _TRACE, f"{path}: traces", stats):
            if not _take(lines, trace):
                stats.skip(f"{path}: a trace of line {str(trace.line)[:80]!r} without a count")
        partials_as_hits = options.enabled(PARTIALS_AS_HITS)
        stats.records += lines.send(builder, builder.file(path), partials_as_hits=partials_as_hits)
    return stats


def _path(parts: list[str] | str) -> str:
    """Join the parts of a path, of which the first may be the root."""
    return parts if isinstance(parts, str) else "/".join(parts).replace("//", "/")


def _take(lines: FileLines, trace: _Trace) -> bool:
    """Add a trace; False if it says nothing about a line."""
    line = line_of(trace.line)
    counted = trace.stats or {"Line": trace.hits}
    if line is None:
        return False
    if "Branch" in counted or "Condition" in counted:
        conditions = as_list(counted.get("Condition")) or [counted.get("Branch")]
        # Traces have no names: those of several places on a line are told apart by their order.
        start = lines.arms_of(line) // len(_OUTCOMES)
        for index, condition in enumerate(conditions, start):
            for name, outcome in _OUTCOMES:
                lines.arm(line, f"{index}:{name}", taken=as_object(condition).get(outcome) is True)
        return True
    hits = count_of(counted.get("Line"))
    if hits is None:
        return False
    lines.hit(line, hits)
    return True
