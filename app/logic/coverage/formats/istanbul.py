"""Read Istanbul's `coverage-final.json` and its relatives (nyc, c8, Jest, Vitest, Cypress, Karma, JSCover)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.istanbul_maps import (
    Branch,
    arms_of,
    branches_of,
    counts_of,
    line_at,
    line_of_branch,
    locations_of,
    paired,
    statements_of_batch,
)
from app.logic.coverage.formats.istanbul_rows import Counted, Decisions, Points, add_alternatives, add_plain
from app.logic.coverage.formats.json_documents import as_list, as_object, count_of, decode, line_of, untyped
from app.logic.coverage.formats.keyed import add_rows, batches, key_of
from app.logic.coverage.report import BRANCH, LINE

ENABLE_PARTIALS: Final = "javascript.enable_partials"


class _File(msgspec.Struct, gc=False):
    """The parts of one file of the report, still as text."""

    statementMap: msgspec.Raw = msgspec.Raw()  # noqa: N815 - these are the names of the format
    s: msgspec.Raw = msgspec.Raw()
    branchMap: msgspec.Raw = msgspec.Raw()  # noqa: N815
    b: msgspec.Raw = msgspec.Raw()
    fnMap: msgspec.Raw = msgspec.Raw()  # noqa: N815
    f: msgspec.Raw = msgspec.Raw()
    linesCovered: msgspec.Raw = msgspec.Raw()  # noqa: N815
    lineData: msgspec.Raw = msgspec.Raw()  # noqa: N815
    branchData: msgspec.Raw = msgspec.Raw()  # noqa: N815
    data: msgspec.Raw = msgspec.Raw()

    def is_known(self) -> bool:
        return any((self.statementMap, self.branchMap, self.fnMap, self.linesCovered, self.lineData))


class _Wrapped(msgspec.Struct):
    data: msgspec.Raw


_FILE: Final = msgspec.json.Decoder(_File)
_FILES: Final = msgspec.json.Decoder(dict[str, _File])
_SLICES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_WRAPPED: Final = msgspec.json.Decoder(_Wrapped)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add the lines on which statements, branch arms and functions begin.

    By default every place counts as a hit or a miss of its start line; with `javascript.enable_partials` the arms of a
    decision make a fraction on the decision's line. Source of the format: istanbul-lib-coverage; JSCover's
    `jscoverage.json`. A file that is unknown under its own path is also looked for with `src/` instead of `lib/`.
    """
    stats = ParseStats()
    partials = options.enabled(ENABLE_PARTIALS)
    for batch in batches(_sized(_files(data, stats), stats)):
        numbers = [builder.file(path, *_source_twin(path)) for path, _ in batch]
        files = [file for _, file in batch]
        statements = _statements(files, stats)
        functions = _functions(files, stats)
        if partials:
            decisions = _decisions(builder, files, stats)
            stats.records += add_alternatives(builder, numbers, statements, functions, decisions)
        else:
            stats.records += add_plain(builder, numbers, statements, functions, _arms(files, stats))
        for number, file in zip(numbers, files, strict=True):
            if file.lineData:
                stats.records += _add_jscover(builder, number, file, stats)
    return stats


def _source_twin(path: str) -> tuple[str, ...]:
    return (path.replace("lib/", "src/", 1),) if "lib/" in path else ()


def _sized(files: Mapping[str, _File], stats: ParseStats) -> Iterator[tuple[tuple[str, _File], int]]:
    """Yield the files that hold lines, each with the size of its largest parts."""
    for path, file in files.items():
        inner = file if file.is_known() or not file.data else _unwrapped(file)
        if inner.is_known():
            yield (path, inner), len(inner.statementMap) + len(inner.branchMap)
        else:
            stats.skip(f"{path}: no statements, lines, branches or functions")


