"""Go cover profiles, as written by `go test -coverprofile` and `go tool covdata textfmt`."""

from collections import defaultdict
from io import BytesIO
from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.go_blocks import BadLine, Block, Files, read_block
from app.logic.coverage.formats.go_scan import parse_scanning
from app.logic.coverage.formats.go_segments import MIN_LAST_COLUMN, Span, evaluate
from app.logic.coverage.formats.limits import check_span
from app.logic.coverage.report import Rows

SMALL: Final = 8 * 1024  # bytes below which setting up the scan of a block costs more than it saves


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a profile into `builder`. Bad lines are skipped; FormatError when all are, or when blocks are absurdly long.

    Source: the comment on profiles in golang.org/x/tools/cover; the value of a line is in docs/formats.md.
    """
    reader = parse_plainly if len(data) < SMALL else parse_scanning
    stats = reader(data, builder, options)
    if stats.skipped and not stats.records:
        raise FormatError("corrupt", f"no usable line; {stats.first_problem}")
    return stats


def parse_plainly(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a profile line by line. `parse_scanning` gives the same rows and statistics, faster."""
    stats = ParseStats()
    files = Files(builder)
    lines_of: dict[int, dict[int, set[Span]]] = defaultdict(lambda: defaultdict(set))
    spanned = 0
    for count, raw in enumerate(BytesIO(data), 1):
        try:
            block = read_block(raw.strip())
        except BadLine as problem:
            stats.skip(f"line {count}: {problem}")
            continue
        if block is None:
            continue
        stats.records += 1
        file = files.number(block.path)
        if file >= 0:
            spanned += block.last_line - block.first_line + 1
            check_span(spanned, len(data))
            _collect(block, lines_of[file])
    for file, lines in lines_of.items():
        _add(file, lines, builder, options)
    return stats


def _collect(block: Block, lines: dict[int, set[Span]]) -> None:
    """Add the spans of a block to the lines of its file."""
    _, first, start, last, end, hits = block
    if first == last:
        lines[first].add(Span(start, end, hits))
        return
    lines[first].add(Span(start, None, hits))
    for line in range(first + 1, last):
        lines[line].add(Span(0, None, hits))
    if end >= MIN_LAST_COLUMN:
        lines[last].add(Span(0, end, hits))


def _add(file: int, lines: dict[int, set[Span]], builder: ReportBuilder, options: FormatOptions) -> None:
    numbers = sorted(lines)
    values = [evaluate(lines[line]) for line in numbers]
    hits = [value.hits for value in values]
    branch_row = []
    for row, (covered, segments) in enumerate(values):
        if 0 < covered < segments and options.enabled("go.partials_as_hits"):
            hits[row] = 1
        elif segments:
            branch_row.append(row)
    builder.add(
        Rows(
            files=[file],
            counts=[len(numbers)],
            line=np.array(numbers, np.int64),
            hits=np.array(hits, np.int64),
            branch_row=np.array(branch_row, np.int64),
            branch_arms=np.array([values[row].segments for row in branch_row], np.int64),
        )
    )
