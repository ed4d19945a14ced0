"""Small reports, and diffs between small texts, written down as plain values."""

from collections.abc import Mapping

import numpy as np

from app.helpers.diff import Diff, FileDiff, Hunk
from app.logic.coverage.report import BRANCH, LINE, Complexity, MissingArms, Report

Value = int | str  # hits (-1 = ignored), or "covered/arms"


def report(files: Mapping[str, Mapping[int, Value]]) -> Report:
    """Build a report of `{path: {line: value}}`; a line with arms is of the kind branch."""
    paths = sorted(files)
    cells = [(line, value) for path in paths for line, value in sorted(files[path].items())]
    pairs = [tuple(map(int, value.split("/"))) if isinstance(value, str) else (value, 0) for _, value in cells]
    branch_row = np.array([row for row, (_, arms) in enumerate(pairs) if arms], np.int64)
    none = np.empty(0, np.int64)
    return Report(
        files=tuple(paths),
        offsets=np.cumsum([0, *(len(files[path]) for path in paths)], dtype=np.int64),
        line=np.array([line for line, _ in cells], np.int32),
        hits=np.array([hits for hits, _ in pairs], np.int64),
        kind=np.array([BRANCH if arms else LINE for _, arms in pairs], np.uint8),
        branch_row=branch_row,
        branch_arms=np.array([arms for _, arms in pairs if arms], np.int32),
        missing=MissingArms(none, none.astype(np.int32), np.zeros(1, np.int64), none),
        complexity=Complexity(none, none.astype(np.int32), none.astype(np.int32)),
    )


def diff_of(*files: FileDiff) -> Diff:
    return Diff({file.path: file for file in files})


def hunk(old_start: int, new_start: int, *lines: str) -> Hunk:
    """Build a hunk whose lengths are those of its lines."""
    old = sum(line[0] in " -" for line in lines)
    new = sum(line[0] in " +" for line in lines)
    return Hunk(old_start, old, new_start, new, lines)
