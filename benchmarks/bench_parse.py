"""Parsing: every format against what a programmer would do first, from bytes to a finished report.

Workload at scale 1: 5,000 files x 400 lines, 300,000 of them with branches; 3 million lines in the Go profile, a fifth
of the files in the wordy .NET formats.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import workload_dotnet, workload_json, workload_records, workload_text, workload_xml
from benchmarks.measure import BASELINES, SMALL_SECONDS, Measured, Row, in_new_process, peak_must

SMALL_SCALE = 0.004  # 8,000 lines
RESIDENT_MUST_MB = 30


class Workload(NamedTuple):
    """A document to parse: what the table calls it, its format, how to make it, and the largest allowed ratio."""

    name: str
    format: str
    document: Callable[[float], bytes]
    must: float


def _in_single_quotes(document: Callable[[float], bytes]) -> Callable[[float], bytes]:
    """Return a maker of equal XML that the block scanner leaves to the strict engine."""
    return lambda scale: document(scale).replace(b'"', b"'")


def _fifth(document: Callable[[float], bytes]) -> Callable[[float], bytes]:
    """Return a maker of smaller documents, for formats that take hundreds of bytes a line."""
    return lambda scale: document(scale / 5)


WORKLOADS = (
    Workload("Cobertura", "cobertura", workload_xml.cobertura, 0.7),
    Workload("Cobertura of gcovr", "cobertura", workload_xml.gcovr, 0.7),
    Workload("Clover", "clover", workload_xml.clover, 0.7),
    Workload("JaCoCo", "jacoco", workload_xml.jacoco, 0.7),
    Workload("LCOV", "lcov", workload_text.lcov, 0.6),
    Workload("Go profile", "go", workload_text.go, 1.5),
    Workload("coverage.py JSON", "pycoverage", workload_json.pycoverage, 1.3),
    Workload("Istanbul JSON", "istanbul", workload_json.istanbul, 0.9),
)
OTHERS = (
    Workload("gcov text", "gcov", workload_records.gcov, 8),
    Workload("gcovr JSON", "gcovjson", workload_records.gcovjson, 1.5),
    Workload("LLVM export JSON", "llvmcov", workload_records.llvmcov, 15),
    Workload("Coveralls JSON", "coveralls", workload_records.coveralls, 15),
    Workload("OpenCover", "opencover", _fifth(workload_dotnet.opencover), 0.7),
    Workload("Visual Studio results", "vs-results", _fifth(workload_dotnet.vs_results), 0.7),
    Workload("SonarQube generic", "sonar", workload_dotnet.sonar, 0.7),
    Workload("Cobertura, strict engine", "cobertura", _in_single_quotes(workload_xml.cobertura), 4),
    Workload("OpenCover, strict engine", "opencover", _fifth(_in_single_quotes(workload_dotnet.opencover)), 4),
    Workload("SonarQube generic, strict engine", "sonar", _in_single_quotes(workload_dotnet.sonar), 4),
)


def rows(scale: float) -> Iterator[Row]:
    """Measure every workload in a process of its own."""
    for workload in (*WORKLOADS, *OTHERS):
        size, found = _measured(workload, scale)
        operation = f"parse {workload.name}, {size / 1e6:.1f} MB, {found.lines / 1e6:.2f} M lines"
        baseline = BASELINES[workload.format][1]
        yield Row(
            operation, found.ours, baseline, found.theirs, workload.must, found.peak_mb, peak_must(size, found.lines)
        )
        if workload.name == "Cobertura":
            # Time is in the row above; here "peak" is what is left.
            yield Row(
                "resident after it, trimmed", math.nan, "", math.nan, math.nan, found.resident_mb, RESIDENT_MUST_MB
            )
    yield _small()


def _small() -> Row:
    """Measure small reports of the frequent formats, read again and again, and return the slowest."""
    found = {workload.name: _measured(workload, SMALL_SCALE)[1] for workload in WORKLOADS}
    slowest = max(found, key=lambda name: found[name].ours)
    peak = max(measured.peak_mb for measured in found.values())
    return Row(f"8,000-line report, warm, slowest: {slowest}", found[slowest].ours, "", math.nan, SMALL_SECONDS, peak)


def _measured(workload: Workload, scale: float) -> tuple[int, Measured]:
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "document")
        document.write_bytes(workload.document(scale))
        return document.stat().st_size, in_new_process(workload.format, document)
