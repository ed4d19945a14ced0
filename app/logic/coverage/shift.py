"""Lines of a report moved along a diff: the report of a commit as if it had been uploaded for a later one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.helpers.diff import Diff, FileDiff
from app.logic.coverage.alignment import remap
from app.logic.coverage.branches import canonical_texts
from app.logic.coverage.builder_duplicates import reduce_duplicates
from app.logic.coverage.builder_order import order_facts, sort_lines
from app.logic.coverage.measure import take_rows
from app.logic.coverage.ragged import Ints, spread
from app.logic.coverage.report import Report


def shift_lines(report: Report, diff: Diff) -> Report:
    """Return the report of the base of a diff with every line where the head of the diff has it.

    Removed lines and deleted files vanish, renamed files move, and a file none of whose lines is left is left out. Two
    files that meet at one path are joined by the merge rule. Lines of a file whose hunks contradict themselves stay
    where they were. Rules: docs/carryforward.md.
    """
    changes = _by_old_path(diff)
    touched = [(number, changes[path]) for number, path in enumerate(report.files) if path in changes]
    if not touched:
        return report
    paths, line = list(report.files), report.line.copy()
    for number, file in touched:
        rows = slice(report.offsets[number], report.offsets[number + 1])
        paths[number] = file.path
        line[rows] = 0 if file.kind == "deleted" else remap(line[rows], file)
    return _rebuilt(replace(report, line=line), paths)


def _by_old_path(diff: Diff) -> dict[str, FileDiff]:
    """Return the changes of files that the base has, by their path there; of several, the plainest one.

    A host that reports a copy as a rename names the same old path twice: the file that kept its name is the one.
    """
    ordered = sorted(diff, key=lambda file: (file.kind != "deleted", file.before is None, file.path))
    return {file.before or file.path: file for file in ordered if file.kind != "new"}


def _rebuilt(report: Report, paths: Sequence[str]) -> Report:
    """Return the report without rows of line 0, its files under new paths, which need be neither sorted nor unique."""
    kept = np.flatnonzero(report.line)
    starts: Ints = np.searchsorted(kept, report.offsets)
    counts = np.diff(starts)
    order = sorted(np.flatnonzero(counts).tolist(), key=paths.__getitem__)
    sizes = dict.fromkeys((paths[number] for number in order), 0)
    for number in order:
        sizes[paths[number]] += int(counts[number])
    rows = kept[spread(starts[order], counts[order])]
    moved = order_facts(take_rows(report, tuple(sizes), np.array([*sizes.values()], dtype=np.int64), rows))
    joined = reduce_duplicates(sort_lines(moved))
    return replace(joined, missing=canonical_texts(joined.missing))
