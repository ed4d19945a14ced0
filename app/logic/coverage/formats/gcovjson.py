"""Read the JSON of gcov (`gcov --json-format`, gcc 9 and later) and of gcovr (`gcovr --json`)."""

from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.gcov_branches import any_detected
from app.logic.coverage.formats.json_documents import count_of, line_of, untyped
from app.logic.coverage.formats.json_parts import NOTHING, Number, members, records

PARTIALS_AS_HITS: Final = "gcovjson.partials_as_hits"


class _Branch(msgspec.Struct, gc=False):
    count: Number = 0
    throw: bool = False


class _Line(msgspec.Struct, gc=False):
    line_number: Number
    count: Number
    branches: list[_Branch] = []
    noncode: bool = msgspec.field(default=False, name="gcovr/noncode")
    excluded: bool = msgspec.field(default=False, name="gcovr/excluded")


class _Function(msgspec.Struct, gc=False):
    start_line: Number = None
    lineno: Number = None  # the name in gcovr's JSON


class _File(msgspec.Struct, gc=False):
    file: str
    lines: msgspec.Raw = NOTHING
    functions: msgspec.Raw = NOTHING


_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)
_LINES: Final = msgspec.json.Decoder(list[_Line])
_LINE: Final = msgspec.json.Decoder(_Line)
_FUNCTIONS: Final = msgspec.json.Decoder(list[_Function])
_FUNCTION: Final = msgspec.json.Decoder(_Function)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line; of its records (one an instance of a template) the largest count, and the arms of all.

    Arms are used if any of `gcov.branch_detection` is on: those of exceptions are left out, an arm is named by its
    index in the record. A line where a function starts is of kind method. Source of the format: the gcov manual.
    """
    stats = ParseStats()
    document = members(data, "the document", stats)
    directory = untyped(document.get("current_working_directory", NOTHING))
    bases = [directory] if isinstance(directory, str) else []
    with_arms, partials_as_hits = any_detected(options), options.enabled(PARTIALS_AS_HITS)
    for file in records(document.get("files", NOTHING), _FILES, _FILE, "files", stats):
        lines = FileLines()
        for record in records(file.lines, _LINES, _LINE, f"{file.file}: lines", stats):
            if not (record.noncode or record.excluded):
                _take(lines, record, with_arms, file.file, stats)
        for function in records(file.functions, _FUNCTIONS, _FUNCTION, f"{file.file}: functions", stats):
            start = line_of(function.lineno if function.start_line is None else function.start_line)
            if start is not None:
                lines.methods.add(start)
        number = builder.file(file.file, bases=bases)
        stats.records += lines.send(builder, number, partials_as_hits=partials_as_hits)
    return stats


def _take(lines: FileLines, record: _Line, with_arms: bool, path: str, stats: ParseStats) -> None:
    line, count = line_of(record.line_number), count_of(record.count)
    if line is None or count is None:
        stats.skip(f"{path}: line {str(record.line_number)[:80]!r} with count {str(record.count)[:80]!r}")
        return
    lines.hit(line, count)
    if with_arms:
        for index, branch in enumerate(record.branches):
            if not branch.throw:
                lines.arm(line, str(index), taken=(count_of(branch.count) or 0) > 0)
