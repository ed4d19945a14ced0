"""Line alignment: which line of the base is which line of the head, from the hunks of a diff."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.helpers.diff import FileDiff, Hunk
from app.logic.coverage.ragged import spread
from app.logic.coverage.report import Report

GONE: Final = -1  # the key of a line without a partner on the other side

_LINE_BITS: Final = 32
_LINE: Final = (1 << _LINE_BITS) - 1
_LAST_LINE: Final = 2**31 - 1


def line_keys(group: ArrayLike, line: ArrayLike) -> NDArray[np.int64]:
    """Join the number of a file pair and a line number (0 to 2**31 - 1) into one key that sorts by both."""
    return np.asarray(group, np.int64) << _LINE_BITS | np.asarray(line, np.int64)


def key_lines(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the line numbers of keys."""
    return keys & _LINE


def key_groups(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the file pair numbers of keys."""
    return keys >> _LINE_BITS


def keyed_rows(report: Report, files: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the given files, one after another, and their keys; group k is the file `files[k]`.

    A negative file number stands for a file that the report does not have: no rows.
    """
    first = report.offsets[files]
    counts = np.where(files < 0, 0, report.offsets[files + 1] - first)
    rows = spread(first, counts)
    return rows, line_keys(np.repeat(np.arange(len(files)), counts), report.line[rows])


class LineSet:
    """Sets of line numbers of many files at once, as one sorted array of keys.

    With k the place of a line among those of its file, line - k never falls: it says how many lines of the file outside
    the set lie before it, which turns the search for "the n-th line outside the set" into a binary search.
    """

    def __init__(self, lines_of_groups: Sequence[Sequence[int]]) -> None:
        counts = np.fromiter(map(len, lines_of_groups), np.int64, len(lines_of_groups))
        group = np.repeat(np.arange(len(counts)), counts)
        line = np.fromiter(chain.from_iterable(lines_of_groups), np.int64, counts.sum())
        sane = (line >= 1) & (line <= _LAST_LINE)
        self.keys = np.unique(line_keys(group[sane], line[sane]))
        self._starts = np.searchsorted(self.keys, line_keys(np.arange(len(counts)), 0))
        self._outside = self.keys - (np.arange(len(self.keys)) - self._starts[key_groups(self.keys)])

    def contains(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each key whether it is in the set."""
        if not len(self.keys):
            return np.zeros(len(keys), np.bool_)
        place = np.searchsorted(self.keys, keys)
        found: NDArray[np.bool_] = self.keys[np.minimum(place, len(self.keys) - 1)] == keys
        return found

    def present(self, groups: int) -> NDArray[np.bool_]:
        """Say of each of the first `groups` files whether the set has a line of it."""
        return np.bincount(key_groups(self.keys), minlength=groups) > 0

    def rank_outside(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return (file, n) as a key for each line outside the set: it is the n-th such line of its file."""
        return keys - (np.searchsorted(self.keys, keys) - self._starts[key_groups(keys)])

    def nth_outside(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the key of the n-th line outside the set for each (file, n): the inverse of `rank_outside`."""
        return ranks + (np.searchsorted(self._outside, ranks, side="right") - self._starts[key_groups(ranks)])


class Alignment:
    """The line alignment of numbered file pairs; None or a diff without hunks aligns every line with itself.

    The n-th base line that the diff did not remove is the n-th head line that it did not add. Only the marked lines
    matter, so a diff without context aligns like the same diff with context. Lines travel as keys of `line_keys`.
    """

    def __init__(self, diffs: Sequence[FileDiff | None]) -> None:
        self.removed = LineSet([[] if diff is None else diff.removed_lines() for diff in diffs])
        self.added = LineSet([[] if diff is None else diff.added_lines() for diff in diffs])

    def to_head(self, base_keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the head key of each base key, GONE for a removed line."""
        return _across(base_keys, self.removed, self.added)

    def to_base(self, head_keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the base key of each head key, GONE for an added line."""
        return _across(head_keys, self.added, self.removed)


def remap(lines: NDArray[np.integer], diff: FileDiff) -> NDArray[np.int64]:
    """Return the head line number of each base line number, 0 for a removed line.

    Hunks that contradict themselves or each other (a host cut the text) move nothing: wrong numbers are worse than old.
    """
    numbers = lines.astype(np.int64)
    if not _well_formed(diff.hunks):
        return numbers
    keys = Alignment([diff]).to_head(line_keys(0, numbers))
    return np.where(keys == GONE, 0, keys)


def _across(keys: NDArray[np.int64], gone: LineSet, come: LineSet) -> NDArray[np.int64]:
    there = come.nth_outside(gone.rank_outside(keys))
    there[gone.contains(keys)] = GONE
    return there


def _well_formed(hunks: Sequence[Hunk]) -> bool:
    """Say whether every hunk holds as many lines as it claims and starts after the one before."""
    return all(map(_is_whole, hunks)) and all(
        _first(before.old_start, before.old_length) + before.old_length <= _first(after.old_start, after.old_length)
        and _first(before.new_start, before.new_length) + before.new_length <= _first(after.new_start, after.new_length)
        for before, after in pairwise(hunks)
    )


def _first(start: int, length: int) -> int:
    """Return the first line of a side of a hunk; an empty side names the line before it."""
    return start if length else start + 1


def _is_whole(hunk: Hunk) -> bool:
    marks = [line[:1] for line in hunk.lines]
    removed, added = marks.count("-"), marks.count("+")
    context = len(marks) - removed - added - marks.count("\\")
    return (hunk.old_length, hunk.new_length) == (removed + context, added + context)
