"""Exporting: a report of 2 million lines as text, against a plain loop that writes the same lines.

Workload at scale 1: 5,000 files, 2 million lines, 300,000 of them with branches (benchmarks/upload_reports.py).
"""

import io
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator

from app.logic.coverage import codec
from app.logic.coverage.exports import cobertura, json_document, lcov
from app.logic.coverage.exports.html import site
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.report import Report
from benchmarks.measure import Row, alternate
from benchmarks.upload_reports import repository, uploads


def rows(scale: float) -> Iterator[Row]:
    """Measure every format, each written from the stored report."""
    report = next(uploads(repository(scale), 1, share=1))
    subject = Subject(codec.open_report(codec.encode(report, {})))
    size = f"{len(report.line) / 1e6:.2f} M lines"
    ours, theirs = alternate(lambda: _drain(lcov.write(subject)), lambda: lcov_by_loop(report))
    yield Row(f"export LCOV, {size}", ours, "loop of f-strings", theirs, 0.7, _peak(lcov.write(subject)))
    allowed = max(scale, 0.1)
    for name, write, must in (
        ("Cobertura", cobertura.write, 3),
        ("JSON", json_document.write, 3),
        ("pages without sources", lambda subject: (page for _, page in site.write(subject, "x", _no_source)), 20),
    ):
        yield _absolute(f"export {name}, {size}", lambda write=write: write(subject), must * allowed)


def lcov_by_loop(report: Report) -> int:
    """Write the lines and arms of a report line by line; return the number of characters."""
    out = io.StringIO()
    arms = dict(zip(report.branch_row.tolist(), report.branch_arms.tolist(), strict=True))
    offsets, lines, hits = report.offsets.tolist(), report.line.tolist(), report.hits.tolist()
    for number, path in enumerate(report.files):
        out.write(f"TN:\nSF:{path}\n")
        for row in range(offsets[number], offsets[number + 1]):
            out.write(f"DA:{lines[row]},{hits[row]}\n")
            for arm in range(arms.get(row, 0)):
                out.write(f"BRDA:{lines[row]},0,{arm},{1 if arm < hits[row] else 0}\n")
        out.write("end_of_record\n")
    return len(out.getvalue())


def _drain(pieces: Iterator[bytes]) -> int:
    return sum(len(piece) for piece in pieces)


def _absolute(name: str, write: Callable[[], Iterator[bytes]], must: float) -> Row:
    start = time.perf_counter()
    _drain(write())
    return Row(name, time.perf_counter() - start, "", math.nan, must, _peak(write()))


def _peak(pieces: Iterator[bytes]) -> float:
    """Return the most memory in MB that one run allocates, arrays included."""
    tracemalloc.start()
    try:
        _drain(pieces)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _no_source(path: str) -> None:
    return None
