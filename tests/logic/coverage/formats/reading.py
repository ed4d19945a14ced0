"""Read coverage files as an upload does, and write down what came out as plain values."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.logic.coverage.branches import arm_text
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import FileRead, read_file
from app.logic.coverage.report import Report

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "examples" / "rocket"
KINDS = ("", "b", "m")


class Line(NamedTuple):
    """One row: hits or "covered/arms", kind ("" line, b branch, m method), ids of the missing arms."""

    value: int | str
    kind: str = ""
    missing: tuple[str, ...] = ()


def read(
    data: bytes | str,
    name: str | None = None,
    *switches: str,
    resolve: Callable[..., str | None] | None = None,
    max_bytes: int = 1 << 30,
) -> tuple[FileRead, dict[str, dict[int, Line]]]:
    """Read one file through preprocessing and detection; return the outcome and the lines by path."""
    builder = ReportBuilder(resolve)
    content = data.encode() if isinstance(data, str) else data
    outcome = read_file(name, content, builder, FormatOptions(frozenset(switches)), max_bytes=max_bytes)
    return outcome, lines_of(builder.build())


def lines_of(report: Report) -> dict[str, dict[int, Line]]:
    arms = dict(zip(report.branch_row.tolist(), report.branch_arms.tolist(), strict=True))
    missing = dict(_missing(report))
    found: dict[str, dict[int, Line]] = {}
    for number, path in enumerate(report.files):
        found[path] = {}
        for row in range(report.offsets[number], report.offsets[number + 1]):
            hits = int(report.hits[row])
            value: int | str = f"{hits}/{arms[row]}" if row in arms else hits
            found[path][int(report.line[row])] = Line(value, KINDS[report.kind[row]], missing.get(row, ()))
    return found


def values_of(lines: dict[int, Line]) -> dict[int, int | str]:
    return {number: line.value for number, line in lines.items()}


def status(line: Line) -> str:
    """Return hit, miss or partial, as totals count it."""
    if isinstance(line.value, int):
        return "hit" if line.value > 0 else "miss"
    covered, arms = map(int, line.value.split("/"))
    return "miss" if covered == 0 else "hit" if covered == arms else "partial"


def _missing(report: Report) -> Iterator[tuple[int, tuple[str, ...]]]:
    lists = report.missing
    for position, row in enumerate(lists.row.tolist()):
        ids = lists.ids[lists.offsets[position] : lists.offsets[position + 1]]
        yield row, tuple(arm_text(code, lists.texts) for code in ids.tolist())
