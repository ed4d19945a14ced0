"""Read the JSON reports of SimpleCov: its JSON formatters and `.resultset.json`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.json_documents import as_object, count_of, decode, line_of, untyped
from app.logic.coverage.report import BRANCH, IGNORED, LINE, Rows

_SLICES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_LINES: Final = msgspec.json.Decoder(list[int | str | None])
# "[:if, 0, 3, 4, 5, 7]": type, id, start line, start column, end line, end column
_CONDITION: Final = re.compile(r"\[\s*:?\"?(\w+)\"?,\s*(\d+),\s*(\d+),")


@dataclass(slots=True)
class _Arms:
    """The arms of one line; `missed` names those not taken, None where the report does not name arms."""

    taken: int = 0
    total: int = 0
    missed: list[str] | None = field(default_factory=list)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add one row per relevant line; index i of a file's array is line i + 1, "ignored" is excluded by directive.

    Shapes: `{"files": [{"filename", "coverage"}]}`, `{"coverage": {path: …}}` and `{command: {"coverage": {path: …}}}`,
    where the coverage of a file is its array or an object of `lines` and `branches`. Source of the formats: the
    simplecov and simplecov_json_formatter gems.
    """
    stats = ParseStats()
    for path, raw in _files(data, stats):
        is_array = bytes(memoryview(raw)[:1]) == b"["
        sections = {"lines": raw} if is_array else _object(raw, path, stats)
        _add_file(builder, path, sections, stats)
    return stats


def _files(data: bytes, stats: ParseStats) -> Iterator[tuple[str, msgspec.Raw]]:
    """Yield path and coverage of every file, whatever the shape of the document."""
    document = _object(data, "the document", stats)
    if "files" in document:
        yield from _listed_files(document["files"], stats)
    elif "coverage" in document:
        yield from _object(document["coverage"], "coverage", stats).items()
    else:
        for command, raw in document.items():
            result = _object(raw, command, stats)
            if "coverage" in result:
                yield from _object(result["coverage"], command, stats).items()


def _listed_files(raw: msgspec.Raw, stats: ParseStats) -> Iterator[tuple[str, msgspec.Raw]]:
    try:
        entries = decode(raw, _LIST)
    except msgspec.ValidationError as error:
        stats.skip(f"files: {error}")
        return
    for number, entry in enumerate(entries):
        file = _object(entry, f"files[{number}]", stats)
        path = untyped(file["filename"]) if "filename" in file else None
        if isinstance(path, str) and "coverage" in file:
            yield path, file["coverage"]
        elif file:
            stats.skip(f"files[{number}]: no path or no coverage")


def _object(raw: bytes | msgspec.Raw, where: str, stats: ParseStats) -> dict[str, msgspec.Raw]:
    try:
        return decode(raw, _SLICES)
    except msgspec.ValidationError as error:
        stats.skip(f"{where}: {error}")
        return {}


def _add_file(builder: ReportBuilder, path: str, sections: Mapping[str, msgspec.Raw], stats: ParseStats) -> None:
    hits = _hits(path, sections.get("lines"), stats)
    arms = _arms(untyped(sections["branches"])) if "branches" in sections else {}
    lines = sorted(hits.keys() | arms.keys())
    if not lines:
        return
    row_of = {line: row for row, line in enumerate(lines)}
    # A line excluded by directive stays so; a line that never ran took none of its arms.
    with_arms = [line for line in sorted(arms) if hits.get(line) != IGNORED]
    values = {line: 0 if hits.get(line) == 0 else arms[line].taken for line in with_arms}
    missed = {line: names for line in with_arms if (names := arms[line].missed)}
    codes = [builder.arm_ids.code(arm) for names in missed.values() for arm in names]
    builder.add(
        Rows(
            files=[builder.file(path)],
            counts=[len(lines)],
            line=np.array(lines, np.int64),
            hits=np.array([values.get(line, hits.get(line, 0)) for line in lines], np.int64),
            kind=np.array([BRANCH if line in values else LINE for line in lines], np.uint8),
            branch_row=np.array([row_of[line] for line in with_arms], np.int64),
            branch_arms=np.array([arms[line].total for line in with_arms], np.int64),
            missing_row=np.array([row_of[line] for line in missed], np.int64),
            missing_offsets=np.cumsum([0, *map(len, missed.values())]),
            missing_ids=np.array(codes, np.int64),
        )
    )
    stats.records += len(lines)


def _hits(path: str, raw: msgspec.Raw | None, stats: ParseStats) -> dict[int, int]:
    """Return the hits by line; null means that the line is not tracked."""
    if raw is None:
        return {}
    values: Any
    try:
        values = _LINES.decode(raw)
    except msgspec.DecodeError:
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


def _arms(branches: Any) -> dict[int, _Arms]:
    """Return the arms by line from a list of arms or from an object of conditions."""
    return _listed_arms(branches) if isinstance(branches, list) else _keyed_arms(as_object(branches))


def _listed_arms(branches: list[Any]) -> dict[int, _Arms]:
    """Return the arms of lines where several begin; one arm on a line of its own is no alternative."""
    found: dict[int, _Arms] = {}
    for branch in branches:
        entry = as_object(branch)
        line, count = line_of(entry.get("start_line")), count_of(entry.get("coverage"))
        if line is not None and count is not None:
            arms = found.setdefault(line, _Arms(missed=None))
            arms.total += 1
            arms.taken += count > 0
    return {line: arms for line, arms in found.items() if arms.total > 1}


def _keyed_arms(branches: Mapping[str, Any]) -> dict[int, _Arms]:
    """Return the arms of conditions on the condition's start line, named `type:id`."""
    found: dict[int, _Arms] = {}
    for condition, entries in branches.items():
        at = _CONDITION.match(condition)
        line = line_of(at[3]) if at else None
        for arm, value in as_object(entries).items():
            named, count = _CONDITION.match(arm), count_of(value)
            if line is None or named is None or count is None:
                continue
            arms = found.setdefault(line, _Arms())
            arms.total += 1
            if count > 0:
                arms.taken += 1
            elif arms.missed is not None:
                arms.missed.append(f"{named[1]}:{named[2]}")
    return found
