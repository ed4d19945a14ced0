"""Cobertura XML. Source: coverage-04.dtd of Cobertura; nothing beyond it is written."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.logic.coverage.exports.cobertura_lines import line_elements
from app.logic.coverage.exports.packages import batches, directories
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.exports.xml_text import attribute
from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import FILE_TOTALS, Report

_HITS, _MISSES, _PARTIALS = (FILE_TOTALS.index(name) for name in ("hits", "misses", "partials"))
_COMPLEXITY = FILE_TOTALS.index("complexity")


def write(subject: Subject, timestamp: int = 0) -> Iterator[bytes]:
    """Yield a document in pieces; `timestamp` is the time of the run in milliseconds since 1970.

    A partial line counts as covered here, as in other writers of the format. What the format cannot carry is listed in
    docs/export.md. Raises codec.ReportCorrupt.
    """
    table = _Table(*_measure(subject))
    everything = table.counts(range(len(subject.files)))
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<coverage {everything.rates()} {everything.numbers()} "
        f'complexity="{everything.complexity}" version="coverage-worker" timestamp="{timestamp}">\n'
        "<packages>\n"
    ).encode()
    packages = directories(subject.files)
    names, groups = list(packages), list(packages.values())
    for some, report in batches(subject, groups, table.rows):
        lines = dict(zip(report.files, line_elements(report), strict=True))
        for number in some:
            yield _package(names[number], groups[number], subject.files, lines, table)
    yield b"</packages>\n</coverage>\n"


@dataclass(frozen=True, slots=True)
class _Counts:
    covered: int
    lines: int
    covered_arms: int
    arms: int
    complexity: int

    def rates(self) -> str:
        return f'line-rate="{_rate(self.covered, self.lines)}" branch-rate="{_rate(self.covered_arms, self.arms)}"'

    def numbers(self) -> str:
        return (
            f'lines-covered="{self.covered}" lines-valid="{self.lines}" '
            f'branches-covered="{self.covered_arms}" branches-valid="{self.arms}"'
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """Of each file its totals (as of measure.file_totals), its arms covered and all, and its rows."""

    totals: Ints
    arms: Ints
    rows: Ints

    def counts(self, files: Sequence[int]) -> _Counts:
        chosen = np.asarray(files, dtype=np.int64)
        totals, arms = self.totals[chosen].sum(axis=0), self.arms[chosen].sum(axis=0)
        covered = int(totals[_HITS] + totals[_PARTIALS])
        lines = covered + int(totals[_MISSES])
        return _Counts(covered, lines, int(arms[0]), int(arms[1]), int(totals[_COMPLEXITY]))


def _measure(subject: Subject) -> tuple[Ints, Ints, Ints]:
    """Read what the head of the document says about all files."""
    arms, rows = [np.zeros((0, 2), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for block in subject.blocks():
        arms.append(_arms(block))
        rows.append(np.diff(block.offsets))
    return subject.file_totals(), np.concatenate(arms), np.concatenate(rows)


def _arms(report: Report) -> Ints:
    """Return the arms of each file, those covered and all: int64[files, 2]."""
    owned = np.searchsorted(report.branch_row, report.offsets)
    columns = (report.hits[report.branch_row], report.branch_arms)
    return np.stack([np.diff(offsets_of(column)[owned]) for column in columns], axis=1)


def _package(
    directory: str, numbers: Sequence[int], files: Sequence[str], lines: dict[str, bytes], table: _Table
) -> bytes:
    counts = table.counts(numbers)
    name = attribute(directory.strip("/").replace("/", ".") or ".")
    pieces = [f'<package name="{name}" {counts.rates()} complexity="{counts.complexity}">\n<classes>\n'.encode()]
    for number in numbers:
        counts, path = table.counts([number]), files[number]
        head = (
            f'<class name="{attribute(posixpath.basename(path))}" filename="{attribute(path)}" {counts.rates()} '
            f'complexity="{counts.complexity}">\n<methods/>\n<lines>\n'
        )
        pieces += [head.encode(), lines[path], b"</lines>\n</class>\n"]
    return b"".join([*pieces, b"</classes>\n</package>\n"])


def _rate(part: int, whole: int) -> str:
    """Return a rate of four decimals, cut so that only a full one is 1; nothing to cover is fully covered."""
    return f"{part * 10_000 // whole / 10_000:g}" if whole else "1"
