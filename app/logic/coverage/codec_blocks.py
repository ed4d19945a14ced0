"""Blocks of a stored report: the rows of some files as bytes, and back (docs/decisions/0001-columnar-report.md)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import STYLE_SHIFT, TEXT, TEXT_BASE
from app.logic.coverage.codec_columns import ColumnReader, ReportCorrupt, write_ints
from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import IGNORED, METHOD, Complexity, MissingArms, Report

# An id is stored in three columns, so that each is small: style, upper and lower half of the rest.
_HALF: Final = 30
_HALF_MASK: Final = (1 << _HALF) - 1


@dataclass(frozen=True, slots=True)
class BlockShape:
    """How much of everything a block holds; `counts` and `last_line` are those of its files."""

    files: tuple[str, ...]
    counts: Ints
    last_line: Ints
    branches: int
    lists: int
    ids: int
    complexities: int


def write_block(part: Report) -> bytes:
    """Return the rows of a slice, uncompressed. Every value takes at least a byte, so lengths bound the counts."""
    missing, complexity = part.missing, part.complexity
    lists = np.bincount(missing.row, minlength=len(part.line))[part.branch_row]
    if lists.sum() != len(missing.row):
        raise ValueError("a missing list belongs to a row without branches")
    columns = (
        _line_steps(part.line, part.offsets),
        part.hits,
        part.kind,
        _steps(part.branch_row),
        part.branch_arms,
        lists,
        missing.arms,
        np.diff(missing.offsets),
        missing.ids >> STYLE_SHIFT,
        (missing.ids >> _HALF) & _HALF_MASK,
        missing.ids & _HALF_MASK,
        _steps(complexity.row),
        complexity.value,
        complexity.total,
    )
    return b"".join(piece for column in columns for piece in write_ints(column))


def read_block(data: bytes, shape: BlockShape, texts: tuple[str, ...]) -> Report:
    """Return the rows of a block; raises ReportCorrupt."""
    reader = ColumnReader(data)
    offsets = offsets_of(shape.counts)
    rows = int(offsets[-1])
    line = _lines(reader.ints(rows, np.int64, low=1), offsets, shape.last_line)
    hits = reader.ints(rows, np.int64, low=IGNORED)
    kind = reader.ints(rows, np.uint8, high=METHOD)
    branch_row = _rows(reader.ints(shape.branches, np.int64, low=1), rows)
    branch_arms = reader.ints(shape.branches, np.int32, low=1)
    missing = _read_missing(reader, shape, branch_row, texts)
    complexity = Complexity(
        _rows(reader.ints(shape.complexities, np.int64, low=1), rows),
        reader.ints(shape.complexities, np.int32),
        reader.ints(shape.complexities, np.int32, low=-1),
    )
    reader.end()
    return Report(shape.files, offsets, line, hits, kind, branch_row, branch_arms, missing, complexity)


def _read_missing(reader: ColumnReader, shape: BlockShape, branch_row: Ints, texts: tuple[str, ...]) -> MissingArms:
    per_branch = reader.ints(shape.branches, np.int64)
    if per_branch.sum() != shape.lists:
        raise ReportCorrupt(f"{per_branch.sum()} missing lists, expected {shape.lists}")
    arms = reader.ints(shape.lists, np.int32, low=1)
    offsets = offsets_of(reader.ints(shape.lists, np.int64, low=1))
    if offsets[-1] != shape.ids:
        raise ReportCorrupt(f"{offsets[-1]} missing arms, expected {shape.ids}")
    ids = reader.ints(shape.ids, np.int64, high=TEXT)
    ids <<= _HALF
    ids |= reader.ints(shape.ids, np.int64, high=_HALF_MASK)
    ids <<= _HALF
    ids |= reader.ints(shape.ids, np.int64, high=_HALF_MASK)
    if len(ids) and ids.max() >= TEXT_BASE + len(texts):
        raise ReportCorrupt("a missing arm has no text")
    return MissingArms(np.repeat(branch_row, per_branch), arms, offsets, ids, texts)


def _line_steps(line: NDArray[np.int32], offsets: Ints) -> NDArray[np.int32]:
    """Return the distance of each line from the one before it in its file, of the first from line 0."""
    steps = np.diff(line, prepend=np.int32(0))
    steps[offsets[:-1]] = line[offsets[:-1]]
    return steps


def _lines(steps: Ints, offsets: Ints, last_line: Ints) -> NDArray[np.int32]:
    """Return the lines of `_line_steps`; the last of each file must be `last_line`."""
    steps[offsets[1:-1]] -= last_line[:-1]
    line = np.cumsum(steps)
    if not np.array_equal(line[offsets[1:] - 1], last_line):
        raise ReportCorrupt("lines do not end where the header says")
    return line.astype(np.int32)


def _steps(row: Ints) -> Ints:
    return np.diff(row, prepend=-1)


def _rows(steps: Ints, rows: int) -> Ints:
    row = np.cumsum(steps) - 1
    if len(row) and row[-1] >= rows:
        raise ReportCorrupt(f"a fact belongs to row {row[-1]} of {rows}")
    return row
