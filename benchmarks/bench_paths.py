"""Placing the paths of reports in the repository, against a dictionary of all path endings.

Workload at scale 1: a file list of 100,000 paths of six segments, and all of them as a CI machine would write them;
once more with one file name for all; and an index of 1,000,000 paths.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from math import nan

from app.logic.uploads.paths.fixer import PathFixer
from app.logic.uploads.paths.listing import Listing
from benchmarks.bench_compare import peak_megabytes
from benchmarks.measure import Row, alternate, seconds

FILES = 100_000
MANY = 1_000_000
BASELINE = "dict of all endings"
INDEX_MUST_SECONDS, INDEX_MUST_MB = 0.250, 50
RESOLVE_MUST_SECONDS = 5


class EveryEnding:
    """What one would write first: every ending of every path, with the path if it is the only one."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths: dict[str, str | None] = {}
        for path in paths:
            for ending in _endings(path.lower()):
                self._paths[ending] = None if ending in self._paths else path

    def resolve(self, path: str) -> str | None:
        return next(filter(None, (self._paths.get(ending) for ending in _endings(path.lower()))), None)


def _endings(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.partition("/")[2]


def file_list(count: int) -> list[str]:
    """Return distinct paths as large repositories have them; equal counts give equal paths."""
    return [f"packages/pkg{i % 997}/src/part{i % 53}/feature{i // 200}/index{i % 40}.ts" for i in range(count)]


def rows(scale: float) -> Iterator[Row]:
    """Measure building the index and looking up every path of it."""
    files = file_list(int(FILES * scale))
    asked = ["/home/ci/work/" + path for path in files]
    listing, endings = Listing(files), EveryEnding(files)
    resolve = partial(_resolve_all, listing, asked)
    times = alternate(partial(Listing, files), partial(EveryEnding, files))
    memory, baseline_memory = (peak_megabytes(partial(index, files)) for index in (Listing, EveryEnding))
    yield Row(
        f"index {len(files):,} paths ({baseline_memory:,.0f} MB in the baseline)",
        times[0],
        BASELINE,
        times[1],
        0.7,
        memory,
        INDEX_MUST_MB * scale,
    )
    yield Row(f"index {len(files):,} paths", times[0], "", nan, INDEX_MUST_SECONDS * scale, nan)
    times = alternate(resolve, lambda: [endings.resolve(path) for path in asked])
    yield Row(f"place {len(asked):,} paths", times[0], BASELINE, times[1], 8, peak_megabytes(resolve))
    yield _one_name(int(FILES * scale))
    many = file_list(int(MANY * scale))
    build = partial(Listing, many)
    yield Row(
        f"index {len(many):,} paths", seconds(build), "", nan, 30 * INDEX_MUST_SECONDS * scale, peak_megabytes(build)
    )


def _one_name(count: int) -> Row:
    files = [f"pkg{number}/src/index.js" for number in range(count)]
    work = partial(_resolve_all, Listing(files), ["/ci/" + path for path in files])
    must = RESOLVE_MUST_SECONDS * count / FILES
    return Row(f"place {count:,} paths of one name", min(seconds(work) for _ in range(3)), "", nan, must, nan)


def _resolve_all(listing: Listing, paths: Sequence[str]) -> None:
    fixer = PathFixer(listing)
    for path in paths:
        if fixer.resolve([path], ()) != path.removeprefix("/home/ci/work/").removeprefix("/ci/"):
            raise RuntimeError(f"not placed: {path}")
