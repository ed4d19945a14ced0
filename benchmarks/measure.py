"""One measurement in a process of its own: `python -m benchmarks.measure FORMAT DOCUMENT [NAME]`, prints JSON.

Ours (recognise, parse, build the report) and the baseline take turns on the same bytes; the best run of each counts.
The peak is the largest resident size after our first run, above that of the idle process, the document included.
"""

import argparse
import gc
import json
import plistlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

import orjson
from lxml import etree

from app.helpers.memory import rss_bytes, trim
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import PARSERS
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import read_file
from app.logic.coverage.report import Report

MAX_BYTES = 1 << 33
ENOUGH_SECONDS = 3.0
MAX_RUNS = 25
SMALL_SECONDS = 0.015  # also the most that a report of 8,000 lines may take


class Row(NamedTuple):
    """One line of the table.

    `must` is the largest ratio to the baseline, or the most seconds where `baseline` is "". Peaks in MB above idle;
    `peak_must` nan = no limit. Ratios are about large inputs: what takes less than `SMALL_SECONDS` is fast enough.
    """

    operation: str
    seconds: float
    baseline: str
    baseline_seconds: float
    must: float
    peak_mb: float
    peak_must: float = float("nan")

    @property
    def ratio(self) -> float:
        return self.seconds / self.baseline_seconds

    @property
    def passed(self) -> bool:
        """Comparisons with nan are false, so what was not measured does not fail."""
        is_slow = self.ratio > self.must if self.baseline else self.seconds > self.must
        is_large = not self.baseline or self.seconds > SMALL_SECONDS
        return not ((is_slow and is_large) or self.peak_mb > self.peak_must)


class Measured(NamedTuple):
    """What the child process found: best seconds, rows of the report, megabytes above idle at the peak and after it."""

    ours: float
    theirs: float
    lines: int
    peak_mb: float
    resident_mb: float


def parse_tree(data: bytes) -> object:
    return etree.fromstring(data, etree.XMLParser(huge_tree=True))


def split_fields(data: bytes) -> object:
    for line in data.splitlines():
        line.split(b":")
    return None


def split_blocks(data: bytes) -> object:
    for line in data.splitlines():
        line.rsplit(b" ", 2)
    return None


def decode_json(data: bytes) -> object:
    gc.disable()
    try:
        return orjson.loads(data)
    finally:
        gc.enable()


# By format: what a programmer would do first, and its name in the table.
BASELINES: dict[str, tuple[Callable[[bytes], object], str]] = {
    "lcov": (split_fields, "loop of split(b':')"),
    "gcov": (split_fields, "loop of split(b':')"),
    "go": (split_blocks, "loop of rsplit(b' ', 2)"),
    "istanbul": (decode_json, "orjson.loads, collector off"),
    "pycoverage": (decode_json, "orjson.loads, collector off"),
    "coveralls": (decode_json, "orjson.loads, collector off"),
    "gcovjson": (decode_json, "orjson.loads, collector off"),
    "llvmcov": (decode_json, "orjson.loads, collector off"),
    "simplecov": (decode_json, "orjson.loads, collector off"),
    "cobertura": (parse_tree, "lxml.etree.fromstring"),
    "clover": (parse_tree, "lxml.etree.fromstring"),
    "jacoco": (parse_tree, "lxml.etree.fromstring"),
    "opencover": (parse_tree, "lxml.etree.fromstring"),
    "sonar": (parse_tree, "lxml.etree.fromstring"),
    "vs-results": (parse_tree, "lxml.etree.fromstring"),
}


def tokenize(data: bytes) -> object:
    """Read a document of any format and do nothing with it: the least that a parser must do."""
    if data.startswith(b"<"):
        parser = expat.ParserCreate()
        parser.Parse(data, True)
        return parser
    if data.startswith(b"bplist00"):
        return plistlib.loads(data)
    return decode_json(data) if data.startswith((b"{", b"[")) and b"}\n{" not in data[:4096] else split_fields(data)


def in_new_process(format_id: str, document: Path, name: str | None = None) -> Measured:
    """Run this module on a document; with a name, which some formats need, the baseline is `tokenize`."""
    command = [sys.executable, "-m", "benchmarks.measure", format_id, str(document), *([name] if name else [])]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600).stdout
    return Measured(**json.loads(answer))


def measure(format_id: str, document: Path, name: str | None = None) -> Measured:
    baseline = tokenize if name else BASELINES[format_id][0]
    parse_small()
    trim()
    idle = rss_bytes() / 1e6
    data = document.read_bytes()
    report = parse(data, format_id, name)
    lines, peak = len(report.line), peak_mb() - idle
    del report, data
    trim()
    resident = rss_bytes() / 1e6 - idle
    data = document.read_bytes()
    ours, theirs = alternate(lambda: parse(data, format_id, name), lambda: baseline(data))
    return Measured(ours, theirs, lines, peak, resident)


def parse(data: bytes, format_id: str, name: str | None = None) -> Report:
    builder = ReportBuilder()
    outcome = read_file(name, data, builder, FormatOptions(), max_bytes=MAX_BYTES)
    if (outcome.format, outcome.outcome) != (format_id, "ok"):
        raise RuntimeError(f"not read as {format_id}: {outcome}")
    return builder.build()


def parse_small() -> None:
    """Warm up what is loaded on first use, so that it counts as idle."""
    parse(b"mode: set\na.go:1.1,2.2 1 1\n", "go")


def alternate(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Return the best seconds of both, taking turns so that a busy machine is busy for both."""
    best = [float("inf"), float("inf")]
    started = time.perf_counter()
    runs = 0
    while runs < 2 or (runs < MAX_RUNS and time.perf_counter() - started < ENOUGH_SECONDS):
        for side, work in enumerate((ours, theirs)):
            gc.collect()
            best[side] = min(best[side], seconds(work))
        runs += 1
    return best[0], best[1]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    result = work()
    elapsed = time.perf_counter() - start
    del result  # giving the memory back is not part of the work
    return elapsed


def peak_must(size: int, lines: int) -> float:
    """Return the memory (MB) that a parse may take: three quarters of the document, 80 bytes a line and 64 MB."""
    return (0.75 * size + 80 * lines) / 1e6 + 64


def peak_mb() -> float:
    """Return the largest resident size of this process so far; that of getrusage would include its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", choices=sorted(PARSERS))
    parser.add_argument("document", type=Path)
    parser.add_argument("name", nargs="?")
    options = parser.parse_args(arguments)
    found: dict[str, Any] = measure(options.format, options.document, options.name)._asdict()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
