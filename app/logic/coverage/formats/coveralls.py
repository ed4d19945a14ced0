"""Read the JSON that clients of Coveralls send: ExCoveralls, bisect_ppx, php-coveralls, grcov, slather's own JSON."""

from typing import Any, Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import as_list, count_of, line_of, untyped
from app.logic.coverage.formats.json_parts import NOTHING, counts_by_index, members, records
from app.logic.coverage.formats.limits import MAX_LINE

_ARM_FIELDS: Final = 4  # line, block, arm, hits


class _File(msgspec.Struct, gc=False):
    name: str = ""
    file: str = ""  # the name in slather's list of files
    coverage: msgspec.Raw = NOTHING
    branches: msgspec.Raw = NOTHING


_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)
_NUMBERS: Final = msgspec.json.Decoder(list[int])


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line of the files' arrays, whose first element is line 1 and where null is no line.

    The array may be JSON inside a string. `branches` is a flat list of line, block, arm and hits; the arms of a line
    are named `block:arm`. Source of the format: the API reference of Coveralls.
    """
    stats = ParseStats()
    files = msgspec.Raw(data) if data.startswith(b"[") else members(data, "the document", stats)["source_files"]
    for number, file in enumerate(records(files, _FILES, _FILE, "source_files", stats)):
        path = file.name or file.file
        if not path or file.coverage == NOTHING:
            stats.skip(f"source_files[{number}]: no name or no coverage")
            continue
        lines = FileLines()
        try:
            lines.hits = counts_by_index(_array(file.coverage), 1, path, stats)
        except FormatError as error:
            stats.skip(f"{path}: {error.detail}")
            continue
        _add_arms(lines, file.branches, path, stats)
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _array(raw: msgspec.Raw) -> msgspec.Raw:
    """Unwrap an array that is written as a string."""
    text = untyped(raw) if bytes(memoryview(raw)[:1]) == b'"' else None
    return raw if text is None else msgspec.Raw(str(text).encode("utf-8", "replace"))


def _add_arms(lines: FileLines, raw: msgspec.Raw, path: str, stats: ParseStats) -> None:
    if raw == NOTHING:
        return
    try:
        flat = _NUMBERS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        _add_unusual_arms(lines, as_list(untyped(raw)), path, stats)
        return
    columns = [flat[field::_ARM_FIELDS] for field in range(_ARM_FIELDS)]
    if len(flat) % _ARM_FIELDS or not 1 <= min(columns[0], default=1) <= max(columns[0], default=1) <= MAX_LINE:
        _add_unusual_arms(lines, flat, path, stats)
        return
    for line, block, arm, hits in zip(*columns, strict=True):
        lines.arm(line, f"{block}:{arm}", taken=hits > 0)


def _add_unusual_arms(lines: FileLines, values: list[Any], path: str, stats: ParseStats) -> None:
    for start in range(0, len(values), _ARM_FIELDS):
        line, block, arm, hits = (values[start : start + _ARM_FIELDS] + [None] * _ARM_FIELDS)[:_ARM_FIELDS]
        at, count = line_of(line), count_of(hits)
        if at is None or count is None:
            stats.skip(f"{path}: {str(values[start : start + _ARM_FIELDS])[:80]} is no branch")
        else:
            lines.arm(at, f"{block}:{arm}", taken=count > 0)
