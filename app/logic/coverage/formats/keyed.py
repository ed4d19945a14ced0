"""Rows of a batch of files, keyed by (file, line) in one integer so that NumPy can sort and join them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.report import Rows

# Enough to hide the cost of a NumPy call, small enough for the processor's cache and for keys of 64 bits.
BATCH_BYTES: Final = 1_000_000
BATCH_ITEMS: Final = 4096

LINE_BITS: Final = 24
LARGEST_LINE: Final = 2**LINE_BITS - 1  # far above what a report may hold, so that a cut line number stays out of it

_T = TypeVar("_T")
Int64s = NDArray[np.int64]


def key_of(owner: Int64s, line: Int64s) -> Int64s:
    """Return keys of lines (0 or more) of the files `owner`, which are positions in the batch."""
    return (owner << LINE_BITS) | np.minimum(line, LARGEST_LINE)


def on_a_line(keys: Int64s) -> NDArray[np.bool_]:
    """Tell which keys name a line of at least 1."""
    return (keys & LARGEST_LINE) > 0


def batches(items: Iterable[tuple[_T, int]]) -> Iterator[list[_T]]:
    """Group the items of (item, size in bytes) in their order until a group is large enough."""
    batch: list[_T] = []
    size = 0
    for item, item_size in items:
        batch.append(item)
        size += item_size
        if size >= BATCH_BYTES or len(batch) >= BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def add_rows(
    builder: ReportBuilder,
    files: Sequence[int],
    keys: Int64s,
    hits: Int64s,
    *,
    kind: NDArray[np.uint8] | None = None,
    branch_row: Int64s | None = None,
    branch_arms: Int64s | None = None,
    missing_row: Int64s | None = None,
    missing_offsets: Int64s | None = None,
    missing_ids: Int64s | None = None,
) -> None:
    """Add rows with ascending keys; `files` are the builder's numbers of the files of the batch."""
    if len(keys) == 0:
        return
    counts = np.diff(np.searchsorted(keys, np.arange(len(files) + 1) << LINE_BITS))
    builder.add(
        Rows(
            files=files,
            counts=counts,
            line=keys & LARGEST_LINE,
            hits=hits,
            kind=kind,
            branch_row=branch_row,
            branch_arms=branch_arms,
            missing_row=missing_row,
            missing_offsets=missing_offsets,
            missing_ids=missing_ids,
        )
    )


def starts_of_runs(values: Int64s) -> Int64s:
    """Return where each run of equal values begins."""
    if len(values) == 0:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
