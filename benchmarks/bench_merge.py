"""Merging, storing and totalling reports: `python -m benchmarks.bench_merge --scale 1`.

Workload at scale 1: uploads of one repository of 5,000 files and 2 million lines, of which each upload holds 80 % of
the files (1.6 M rows), and the same repository twenty times smaller (80 k rows).
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.logic.coverage import codec, measure
from app.logic.coverage.merge import merge
from app.logic.coverage.report import Report
from benchmarks.upload_reports import repository, uploads

Row = tuple[str, float, str, float, float, float]

UPLOADS = 50
SMALL = 0.05
REPEATS = 5


def rows(scale: float) -> Iterator[Row]:
    """Measure: (operation, seconds, baseline or "", its seconds or nan, must, peak MB).

    `must` is the largest ratio to the baseline, or the most seconds where there is no baseline. Peaks of merges are
    those of a process of its own above its idle size, the stored uploads included.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield from _single_report(scale)
        yield from _large_merge(scale, Path(folder, "large"))
        yield from _small_merge(scale * SMALL, Path(folder, "small"))


def _single_report(scale: float) -> Iterator[Row]:
    allowed = max(scale, 0.1)
    report = next(uploads(repository(scale), 1, share=1))
    stored = codec.encode(report, {})
    lines = f"{_millions(len(report.line))} lines"
    yield _absolute(f"totals, {lines}", lambda: measure.totals(report), 0.015 * allowed)
    yield _absolute(f"encode an upload, {lines}", lambda: codec.encode(report, {}), 0.100 * allowed)
    yield _absolute(f"decode an upload, {lines}", lambda: _load(stored), 0.050 * allowed)
    five = report.files[len(report.files) // 2 :][:5]
    yield _absolute(f"read 5 files, {lines}", lambda: codec.open_report(stored).load_files(five), 0.010 * max(scale, 1))


def _large_merge(scale: float, folder: Path) -> Iterator[Row]:
    stored = _store(scale, folder)
    size = f"{len(stored)} x {_millions(codec.open_report(stored[0]).rows)} rows"
    yield (
        f"merge {size}, from bytes",
        _seconds(lambda: _merge(stored), 1),
        "decode them all",
        _seconds(lambda: [_load(data) for data in stored], 1),
        5,
        _child_peak(folder),
    )


def _small_merge(scale: float, folder: Path) -> Iterator[Row]:
    allowed = max(scale / SMALL, 1)
    stored = _store(scale, folder)
    size = f"{len(stored)} x {_millions(codec.open_report(stored[0]).rows)} rows"
    ours = _seconds(lambda: _merge(stored), REPEATS)
    yield f"merge {size}, from bytes", ours, "", math.nan, 0.400 * allowed, _child_peak(folder)
    merged = codec.encode(_merge(stored), {})
    yield _absolute(f"one late upload on {size}", lambda: _merge([merged, stored[0]]), 0.100 * allowed)


def _store(scale: float, folder: Path) -> list[bytes]:
    """Make the uploads and leave their bytes in a folder."""
    folder.mkdir()
    stored = []
    for number, report in enumerate(uploads(repository(scale), UPLOADS)):
        stored.append(codec.encode(report, {}))
        (folder / f"{number:03}").write_bytes(stored[-1])
    return stored


def _merge(stored: Sequence[bytes]) -> Report:
    return merge([codec.open_report(data) for data in stored])


def _load(stored: bytes) -> Report:
    return codec.open_report(stored).load()


def _absolute(name: str, work: Callable[[], object], must: float) -> Row:
    return name, _seconds(work, REPEATS), "", math.nan, must, _traced_peak(work)


def _seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the best of a few runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _traced_peak(work: Callable[[], object]) -> float:
    """Return the most memory in MB that one run allocates, arrays included."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _child_peak(folder: Path) -> float:
    """Return the peak in MB, above idle, of a process that reads and merges the uploads in a folder."""
    command = [sys.executable, "-m", "benchmarks.bench_merge", "--merge-folder", str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, timeout=600).stdout
    return float(json.loads(answer)["peak_mb"])


def _merge_folder(folder: Path) -> None:
    idle = _peak_megabytes()
    _merge([path.read_bytes() for path in sorted(folder.iterdir())])
    print(json.dumps({"peak_mb": _peak_megabytes() - idle}))


def _peak_megabytes() -> float:
    """Return the largest resident size of this process so far; that of getrusage would include its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _millions(rows: int) -> str:
    return f"{rows / 1e6:.2f} M" if rows >= 1_000_000 else f"{rows / 1e3:.0f} k"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the measurements, or do the part of the child process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--merge-folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.merge_folder:
        _merge_folder(options.merge_folder)
        return
    for name, ours, baseline, theirs, must, peak in rows(options.scale):
        against = f"{ours / theirs:6.2f} x {baseline}" if baseline else ""
        limit = f"{must:g} x" if baseline else f"{must * 1000:g} ms"
        print(f"{name:42} {ours * 1000:8.1f} ms  {against:24} must <= {limit:8} {peak:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
