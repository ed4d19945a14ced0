"""Reports in slices of whole files, small enough for the processor's cache."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import Complexity, MissingArms, Report

SLICE_ROWS: Final = 1 << 16


def slice_bounds(offsets: Ints) -> list[int]:
    """Return the file numbers, from 0 to the number of files, that cut a report into slices of about SLICE_ROWS rows.

    A file is never cut, so a slice can be as large as its largest file.
    """
    targets = np.arange(0, offsets[-1], SLICE_ROWS)
    bounds = np.unique(np.searchsorted(offsets[:-1], targets, side="right") - 1).tolist()
    return [*bounds, len(offsets) - 1] if bounds else [0]


def slice_report(report: Report) -> Iterator[tuple[int, Report]]:
    """Yield (number of the first file, the rows of some files as a report); texts stay those of the whole."""
    bounds = slice_bounds(report.offsets)
    rows = report.offsets[bounds]
    missing, complexity = report.missing, report.complexity
    branches = np.searchsorted(report.branch_row, rows).tolist()
    lists = np.searchsorted(missing.row, rows)
    ids = missing.offsets[lists].tolist()
    measured = np.searchsorted(complexity.row, rows).tolist()
    rows, lists = rows.tolist(), lists.tolist()
    for number, first in enumerate(bounds[:-1]):
        file = slice(first, bounds[number + 1])
        row = slice(rows[number], rows[number + 1])
        branch = slice(branches[number], branches[number + 1])
        listed = slice(lists[number], lists[number + 1])
        cyclomatic = slice(measured[number], measured[number + 1])
        yield (
            first,
            Report(
                files=report.files[file],
                offsets=report.offsets[file.start : file.stop + 1] - row.start,
                line=report.line[row],
                hits=report.hits[row],
                kind=report.kind[row],
                branch_row=report.branch_row[branch] - row.start,
                branch_arms=report.branch_arms[branch],
                missing=MissingArms(
                    missing.row[listed] - row.start,
                    missing.arms[listed],
                    missing.offsets[listed.start : listed.stop + 1] - ids[number],
                    missing.ids[ids[number] : ids[number + 1]],
                    missing.texts,
                ),
                complexity=Complexity(
                    complexity.row[cyclomatic] - row.start,
                    complexity.value[cyclomatic],
                    complexity.total[cyclomatic],
                ),
            ),
        )


_SPARSE_TYPES: Final = (
    *(np.int64, np.int64, np.int32),  # rows per file; branch row, arms
    *(np.int64, np.int32, np.int64, np.int64),  # missing list row, arms, length; ids
    *(np.int64, np.int32, np.int32),  # complexity row, value, total
)


def join_slices(slices: Iterable[Report], rows: int, texts: tuple[str, ...]) -> Report:
    """Return the report of consecutive slices with `rows` rows in all; each slice is needed only until it is copied."""
    line = np.empty(rows, dtype=np.int32)
    hits = np.empty(rows, dtype=np.int64)
    kind = np.empty(rows, dtype=np.uint8)
    parts: list[tuple[NDArray[Any], ...]] = []
    files: list[str] = []
    done = 0
    for part in slices:
        end = done + len(part.line)
        line[done:end], hits[done:end], kind[done:end] = part.line, part.hits, part.kind
        files.extend(part.files)
        missing, complexity = part.missing, part.complexity
        parts.append(
            (
                np.diff(part.offsets),
                part.branch_row + done,
                part.branch_arms,
                missing.row + done,
                missing.arms,
                np.diff(missing.offsets),
                missing.ids,
                complexity.row + done,
                complexity.value,
                complexity.total,
            )
        )
        done = end
    empty = tuple(np.zeros(0, dtype=dtype) for dtype in _SPARSE_TYPES)
    counts, branch_row, arms, list_row, list_arms, lengths, ids, measured, value, total = (
        np.concatenate(column) for column in zip(*(parts or [empty]), strict=True)
    )
    return Report(
        files=tuple(files),
        offsets=offsets_of(counts),
        line=line,
        hits=hits,
        kind=kind,
        branch_row=branch_row,
        branch_arms=arms,
        missing=MissingArms(list_row, list_arms, offsets_of(lengths), ids, texts),
        complexity=Complexity(measured, value, total),
    )
