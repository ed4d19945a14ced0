"""Comparison of two big reports: `python -m benchmarks.bench_compare --scale 1`.

Workload at scale 1: base and head of 5,000 files x 400 lines (60 of them branches); the diff changes 40 files, adds 10,
deletes 5 and renames 5; 10 files vanish without it and 54 lines elsewhere change their status. Where a scale has fewer
than 500 files the numbers of changes shrink with it.
"""

import argparse
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.helpers.diff import Diff, FileDiff, Hunk
from app.logic.coverage.codec import encode, open_report
from app.logic.coverage.compare import compare
from app.logic.coverage.patch import patch_totals
from app.logic.coverage.ragged import offsets_of
from app.logic.coverage.report import BRANCH, LINE, Complexity, MissingArms, Report

Row = tuple[str, float, str, float, float, float]

FILES, LINES, BRANCHES = 5_000, 400, 60
CHANGED, NEW, DELETED, RENAMED, VANISHED, UNEXPECTED = 40, 10, 5, 5, 10, 54
ENOUGH_FILES = 500
FIXED_SECONDS = 0.005  # allowed whatever the size
REPEATS = 5


class Columns(NamedTuple):
    """One file of the workload; `arms` is 0 where a line has no branches."""

    line: NDArray[np.int32]
    hits: NDArray[np.int64]
    arms: NDArray[np.int32]


def workload(scale: float) -> tuple[Report, Report, Diff]:
    """Build base, head and diff; equal scales give equal data."""
    random = np.random.default_rng(20_240_229)
    paths = [f"src/package{number % 97:02}/module{number:06}.py" for number in range(int(FILES * scale))]
    base = {path: file_columns(random) for path in paths}
    head = dict(base)
    chosen = iter(random.permutation(paths).tolist())
    files = []

    def some(changes: int) -> range:
        return range(math.ceil(changes * min(1, len(paths) / ENOUGH_FILES)))

    for _ in some(CHANGED):
        path = next(chosen)
        head[path], hunks = edited(base[path])
        files.append(FileDiff(path, "modified", hunks=hunks))
    for number in some(NEW):
        path = f"src/fresh{number}.py"
        head[path] = file_columns(random)
        files.append(FileDiff(path, "new", hunks=(Hunk(0, 0, 1, 600, ("+",) * 600),)))
    for _ in some(DELETED):
        path = next(chosen)
        del head[path]
        files.append(FileDiff(path, "deleted", before=path))
    for number in some(RENAMED):
        path, renamed = next(chosen), f"src/renamed{number}.py"
        head[renamed] = head.pop(path)
        files.append(FileDiff(renamed, "modified", before=path))
    for _ in some(VANISHED):
        del head[next(chosen)]
    for place in some(UNEXPECTED):
        path = next(chosen)
        head[path] = flipped(head[path], place)
    return report(base), report(head), Diff({file.path: file for file in files})


def file_columns(random: np.random.Generator) -> Columns:
    """Build 400 lines with gaps, one in seven of them with two branches."""
    line = np.cumsum(random.integers(1, 3, LINES)).astype(np.int32)
    arms = np.zeros(LINES, np.int32)
    arms[random.permutation(LINES)[:BRANCHES]] = 2
    hits = np.where(arms > 0, random.integers(0, 3, LINES), random.integers(0, 40, LINES))
    return Columns(line, hits, arms)


def edited(file: Columns) -> tuple[Columns, tuple[Hunk, ...]]:
    """Insert three lines before line 100 and drop lines 300 and 301."""
    kept = (file.line < 300) | (file.line > 301)
    line = file.line[kept]
    line = line + np.where(line >= 100, 3, 0) - np.where(line > 301, 2, 0)
    added = Columns(np.array([100, 101, 102], np.int32), np.array([1, 0, 5]), np.zeros(3, np.int32))
    joined = [np.concatenate(columns) for columns in zip((line, file.hits[kept], file.arms[kept]), added, strict=True)]
    order = np.argsort(joined[0])
    hunks = (Hunk(99, 0, 100, 3, ("+", "+", "+")), Hunk(300, 2, 302, 0, ("-", "-")))
    return Columns(*(column[order] for column in joined)), hunks


def flipped(file: Columns, place: int) -> Columns:
    """Change the status of one line."""
    hits = file.hits.copy()
    hits[place] = 0 if hits[place] else 2
    return file._replace(hits=hits)


def report(files: dict[str, Columns]) -> Report:
    paths = sorted(files)
    line, hits, arms = (np.concatenate(columns) for columns in zip(*(files[path] for path in paths), strict=True))
    branch_row = np.flatnonzero(arms)
    nothing, narrow = np.empty(0, np.int64), np.empty(0, np.int32)
    return Report(
        files=tuple(paths),
        offsets=offsets_of(np.array([len(files[path].line) for path in paths])),
        line=line.astype(np.int32),
        hits=hits.astype(np.int64),
        kind=np.where(arms > 0, BRANCH, LINE).astype(np.uint8),
        branch_row=branch_row,
        branch_arms=arms[branch_row],
        missing=MissingArms(nothing, narrow, np.zeros(1, np.int64), nothing),
        complexity=Complexity(nothing, narrow, narrow),
    )


def seconds(work: Callable[[], object]) -> float:
    """Return the best of a few runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_megabytes(work: Callable[[], object]) -> float:
    """Return the most memory that one run allocates, arrays included."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def rows(scale: float) -> Iterator[Row]:
    """Measure: (operation, seconds, baseline or "", its seconds or nan, must, peak MB).

    `must` is the largest ratio to the baseline, or the most seconds where there is no baseline.
    """
    base, head, diff = workload(scale)
    stored = [encode(base, {}), encode(head, {})]

    def decode() -> list[Report]:
        return [open_report(data).load() for data in stored]

    def from_bytes() -> object:
        return compare(*decode(), diff)

    def outside_diff() -> object:
        return compare(base, head, None)

    def patch() -> object:
        return patch_totals(head, diff)

    lines = f"{len(base.line) / 1e6:.2f} M lines"
    yield (
        f"compare 2 x {lines}, from bytes",
        seconds(from_bytes),
        "decode both",
        seconds(decode),
        10,
        peak_megabytes(from_bytes),
    )
    yield (
        f"compare 2 x {lines}, no diff",
        seconds(outside_diff),
        "",
        math.nan,
        max(0.150 * scale, FIXED_SECONDS),
        peak_megabytes(outside_diff),
    )
    # Costs what the diff holds, which is the same at all but the smallest scale.
    yield f"patch totals, {lines}", seconds(patch), "", math.nan, 0.020, peak_megabytes(patch)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    for name, ours, baseline, theirs, must, peak in rows(parser.parse_args(arguments).scale):
        against = f"{ours / theirs:6.2f} x {baseline}" if baseline else ""
        print(
            f"{name:42} {ours * 1000:8.1f} ms  {against:24} must <= {must:g}{'x' if baseline else ' s'}  {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
