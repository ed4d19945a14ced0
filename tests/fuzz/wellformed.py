"""What every report keeps, whatever it was made of: the rules that report.py states."""

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import TEXT, TEXT_BASE
from app.logic.coverage.report import IGNORED, METHOD, Report

MOST = 2**31 - 1


def check_report(report: Report, max_line: int = 1_000_000) -> None:
    """Raise AssertionError naming the first rule that the report breaks."""
    rows = len(report.line)
    counts = np.diff(report.offsets)
    assert list(report.files) == sorted(set(report.files)), "paths are sorted and unique"
    assert all(path and path.encode() for path in report.files), "paths are text"
    assert len(report.offsets) == len(report.files) + 1, "an offset a file"
    assert report.offsets[0] == 0, "offsets start at 0"
    assert report.offsets[-1] == rows, "offsets end at the number of rows"
    assert (counts > 0).all(), "every file has rows"
    owner = np.repeat(np.arange(len(counts)), counts)
    assert _rising(owner << 32 | report.line), "one row a line, in order"
    assert _within(report.line, 1, max_line), "lines are in range"
    assert len(report.hits) == len(report.kind) == rows, "columns have the same length"
    assert _within(report.hits, IGNORED, MOST), "hits are in range"
    assert _within(report.kind, 0, METHOD), "kinds are in range"
    check_branches(report)
    check_missing(report)
    check_complexity(report)


def check_branches(report: Report) -> None:
    branch = report.branch_row
    assert len(branch) == len(report.branch_arms), "arms of every branch"
    assert _rising(branch) and _within(branch, 0, len(report.line) - 1), "branches belong to rows, in order"
    assert _within(report.branch_arms, 1, MOST), "arms are in range"
    assert (report.hits[branch] >= 0).all() and (report.hits[branch] <= report.branch_arms).all(), "covered arms fit"


def check_missing(report: Report) -> None:
    missing = report.missing
    lengths = np.diff(missing.offsets)
    assert len(missing.row) == len(missing.arms) == len(lengths), "columns of the lists have the same length"
    assert missing.offsets[0] == 0 and missing.offsets[-1] == len(missing.ids), "offsets fit the ids"
    assert (lengths > 0).all(), "no list is empty"
    assert (np.diff(missing.row) >= 0).all() and np.isin(missing.row, report.branch_row).all(), (
        "lists belong to branches"
    )
    owner = np.repeat(np.arange(len(lengths)), lengths)
    inside = owner[1:] == owner[:-1]
    assert (np.diff(missing.ids)[inside] > 0).all(), "ids of a list ascend"
    assert _within(missing.ids, 0, TEXT_BASE + len(missing.texts) - 1 if missing.texts else TEXT_BASE - 1), "known ids"
    assert TEXT_BASE >> 60 == TEXT
    assert list(missing.texts) == sorted(set(missing.texts)), "texts are sorted and unique"


def check_complexity(report: Report) -> None:
    complexity = report.complexity
    assert len(complexity.row) == len(complexity.value) == len(complexity.total), "columns have the same length"
    assert _rising(complexity.row) and _within(complexity.row, 0, len(report.line) - 1), "complexity belongs to rows"
    assert _within(complexity.value, 0, MOST), "complexity is in range"
    assert _within(complexity.total, -1, MOST), "its total is in range"


def _rising(values: NDArray[np.integer]) -> bool:
    return bool((np.diff(values) > 0).all())


def _within(values: NDArray[np.integer], low: int, high: int) -> bool:
    return not len(values) or bool(values.min() >= low and values.max() <= high)
