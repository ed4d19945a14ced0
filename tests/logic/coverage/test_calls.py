"""No Python code runs per line: calls are counted, because times on a shared machine prove nothing."""

import sys
from collections.abc import Callable

import numpy as np
import pytest

from app.logic.coverage import codec
from app.logic.coverage.branches import pair_codes
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.measure import select_files, totals
from app.logic.coverage.merge import merge
from app.logic.coverage.report import BRANCH, Report, Rows

FILES = 40
CALLS_PER_FILE = 5  # 5 microseconds per file are allowed, and a call costs some tenths of one


def upload(lines: int, files: int = FILES) -> Report:
    """An upload in which every third line has two arms and misses one of them."""
    return _builder(lines, files).build()


def _builder(lines: int, files: int = FILES) -> ReportBuilder:
    builder = ReportBuilder()
    line = np.tile(np.arange(lines), files)
    branch = np.flatnonzero(line % 3 == 0)
    builder.add(
        Rows(
            files=[builder.file(f"{number:05}.py") for number in range(files)],
            counts=[lines] * files,
            line=line + 1,
            hits=np.where(line % 3 == 0, 1, line % 2),
            kind=np.where(line % 3 == 0, BRANCH, 0).astype(np.uint8),
            branch_row=branch,
            branch_arms=np.full(len(branch), 2),
            missing_row=branch,
            missing_offsets=np.arange(len(branch) + 1),
            missing_ids=pair_codes(branch, branch % 2),
            complexity_row=branch,
            complexity=branch % 9,
        )
    )
    return builder


def calls(work: Callable[[], object]) -> int:
    """Count the calls of Python and C functions during the work."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def _encode(report: Report) -> Callable[[], object]:
    return lambda: codec.encode(report, {})


def _load(report: Report) -> Callable[[], object]:
    stored = codec.encode(report, {})
    return lambda: codec.open_report(stored).load()


def _merge(report: Report) -> Callable[[], object]:
    stored = codec.encode(report, {})
    return lambda: merge([codec.open_report(stored), codec.open_report(stored), report])


def _totals(report: Report) -> Callable[[], object]:
    return lambda: totals(report)


def _select(report: Report) -> Callable[[], object]:
    return lambda: select_files(report, np.arange(len(report.files)) % 2 == 0)


OPERATIONS = pytest.mark.parametrize("prepare", [_encode, _load, _merge, _totals, _select])


@OPERATIONS
def test_calls_do_not_grow_with_the_lines(prepare: Callable[[Report], Callable[[], object]]) -> None:
    few, many = prepare(upload(20)), prepare(upload(1_000))
    few()

    added = calls(many) - calls(few)

    assert abs(added) < FILES * 980 / 1_000


@OPERATIONS
def test_calls_per_file_are_few(prepare: Callable[[Report], Callable[[], object]]) -> None:
    few, many = prepare(upload(5, files=100)), prepare(upload(5, files=4_100))
    few()

    added = calls(many) - calls(few)

    assert added < CALLS_PER_FILE * 4_000


def test_building_a_report_does_not_call_per_line() -> None:
    few, many = _builder(20), _builder(1_000)

    added = calls(many.build) - calls(few.build)

    assert abs(added) < FILES * 980 / 1_000
