"""`coverage-worker inspect`: what we read from a report file, without any service."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.cli.terminal import counted, plain
from app.logic.coverage import measure
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import FileRead, read_file
from app.logic.coverage.report import FILE_TOTALS, Report
from app.logic.coverage.totals import Totals, ratio

MAX_BYTES = 4 << 30
EXIT_UNREADABLE = 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one object, or a list for several files.")
@click.option("--lines", is_flag=True, help='Show every line: its hits, or "covered/total" branches.')
@click.option("--option", "switches", multiple=True, help="Switch on a parser option, e.g. lcov.partials_as_hits.")
def inspect(files: tuple[Path, ...], as_json: bool, lines: bool, switches: tuple[str, ...]) -> None:
    """Show what is in coverage report FILES: format, files, totals, warnings.

    Paths are shown as the tool wrote them. Exit code 1 if a file holds no coverage we can read.
    """
    results = [_read(path, lines, frozenset(switches)) for path in files]
    if as_json:
        value: Any = results[0] if len(results) == 1 else results
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        for result in results:
            _print(result, lines)
    if any(result["error"] for result in results):
        sys.exit(EXIT_UNREADABLE)


def _read(path: Path, lines: bool, switches: frozenset[str]) -> dict[str, Any]:
    builder = ReportBuilder()
    read = read_file(str(path), path.read_bytes(), builder, FormatOptions(switches), max_bytes=MAX_BYTES)
    report = builder.build()
    error = None if report.files else f"{read.outcome}: {read.detail or 'no coverage data'}"
    return {
        "file": str(path),
        "format": read.format,
        "totals": measure.totals(report).as_dict(),
        "files": _files(report, lines),
        "warnings": _warnings(read, builder),
        "error": error,
    }


def _warnings(read: FileRead, builder: ReportBuilder) -> list[str]:
    warnings = []
    if read.stats is not None and read.stats.truncated:
        warnings.append("the document ends early; the complete part was kept")
    if read.stats is not None and read.stats.skipped:
        warnings.append(f"{read.stats.skipped} unusable records skipped; first: {read.stats.first_problem}")
    if builder.dropped_lines:
        warnings.append(f"{builder.dropped_lines} lines with impossible numbers dropped")
    if read.outcome != "ok":
        warnings.append(f"{read.outcome}: {read.detail}" if read.detail else read.outcome)
    return warnings


def _files(report: Report, lines: bool) -> dict[str, dict[str, Any]]:
    table = measure.file_totals(report)
    files: dict[str, dict[str, Any]] = {}
    values = line_values(report) if lines else []
    for number, path in enumerate(report.files):
        counts = dict(zip(FILE_TOTALS, map(int, table[number]), strict=True))
        total = counts["hits"] + counts["misses"] + counts["partials"]
        files[path] = {"line_count": total, "lines": total, **counts, "coverage": ratio(counts["hits"], total)}
        if lines:
            rows = slice(int(report.offsets[number]), int(report.offsets[number + 1]))
            numbers = report.line[rows].tolist()
            files[path]["lines"] = {str(n): value for n, value in zip(numbers, values[rows], strict=True)}
    return files


def line_values(report: Report) -> list[int | str]:
    """Return the value of every row as people write it: hits, -1 for ignored, or "covered/total"."""
    values: list[int | str] = report.hits.tolist()
    for row, arms in zip(report.branch_row.tolist(), report.branch_arms.tolist(), strict=True):
        if values[row] != -1:
            values[row] = f"{values[row]}/{arms}"
    return values


def _print(result: dict[str, Any], lines: bool) -> None:
    console = Console()
    console.print(f"[bold]{plain(result['file'])}[/] · {result['format'] or 'unknown format'}", highlight=False)
    if result["error"]:
        console.print(f"[red]{plain(result['error'])}[/]", highlight=False)
    if result["files"]:
        table = Table(box=None, pad_edge=False)
        table.add_column("File")
        for title in ("Lines", "Hits", "Misses", "Partials", "Branches", "Coverage"):
            table.add_column(title, justify="right")
        for path, facts in result["files"].items():
            table.add_row(plain(path), *map(str, _cells(facts)))
        totals = Totals.from_dict(result["totals"])
        table.add_section()
        table.add_row(counted(totals.files, "file"), *map(str, _cells(totals.as_dict() | {"line_count": totals.lines})))
        console.print(table)
        if lines:
            for path, facts in result["files"].items():
                console.print(f"\n[bold]{plain(path)}[/]", highlight=False)
                console.print("  ".join(f"{n}:{value}" for n, value in facts["lines"].items()), highlight=False)
    for warning in result["warnings"]:
        if warning == result["error"]:
            continue  # said above
        console.print(f"[yellow]warning:[/] {plain(warning)}", highlight=False)


def _cells(facts: dict[str, Any]) -> tuple[Any, ...]:
    coverage = "-" if facts["coverage"] is None else f"{float(facts['coverage']):.2f}%"
    return facts["line_count"], facts["hits"], facts["misses"], facts["partials"], facts["branches"], coverage
