"""Read the JSON reports of SimpleCov: its JSON formatters and `.resultset.json`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import as_object, count_of, line_of, untyped
from app.logic.coverage.formats.json_parts import NOTHING, items, members
from app.logic.coverage.report import IGNORED

_LINES: Final = msgspec.json.Decoder(list[int | str | None])
# "[:if, 0, 3, 4, 5, 7]": type, id, start line, start column, end line, end column
_CONDITION: Final = re.compile(r"\[\s*:?\"?(\w+)\"?,\s*(\d+),\s*(\d+),")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add one row per relevant line; index i of a file's array is line i + 1, "ignored" is excluded by directive.

    Shapes: `{"files": [{"filename", "coverage"}]}`, `{"coverage": {path: …}}` and `{command: {"coverage": {path: …}}}`,
    where the coverage of a file is its array or an object of `lines` and `branches`. Source of the formats: the
    simplecov and simplecov_json_formatter gems.
    """
    stats = ParseStats()
    for path, raw in _files(data, stats):
        is_array = bytes(memoryview(raw)[:1]) == b"["
        sections = {"lines": raw} if is_array else members(raw, path, stats)
        lines = FileLines()
        lines.hits = _hits(path, sections.get("lines"), stats)
        if "branches" in sections:
            _add_arms(lines, untyped(sections["branches"]))
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _files(data: bytes, stats: ParseStats) -> Iterator[tuple[str, msgspec.Raw]]:
    """Yield path and coverage of every file, whatever the shape of the document."""
    document = members(data, "the document", stats)
    if "files" in document:
        yield from _listed_files(document["files"], stats)
    elif "coverage" in document:
        yield from members(document["coverage"], "coverage", stats).items()
    else:
        for command, raw in document.items():
            result = members(raw, command, stats)
            if "coverage" in result:
                yield from members(result["coverage"], command, stats).items()


def _listed_files(raw: msgspec.Raw, stats: ParseStats) -> Iterator[tuple[str, msgspec.Raw]]:
    for number, entry in enumerate(items(raw, "files", stats)):
        file = members(entry, f"files[{number}]", stats)
        path = untyped(file["filename"]) if "filename" in file else None
        if isinstance(path, str) and "coverage" in file:
            yield path, file["coverage"]
        elif file or entry == NOTHING:
            stats.skip(f"files[{number}]: no path or no coverage")


def _hits(path: str, raw: msgspec.Raw | None, stats: ParseStats) -> dict[int, int]:
    """Return the hits by line; null means that the line is not tracked."""
    if raw is None:
        return {}
    values: Any
    try:
        values = _LINES.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        values = untyped(raw)
    if not isinstance(values, list):
        stats.skip(f"{path}: its lines are no list")
        return {}
    hits = {}
    for line, value in enumerate(values, 1):
        if value is None:
            continue
        count = IGNORED if value == "ignored" else count_of(value)
        if count is None:
            stats.skip(f"{path}:{line}: {str(value)[:80]!r} is no count")
        else:
            hits[line] = count
    return hits


def _add_arms(lines: FileLines, branches: Any) -> None:
    """Add the arms of a list of arms or of an object of conditions."""
    if isinstance(branches, list):
        _add_listed_arms(lines, branches)
    else:
        _add_keyed_arms(lines, as_object(branches))


def _add_listed_arms(lines: FileLines, branches: list[Any]) -> None:
    """Add the arms of lines where several begin; one arm on a line of its own is no alternative."""
    found: list[tuple[int, int]] = []
    for branch in branches:
        entry = as_object(branch)
        line, count = line_of(entry.get("start_line")), count_of(entry.get("coverage"))
        if line is not None and count is not None:
            found.append((line, count))
    arms = Counter(line for line, _ in found)
    for line, count in found:
        if arms[line] > 1:
            lines.fraction(line, count > 0, 1)


def _add_keyed_arms(lines: FileLines, branches: Mapping[str, Any]) -> None:
    """Add the arms of conditions on the condition's start line, named `type:id`."""
    for condition, entries in branches.items():
        at = _CONDITION.match(condition)
        line = line_of(at[3]) if at else None
        for arm, value in as_object(entries).items():
            named, count = _CONDITION.match(arm), count_of(value)
            if line is not None and named is not None and count is not None:
                lines.arm(line, f"{named[1]}:{named[2]}", taken=count > 0)