def _unwrapped(file: _File) -> _File:
    try:
        return _FILE.decode(file.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return file


def _files(data: bytes, stats: ParseStats) -> Mapping[str, _File]:
    """Split the document into files, taking off a `data` wrapper around all of them."""
    try:
        files = decode(data, _FILES)
    except msgspec.ValidationError:
        files = _loose_files(data, stats)
    if len(files) == 1 and "data" in files and not files["data"].is_known():
        return _loose_files(bytes(memoryview(decode(data, _WRAPPED).data)), stats)
    return files


def _loose_files(data: bytes, stats: ParseStats) -> dict[str, _File]:
    try:
        slices = decode(data, _SLICES)
    except msgspec.ValidationError as error:
        raise FormatError("no_data", f"no object of files: {error}") from None
    files = {}
    for path, raw in slices.items():
        try:
            files[path] = _FILE.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            stats.skip(f"{path}: {error}")
    return files


def _statements(files: Sequence[_File], stats: ParseStats) -> Counted:
    """Return keys and hits of the statements, and of lines that are counted directly."""
    if not any(file.linesCovered for file in files):
        points = statements_of_batch([(file.statementMap, file.s) for file in files])
        if points is not None:
            return points
    found = Points()
    for owner, file in enumerate(files):
        for _, place, hits in paired(
            locations_of(file.statementMap, stats), counts_of(file.s, stats), "statement", stats
        ):
            found.append(owner, line_at(place), hits)
        for line, hits in counts_of(file.linesCovered, stats).items():
            found.append(owner, line_of(line) or 0, hits)
    return found.arrays()


def _functions(files: Sequence[_File], stats: ParseStats) -> Counted:
    found = Points()
    for owner, file in enumerate(files):
        for _, place, hits in paired(locations_of(file.fnMap, stats), counts_of(file.f, stats), "function", stats):
            found.append(owner, line_at(place), hits)
    return found.arrays()


def _arms(files: Sequence[_File], stats: ParseStats) -> Counted:
    """Return keys and hits of the branch arms, each on its own start line."""
    found = Points()
    for owner, file in enumerate(files):
        branches, counters = branches_of(file.branchMap, stats), arms_of(file.b, stats)
        if _same_shape(branches, counters):
            lines = [line_at(place) for branch in branches.values() for place in branch.locations]
            found.extend(owner, lines, chain.from_iterable(counters.values()))
            continue
        for _, branch, counts in paired(branches, counters, "branch", stats):
            for place, hits in zip(branch.locations, counts, strict=False):
                found.append(owner, line_at(place), hits)
    return found.arrays()


def _same_shape(branches: Mapping[str, Branch], counters: Mapping[str, list[int]]) -> bool:
    return list(branches) == list(counters) and all(
        len(branch.locations) == len(counts)
        for branch, counts in zip(branches.values(), counters.values(), strict=True)
    )


def _decisions(builder: ReportBuilder, files: Sequence[_File], stats: ParseStats) -> Decisions:
    """Return the branches on the lines where their decisions begin."""
    blocks, arms = Points(), Points()
    ids: list[int] = []
    for owner, file in enumerate(files):
        for name, branch, counts in paired(branches_of(file.branchMap, stats), arms_of(file.b, stats), "branch", stats):
            line = line_of_branch(branch)
            if branch.type == "branch" and len(counts) == 1:
                blocks.append(owner, line, counts[0])
            else:
                arms.extend(owner, [line] * len(counts), counts)
                ids += [builder.arm_ids.code(f"{name}:{index}") for index in range(len(counts))]
    return Decisions(blocks.arrays(), arms.arrays(), np.array(ids, np.int64))


def _add_jscover(builder: ReportBuilder, number: int, file: _File, stats: ParseStats) -> int:
    """Add a file of JSCover: `lineData[n]` counts line n, `branchData[n]` its conditions, each with two outcomes."""
    hits: dict[int, int] = {}
    for line, value in enumerate(as_list(untyped(file.lineData))):
        count = count_of(value)
        if line > 0 and count is not None:
            hits[line] = count
        elif line > 0 and value is not None:
            stats.skip(f"lineData[{line}]: {str(value)[:80]!r} is not a number")
    arms = _jscover_arms(file)
    lines = sorted(hits.keys() | arms.keys())
    keys = key_of(np.zeros(len(lines), np.int64), np.array(lines, np.int64))
    branch_row = [row for row, line in enumerate(lines) if line in arms]
    values = [(0 if hits.get(line) == 0 else arms[line][0]) if line in arms else hits[line] for line in lines]
    add_rows(
        builder,
        [number],
        keys,
        np.array(values, np.int64),
        kind=np.array([BRANCH if line in arms else LINE for line in lines], np.uint8),
        branch_row=np.array(branch_row, np.int64),
        branch_arms=np.array([arms[lines[row]][1] for row in branch_row], np.int64),
    )
    return len(lines)


def _jscover_arms(file: _File) -> dict[int, tuple[int, int]]:
    """Return the outcomes seen and possible by line."""
    value: Any = untyped(file.branchData) if file.branchData else {}
    entries = enumerate(value) if isinstance(value, list) else as_object(value).items()
    arms = {}
    for name, entry in entries:
        line = line_of(name)
        conditions = [condition for condition in as_list(entry)[1:] if isinstance(condition, dict)]
        if line is not None and conditions:
            outcomes = [count_of(c.get(outcome)) for c in conditions for outcome in ("evalTrue", "evalFalse")]
            arms[line] = (sum(1 for outcome in outcomes if outcome), len(outcomes))
    return arms
