"""Files of a report by directory."""

import posixpath
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.ragged import Ints
from app.logic.coverage.report import Report

_BATCH_ROWS: Final = 1 << 16


def directories(files: Sequence[str]) -> dict[str, list[int]]:
    """Return the numbers of the files in each directory, both in order; the directory of the root is ""."""
    found: dict[str, list[int]] = {}
    for number, path in enumerate(files):
        found.setdefault(posixpath.dirname(path), []).append(number)
    return dict(sorted(found.items()))


def batches(subject: Subject, groups: Sequence[Sequence[int]], rows: Ints) -> Iterator[tuple[range, Report]]:
    """Yield some consecutive groups of files and the rows of their files, given the rows of each file.

    Files of a directory are not neighbours where its subdirectories sort between them, so they are read together.
    """
    sizes = [int(rows[np.array(group)].sum()) for group in groups]
    start = 0
    while start < len(groups):
        end, size = start + 1, sizes[start]
        while end < len(groups) and size + sizes[end] <= _BATCH_ROWS:
            size += sizes[end]
            end += 1
        numbers = [number for group in groups[start:end] for number in group]
        yield range(start, end), subject.select([subject.files[number] for number in numbers])
        start = end
