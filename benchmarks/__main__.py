"""Run the benchmarks and print how we do against simple ways of doing the same: `python -m benchmarks`."""

import argparse
import importlib
import math
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row

PARTS = (
    "parse",
    "formats",
    "upload",
    "merge",
    "assemble",
    "compare",
    "paths",
    "export",
    "process",
    "messages",
)


def rows_of(part: str, scale: float) -> Iterator[Row]:
    """Yield the measurements of one part, which is the module `bench_<part>` with its function `rows(scale)`."""
    for row in importlib.import_module(f"benchmarks.bench_{part}").rows(scale):
        yield Row(*row)


def table(title: str) -> Table:
    result = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("operation", "baseline"):
        result.add_column(name)
    for name in ("ours", "baseline takes", "ratio", "must", "peak MB", "must", ""):
        result.add_column(name, justify="right")
    return result


def cells(row: Row) -> tuple[str, ...]:
    is_relative = bool(row.baseline)
    return (
        row.operation,
        row.baseline,
        _milliseconds(row.seconds),
        _milliseconds(row.baseline_seconds),
        f"{row.ratio:.2f}" if is_relative else "",
        f"<= {row.must:g}" if is_relative else _limit(_milliseconds(row.must)),
        _number(row.peak_mb),
        _limit(_number(row.peak_must)),
        "[green]PASS[/]" if row.passed else "[bold red]FAIL[/]",
    )


def _milliseconds(seconds: float) -> str:
    return "" if math.isnan(seconds) else f"{seconds * 1000:,.1f} ms"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}"


def _limit(text: str) -> str:
    return f"<= {text}" if text else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one table per scale; return 1 if anything misses what it must reach."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    options = parser.parse_args(arguments)
    # Where the output is no terminal a row must not be cut to eighty columns.
    console = Console(width=None if sys.stdout.isatty() else 180)
    failed = 0
    for scale in options.scale:
        result = table(f"\nscale {scale:g}")
        with console.status("measuring") as status:
            for part in options.only:
                for row in rows_of(part, scale):
                    result.add_row(*cells(row))
                    failed += not row.passed
                    status.update(f"measuring; done: {row.operation}")
        console.print(result)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
