"""LCOV tracefiles. Source: geninfo(1) of lcov, section "Tracefile format"."""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.exports.arms import branch_rows
from app.logic.coverage.exports.lcov_arms import brda_rows, limit_arms
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.exports.text_rows import text_rows
from app.logic.coverage.measure import pick_rows
from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import IGNORED, Report

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]|^ | \Z")


def write(subject: Subject) -> Iterator[bytes]:
    """Yield a tracefile in pieces; raises codec.ReportCorrupt.

    A line with branches has hits 1 or 0, because the report knows its arms and not its runs. What the format cannot
    carry is listed in docs/export.md.
    """
    for block in subject.blocks():
        yield _sections(block if block.hits.min(initial=0) > IGNORED else pick_rows(block, block.hits > IGNORED))


def _sections(report: Report) -> bytes:
    branches = limit_arms(branch_rows(report))
    count = report.hits.copy()
    count[branches.row] = branches.covered > 0
    lines = text_rows(len(count), b"DA:", report.line, b",", count, b"\n").cut(report.offsets)
    owned = np.searchsorted(branches.row, report.offsets)
    arms = brda_rows(branches, report.line, report.missing).cut(owned)
    facts = zip(
        report.files,
        arms,
        zip(_per_file(branches.arms, owned), _per_file(branches.covered, owned), strict=True),
        lines,
        zip(np.diff(report.offsets).tolist(), _per_file(count > 0, report.offsets), strict=True),
        strict=True,
    )
    return b"".join(piece for fact in facts for piece in _section(*fact))


def _section(
    path: str, arms: bytes, arm_counts: tuple[int, int], lines: bytes, line_counts: tuple[int, int]
) -> Iterator[bytes]:
    """Yield the section of a file; counts are (found, hit)."""
    yield b"TN:\nSF:%b\n" % _path(path)
    if arms:
        yield b"%bBRF:%d\nBRH:%d\n" % (arms, *arm_counts)
    yield b"%bLF:%d\nLH:%d\nend_of_record\n" % (lines, *line_counts)


def _per_file(values: NDArray[Any], bounds: Ints) -> list[int]:
    """Return the sums of values between bounds."""
    sums: list[int] = np.diff(offsets_of(values)[bounds]).tolist()
    return sums


def _path(path: str) -> bytes:
    """Return a path as one line: a record has no escapes, so what would break it is written in percent."""
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", path).encode()
