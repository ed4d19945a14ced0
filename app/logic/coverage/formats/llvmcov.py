"""Read the JSON of `llvm-cov export`, also written by `swift test` and `cargo llvm-cov --json`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_parts import NOTHING, members, records
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE, check_span

PARTIALS_AS_HITS: Final = "llvmcov.partials_as_hits"


class Segment(msgspec.Struct, array_like=True, gc=False):
    """A place from which on another count holds; it opens a region or goes back to the one around it."""

    line: int
    column: int
    count: int
    has_count: bool
    is_entry: bool
    is_gap: bool = False  # not in version 2.0.0

    @property
    def starts_region(self) -> bool:
        return self.has_count and self.is_entry and not self.is_gap


class _Branch(msgspec.Struct, array_like=True, gc=False):
    """A condition with the counts of its two outcomes."""

    line: int
    column: int
    end_line: int
    end_column: int
    true: int
    false: int


class _File(msgspec.Struct, gc=False):
    filename: str
    segments: msgspec.Raw = NOTHING
    branches: msgspec.Raw = NOTHING


class _Export(msgspec.Struct, gc=False):
    files: msgspec.Raw = NOTHING


_EXPORTS: Final = msgspec.json.Decoder(list[_Export])
_EXPORT: Final = msgspec.json.Decoder(_Export)
_FILES: Final = msgspec.json.Decoder(list[_File])
_FILE: Final = msgspec.json.Decoder(_File)
_SEGMENTS: Final = msgspec.json.Decoder(list[Segment])
_SEGMENT: Final = msgspec.json.Decoder(Segment)
_BRANCHES: Final = msgspec.json.Decoder(list[_Branch])
_BRANCH: Final = msgspec.json.Decoder(_Branch)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line that regions of code cover; hits as `llvm-cov export -format=lcov` of the same profile has.

    A condition makes two arms on its line, named `line:column:T` and `line:column:F`; the functions' own regions are
    not looked at. Source of the format: the comment on the JSON exporter of LLVM's llvm-cov.
    """
    stats = ParseStats()
    partials_as_hits = options.enabled(PARTIALS_AS_HITS)
    document = members(data, "the document", stats)
    spanned = 0
    for export in records(document.get("data", NOTHING), _EXPORTS, _EXPORT, "data", stats):
        for file in records(export.files, _FILES, _FILE, "files", stats):
            segments = _segments(file, stats)
            if not segments:
                continue
            spanned += segments[-1].line - segments[0].line + 1
            check_span(spanned, len(data))
            lines = FileLines()
            lines.hits = line_counts(segments)
            branches = records(file.branches, _BRANCHES, _BRANCH, f"{file.filename}: branches", stats)
            _add_branches(lines, branches, stats)
            number = builder.file(file.filename)
            stats.records += lines.send(builder, number, partials_as_hits=partials_as_hits)
    return stats


def _segments(file: _File, stats: ParseStats) -> list[Segment]:
    """Return the segments in the order of the source."""
    found = list(records(file.segments, _SEGMENTS, _SEGMENT, f"{file.filename}: segments", stats))
    good = [segment for segment in found if 1 <= segment.line <= MAX_LINE]
    for _ in range(len(found) - len(good)):
        stats.skip(f"{file.filename}: a segment whose line is out of range")
    good.sort(key=lambda segment: (segment.line, segment.column))
    return good


def line_counts(segments: Sequence[Segment]) -> dict[int, int]:
    """Return the hits of the lines from the first to the last segment, but for those that no region covers."""
    hits: dict[int, int] = {}
    around: Segment | None = None
    following = segments[0].line
    for own in _by_line(segments):
        line = own[0].line
        if around is not None and around.has_count and following < line:
            hits.update(dict.fromkeys(range(following, line), around.count))
        count = _count(own, around)
        if count is not None:
            hits[line] = count
        around = own[-1]
        following = line + 1
    if hits and not 0 <= min(hits.values()) <= max(hits.values()) <= MAX_HITS:
        return {line: min(max(count, 0), MAX_HITS) for line, count in hits.items()}
    return hits


def _by_line(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    start = 0
    for index, segment in enumerate(segments):
        if segment.line != segments[start].line:
            yield segments[start:index]
            start = index
    yield segments[start:]


def _count(own: Sequence[Segment], around: Segment | None) -> int | None:
    """Return the count of a line with segments; `around` is the last segment before it. None = no code on it."""
    if len(own) == 1 and own[0].starts_region:  # most often
        return own[0].count if around is None else max(own[0].count, around.count)
    counts = [segment.count for segment in own if segment.starts_region]
    wrapped = around is not None and around.has_count
    opens_skipped = own[0].is_entry and not own[0].has_count
    if not any(segment.is_entry and segment.has_count for segment in own) and (opens_skipped or not wrapped):
        return None
    if around is not None:
        counts.append(around.count)
    return max(counts, default=0)


def _add_branches(lines: FileLines, branches: Iterable[_Branch], stats: ParseStats) -> None:
    """Add the conditions, one for a place: instances of a template repeat them."""
    found: dict[int, dict[int, _Branch]] = {}
    for branch in branches:
        if not 1 <= branch.line <= MAX_LINE:
            stats.skip(f"a branch on line {str(branch.line)[:80]}")
            continue
        conditions = found.setdefault(branch.line, {})
        known = conditions.setdefault(branch.column, branch)
        if known is not branch:
            known.true, known.false = max(known.true, branch.true), max(known.false, branch.false)
    for line, conditions in found.items():
        if len(conditions) == 1 and lines.hits.get(line, 0) > 0 and not any(map(_was_counted, conditions.values())):
            continue  # the compiler folded a constant
        for column, branch in conditions.items():
            lines.arm(line, f"{line}:{column}:T", taken=branch.true > 0)
            lines.arm(line, f"{line}:{column}:F", taken=branch.false > 0)


def _was_counted(branch: _Branch) -> bool:
    return branch.true > 0 or branch.false > 0
