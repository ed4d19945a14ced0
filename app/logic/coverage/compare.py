"""Comparison of a head report with its base: the files that a change touched, or whose lines changed elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.helpers.diff import Diff, DiffKind, FileDiff
from app.logic.coverage.alignment import Alignment, key_groups, key_lines, keyed_rows, line_keys
from app.logic.coverage.comparison import ImpactedFile, LineStatus, ReportComparison
from app.logic.coverage.measure import file_totals, select_files, statuses, sum_totals
from app.logic.coverage.patch import PATCH_KINDS, file_row, totals_table
from app.logic.coverage.report import NO_DATA, Report
from app.logic.coverage.totals import Totals


def compare(base: Report | None, head: Report, diff: Diff | None) -> ReportComparison:
    """Compare two reports along the diff from base to head; docs/comparison.md defines the result.

    Only files of the diff, files of one report and files whose rows differ are looked at line by line. Without a base
    report only files of the diff can appear and nothing is unexpected; without a diff all lines stand where they stood.
    """
    before = _Side.of(_nothing_of(head) if base is None else base)
    after = _Side.of(head)
    pairs = _pair_files(before.report.files, head.files, diff)
    pairs = pairs.take(_in_diff(pairs) if base is None else _in_diff(pairs) | _differ(pairs, before, after))
    alignment = Alignment(pairs.diffs)
    watched = ~pairs.of_kind("new", "deleted") & (base is not None)
    changes = _line_changes(pairs, alignment, before, after, watched)
    patch = _patch_of_pairs(pairs, alignment, after)
    return ReportComparison(
        base=None if base is None else sum_totals(before.file_totals),
        head=sum_totals(after.file_totals),
        patch=None if diff is None else sum_totals(patch.table[patch.counted]),
        files=_impacted_files(pairs, before, after, changes, patch),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One report of the comparison with what is computed once from it."""

    report: Report
    status: NDArray[np.uint8]
    file_totals: NDArray[np.int64]

    @classmethod
    def of(cls, report: Report) -> "_Side":
        return cls(report, statuses(report), file_totals(report))

    def totals_of(self, file: int) -> Totals | None:
        """Return the totals of a file, None for the number of an absent file."""
        return None if file < 0 else file_row(self.file_totals[file].tolist())

    def path_of(self, file: int) -> str | None:
        return None if file < 0 else self.report.files[file]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Files that belong together: their numbers at base and head (-1 = not in that report) and their diff."""

    base: NDArray[np.int64]
    head: NDArray[np.int64]
    diffs: list[FileDiff | None]

    def take(self, mask: NDArray[np.bool_]) -> "_Pairs":
        numbers = np.flatnonzero(mask)
        return _Pairs(self.base[numbers], self.head[numbers], [self.diffs[number] for number in numbers.tolist()])

    def of_kind(self, *kinds: DiffKind) -> NDArray[np.bool_]:
        """Say of each pair whether its diff is of one of the kinds."""
        return np.array([diff is not None and diff.kind in kinds for diff in self.diffs], np.bool_)


class _Patch(NamedTuple):
    """The totals of the added lines of each pair, int64[n, 7], and the pairs where they mean something."""

    table: NDArray[np.int64]
    counted: NDArray[np.bool_]

    def totals_of(self, pair: int) -> Totals | None:
        return file_row(self.table[pair].tolist()) if self.counted[pair] else None


class _Lines(NamedTuple):
    """Lines with their statuses, ordered by key; group k is pair k."""

    keys: NDArray[np.int64]
    status: NDArray[np.uint8]

    def where(self, mask: NDArray[np.bool_]) -> "_Lines":
        return _Lines(self.keys[mask], self.status[mask])

    def cells(self) -> Iterator[LineStatus]:
        return zip(key_lines(self.keys).tolist(), self.status.tolist(), strict=True)

    def by_group(self, groups: int) -> list["_Lines"]:
        bounds = np.searchsorted(self.keys, line_keys(np.arange(groups + 1), 0)).tolist()
        return [_Lines(self.keys[first:end], self.status[first:end]) for first, end in pairwise(bounds)]


class _LineChanges(NamedTuple):
    """What happened to the lines of each pair: `was` and `became` are the two sides of the unexpected changes.

    `touched` pairs are those that the diff adds, deletes or changes lines of, with data or not.
    """

    touched: NDArray[np.bool_]
    removed: list[_Lines]
    added: list[_Lines]
    was: list[_Lines]
    became: list[_Lines]


def _nothing_of(report: Report) -> Report:
    return select_files(report, np.zeros(len(report.files), np.bool_))


def _pair_files(base_files: Sequence[str], head_files: Sequence[str], diff: Diff | None) -> _Pairs:
    """Pair the files of both reports by path, renamed ones by the diff; head files first, both parts by path."""
    at_head = set(head_files)
    # A file that has coverage at head was not deleted, whatever the diff says.
    diffs = {file.path: file for file in diff or () if not (file.kind == "deleted" and file.path in at_head)}
    renames = {file.before: file for file in diffs.values() if file.before and file.before != file.path}
    origin = {file.path: before for before, file in renames.items()}
    number = {path: place for place, path in enumerate(base_files)}
    base = np.array([number.get(origin.get(path, path), -1) for path in head_files], np.int64)

    vanished = np.ones(len(base_files), np.bool_)
    vanished[base[base >= 0]] = False
    left = np.flatnonzero(vanished)
    # The diff of a file that was overwritten by a renamed one is about that other file.
    own = {path: file for path, file in diffs.items() if path not in origin}
    left_diffs = [renames.get(path) or own.get(path) for path in (base_files[place] for place in left.tolist())]
    return _Pairs(
        base=np.concatenate([base, left]),
        head=np.concatenate([np.arange(len(head_files)), np.full(len(left), -1)]),
        diffs=[diffs.get(path) for path in head_files] + left_diffs,
    )


def _in_diff(pairs: _Pairs) -> NDArray[np.bool_]:
    return np.fromiter((diff is not None for diff in pairs.diffs), np.bool_, len(pairs.diffs))


def _differ(pairs: _Pairs, before: _Side, after: _Side) -> NDArray[np.bool_]:
    """Say which pairs do not have the same lines with the same statuses.

    Neighbouring files lie side by side in both reports, so whole runs of them are compared at once.
    """
    base, head = before.report, after.report
    both = (pairs.base >= 0) & (pairs.head >= 0)
    result = ~both
    numbers = np.flatnonzero(both)
    same_size = np.diff(base.offsets)[pairs.base[numbers]] == np.diff(head.offsets)[pairs.head[numbers]]
    result[numbers[~same_size]] = True
    numbers = numbers[same_size]
    if not len(numbers):
        return result

    cuts = np.flatnonzero((np.diff(pairs.base[numbers]) != 1) | (np.diff(pairs.head[numbers]) != 1)) + 1
    first, last = np.append(0, cuts), np.append(cuts, len(numbers)) - 1
    base_first = base.offsets[pairs.base[numbers[first]]].tolist()
    head_first = head.offsets[pairs.head[numbers[first]]].tolist()
    head_end = head.offsets[pairs.head[numbers[last]] + 1].tolist()
    rows = []
    for b, h, end in zip(base_first, head_first, head_end, strict=True):
        old, new = slice(b, b + end - h), slice(h, end)
        unequal = (base.line[old] != head.line[new]) | (before.status[old] != after.status[new])
        rows.append(np.flatnonzero(unequal) + h)
    # Pairs of head files stand first and in their order: the number of the file is that of the pair.
    result[np.searchsorted(head.offsets, np.concatenate(rows), side="right") - 1] = True
    return result


def _patch_of_pairs(pairs: _Pairs, alignment: Alignment, after: _Side) -> _Patch:
    counted = pairs.of_kind(*PATCH_KINDS) & (pairs.head >= 0)
    rows, keys = keyed_rows(after.report, np.where(counted, pairs.head, -1))
    added = alignment.added.contains(keys)
    table = totals_table(after.report, after.status, rows[added], key_groups(keys[added]), len(counted))
    return _Patch(table, counted)


def _line_changes(
    pairs: _Pairs, alignment: Alignment, before: _Side, after: _Side, watched: NDArray[np.bool_]
) -> _LineChanges:
    """Look at all lines of the pairs; unexpected changes are looked for in the `watched` pairs only."""
    count = len(pairs.diffs)
    deleted = pairs.of_kind("deleted")
    old, new = _lines_of(before, pairs.base), _lines_of(after, pairs.head)
    # Git hosts send no hunks for a deleted file, yet all its lines are removed.
    removed = alignment.removed.contains(old.keys) | deleted[key_groups(old.keys)]
    added = alignment.added.contains(new.keys)
    was, became = _unexpected(
        alignment,
        old.where(~removed & watched[key_groups(old.keys)]),
        new.where(~added & watched[key_groups(new.keys)]),
    )
    return _LineChanges(
        touched=pairs.of_kind("new", "deleted") | alignment.removed.present(count) | alignment.added.present(count),
        removed=old.where(removed).by_group(count),
        added=new.where(added).by_group(count),
        was=was.by_group(count),
        became=became.by_group(count),
    )


def _impacted_files(
    pairs: _Pairs, before: _Side, after: _Side, changes: _LineChanges, patch: _Patch
) -> tuple[ImpactedFile, ...]:
    """Describe the pairs that the diff touched or that have unexpected changes, by path."""
    files = []
    for pair, (b, h, diff) in enumerate(zip(pairs.base.tolist(), pairs.head.tolist(), pairs.diffs, strict=True)):
        unexpected = tuple(zip(changes.was[pair].cells(), changes.became[pair].cells(), strict=True))
        if not (changes.touched[pair] or unexpected):
            continue
        file = ImpactedFile(
            base_path=before.path_of(b),
            head_path=after.path_of(h),
            in_diff=diff is not None,
            added_by_diff=diff is not None and diff.kind == "new",
            removed_by_diff=diff is not None and diff.kind == "deleted",
            base_totals=before.totals_of(b),
            head_totals=after.totals_of(h),
            patch=patch.totals_of(pair),
            removed=tuple(changes.removed[pair].cells()),
            added=tuple(changes.added[pair].cells()),
            unexpected=unexpected,
        )
        files.append(file)
    return tuple(sorted(files, key=lambda file: file.path))


def _lines_of(side: _Side, files: NDArray[np.int64]) -> _Lines:
    rows, keys = keyed_rows(side.report, files)
    return _Lines(keys, side.status[rows])


def _unexpected(alignment: Alignment, old: _Lines, new: _Lines) -> tuple[_Lines, _Lines]:
    """Return the pairs of aligned lines whose statuses differ, as one array for each side, in the order of head.

    `old` holds no removed lines and `new` no added ones; a line without data on one side has the status NO_DATA there.
    """
    there = alignment.to_head(old.keys)
    place = np.searchsorted(new.keys, there)
    met = new.keys[np.minimum(place, len(new.keys) - 1)] == there if len(new.keys) else np.zeros(len(there), np.bool_)
    partner = np.full(len(there), NO_DATA, np.uint8)
    partner[met] = new.status[place[met]]
    changed = partner != old.status
    alone = np.ones(len(new.keys), np.bool_)
    alone[place[met]] = False

    head_keys = np.concatenate([there[changed], new.keys[alone]])
    order = np.argsort(head_keys, kind="stable")
    base_keys = np.concatenate([old.keys[changed], alignment.to_base(new.keys[alone])])
    absent = np.full(np.count_nonzero(alone), NO_DATA, np.uint8)
    return (
        _Lines(base_keys[order], np.concatenate([old.status[changed], absent])[order]),
        _Lines(head_keys[order], np.concatenate([partner[changed], new.status[alone]])[order]),
    )
