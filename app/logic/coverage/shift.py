"""Lines of a report moved along a diff: the report of a commit as if it had been uploaded for a later one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.helpers.diff import Diff, FileDiff
from app.logic.coverage.alignment import remap
from app.logic.coverage.branches import canonical_texts
from app.logic.coverage.builder_duplicates import reduce_duplicates
from app.logic.coverage.builder_order import reorder_rows, sort_lines
from app.logic.coverage.measure import pick_rows
from app.logic.coverage.ragged import offsets_of, spread
from app.logic.coverage.report import Report


def shift_lines(report: Report, diff: Diff) -> Report:
    """Return the report of the base of a diff with every line where the head of the diff has it.

    Removed lines and deleted files vanish, renamed files move, and a file none of whose lines is left is left out. Two
    files that meet at one path are joined by the merge rule. Lines of a file whose hunks contradict themselves stay
    where they were. Rules: docs/carryforward.md.
    """
    changes = _by_old_path(diff)
    if changes.keys().isdisjoint(report.files):
        return report
    line = report.line.copy()
    for number, path in enumerate(report.files):
        if path in changes:
            rows = slice(report.offsets[number], report.offsets[number + 1])
            line[rows] = 0 if changes[path].kind == "deleted" else remap(line[rows], changes[path])
    left = pick_rows(replace(report, line=line), line > 0)
    renamed = _renamed(left, [changes[path].path if path in changes else path for path in left.files])
    return replace(renamed, missing=canonical_texts(renamed.missing))


def _by_old_path(diff: Diff) -> dict[str, FileDiff]:
    """Return the changes of files that the base has, by their path there; of several, the plainest one.

    A host that reports a copy as a rename names the same old path twice: the file that kept its name is the one.
    """
    ordered = sorted(diff, key=lambda file: (file.kind != "deleted", file.before is None, file.path))
    return {file.before or file.path: file for file in ordered if file.kind != "new"}


def _renamed(report: Report, paths: Sequence[str]) -> Report:
    """Return the report with its files under new paths, which need be neither sorted nor distinct."""
    counts = np.diff(report.offsets)
    order = sorted(range(len(paths)), key=paths.__getitem__)
    sizes = dict.fromkeys((paths[number] for number in order), 0)
    for number in order:
        sizes[paths[number]] += int(counts[number])
    moved = reorder_rows(report, spread(report.offsets[order], counts[order]))
    offsets = offsets_of(np.array([*sizes.values()], dtype=np.int64))
    return reduce_duplicates(sort_lines(replace(moved, files=tuple(sizes), offsets=offsets)))
