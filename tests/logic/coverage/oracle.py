"""The merge rule in plain Python, line by line, and reports made of and taken apart into plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.logic.coverage.branches import arm_text
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.report import IGNORED, Report, Rows

Place = tuple[str, int]


@dataclass(frozen=True)
class Measure:
    """What one coverage file says about one line; `arms` 0 = no branches, complexity total -1 = a plain number."""

    line: int
    hits: int
    arms: int = 0
    missing: tuple[str, ...] | None = None
    kind: int = 0
    complexity: tuple[int, int] | None = None
    path: str = "a.py"


class Joined(NamedTuple):
    hits: int
    arms: int = 0
    missing: tuple[tuple[int, int, frozenset[str]], ...] = ()  # (style, arms, ids) of each remaining list
    kind: int = 0
    complexity: tuple[int, int] | None = None


def join(measures: Sequence[Measure]) -> Joined:
    kind = max(m.kind for m in measures)
    complexity = _join_complexity([m.complexity for m in measures if m.complexity is not None])
    if any(m.hits == IGNORED for m in measures):
        return Joined(IGNORED, kind=kind, complexity=complexity)
    plain = max((m.hits for m in measures if not m.arms), default=-1)
    fractions = [m for m in measures if m.arms]
    if not fractions:
        return Joined(plain, kind=kind, complexity=complexity)
    arms = max(m.arms for m in fractions)
    families: dict[tuple[int, int], frozenset[str]] = {}
    for m in fractions:
        if m.hits > 0 and m.missing and len(set(m.missing)) == m.arms - m.hits:
            family = max(style(text) for text in m.missing), m.arms
            families[family] = families.get(family, frozenset(m.missing)) & frozenset(m.missing)
    if plain > 0 or any(m.hits == m.arms for m in fractions) or not all(families.values()):
        return Joined(arms, arms, (), kind, complexity)
    covered = max([m.hits for m in fractions] + [family[1] - len(ids) for family, ids in families.items()])
    lists = tuple((*family, families[family]) for family in sorted(families))
    return Joined(covered, arms, lists, kind, complexity)


def merge(uploads: Sequence[Sequence[Measure]]) -> dict[Place, Joined]:
    counted = [_statuses(upload) for upload in uploads]
    ran = {path for files in counted for path, found in files.items() if found & {"hit", "partial"}}
    places: dict[Place, list[Measure]] = {}
    for upload, files in zip(uploads, counted, strict=True):
        for m in upload:
            never_loaded = m.path.endswith(".rb") and m.path in ran and files[m.path] - {"skipped"} == {"miss"}
            if not never_loaded:
                places.setdefault((m.path, m.line), []).append(m)
    return {place: join(measures) for place, measures in places.items()}


def status(joined: Joined) -> str:
    if joined.hits <= 0:
        return "skipped" if joined.hits == IGNORED else "miss"
    return "partial" if joined.hits < joined.arms else "hit"


def style(text: str) -> int:
    if text in ("exit", "loop") or text.isdigit():
        return 0
    return 1 if all(part.isdigit() for part in text.split(":")) and text.count(":") == 1 else 2


def report_of(measures: Iterable[Measure]) -> Report:
    """Build the upload report of some measures, one block of one row each."""
    builder = ReportBuilder()
    for m in measures:
        builder.add(rows_of(builder, m))
    return builder.build()


def rows_of(builder: ReportBuilder, m: Measure) -> Rows:
    ids = None if m.missing is None else [builder.arm_ids.code(text) for text in m.missing]
    return Rows(
        files=[builder.file(m.path)],
        counts=[1],
        line=ints(m.line),
        hits=ints(m.hits),
        kind=np.array([m.kind], dtype=np.uint8),
        branch_row=ints(0) if m.arms else None,
        branch_arms=ints(m.arms) if m.arms else None,
        missing_row=None if ids is None else ints(0),
        missing_offsets=None if ids is None else ints(0, len(ids)),
        missing_ids=None if ids is None else ints(*ids),
        complexity_row=None if m.complexity is None else ints(0),
        complexity=None if m.complexity is None else ints(m.complexity[0]),
        complexity_total=None if m.complexity is None else ints(m.complexity[1]),
    )


def read(report: Report) -> dict[Place, Joined]:
    """Take a report apart."""
    arms = dict(zip(report.branch_row.tolist(), report.branch_arms.tolist(), strict=True))
    missing, complexity = report.missing, report.complexity
    lists: dict[int, list[tuple[int, int, frozenset[str]]]] = {}
    for number, row in enumerate(missing.row.tolist()):
        codes = missing.ids[missing.offsets[number] : missing.offsets[number + 1]].tolist()
        ids = frozenset(arm_text(code, missing.texts) for code in codes)
        lists.setdefault(row, []).append((max(map(style, ids)), int(missing.arms[number]), ids))
    pairs = zip(complexity.value.tolist(), complexity.total.tolist(), strict=True)
    measured = dict(zip(complexity.row.tolist(), pairs, strict=True))
    places = {}
    for number, path in enumerate(report.files):
        for row in range(report.offsets[number], report.offsets[number + 1]):
            places[path, int(report.line[row])] = Joined(
                int(report.hits[row]),
                arms.get(row, 0),
                tuple(lists.get(row, ())),
                int(report.kind[row]),
                measured.get(row),
            )
    return places


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def _statuses(upload: Sequence[Measure]) -> dict[str, set[str]]:
    places: dict[Place, list[Measure]] = {}
    for m in upload:
        places.setdefault((m.path, m.line), []).append(m)
    files: dict[str, set[str]] = {}
    for (path, _), measures in places.items():
        files.setdefault(path, set()).add(status(join(measures)))
    return files


def _join_complexity(values: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    if not values:
        return None
    pairs = [value for value in values if value[1] >= 0] or values
    return max(value for value, _ in pairs), max(total for _, total in pairs)
