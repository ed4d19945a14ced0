"""The JSON document of a report: everything that a report holds. Source: docs/export.md, docs/export.schema.json."""

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from app.logic.coverage.assembled import Session
from app.logic.coverage.exports.arms import list_texts
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.exports.text_rows import Where, text_rows
from app.logic.coverage.measure import file_totals
from app.logic.coverage.report import BRANCH, FILE_TOTALS, IGNORED, LINE, METHOD, Report
from app.logic.coverage.totals import ratio

VERSION: Final = 1
_KINDS: Final = {LINE: "line", BRANCH: "branch", METHOD: "method"}

# What some lines of a file have besides their value, by line number: the value of a key of the file.
Facts = dict[str, Any]


def write(subject: Subject) -> Iterator[bytes]:
    """Yield the document in pieces, a file on a line; raises codec.ReportCorrupt."""
    head = {
        "version": VERSION,
        "commit": subject.commit,
        "totals": subject.totals.as_dict(),
        "flags": {name: totals.as_dict() for name, totals in sorted(subject.flags.items())},
        "sessions": [_session(session) for session in subject.sessions],
    }
    yield _dump(head)[:-1] + b',"files":{'
    separator = b"\n"
    for block in subject.blocks():
        yield separator + b",\n".join(_files(block))
        separator = b",\n"
    yield b"\n}}\n"


def _session(session: Session) -> dict[str, Any]:
    return {
        "index": session.index,
        "name": session.name,
        "flags": list(session.flags),
        "kind": session.kind,
        "carried_from": session.carried_from,
        "joined": session.joined,
        "totals": session.totals.as_dict(),
    }


def _files(report: Report) -> Iterator[bytes]:
    totals = file_totals(report).tolist()
    facts = {"kinds": _kinds(report), "missing": _missing(report), "complexity": _complexity(report)}
    for number, lines in enumerate(_lines(report)):
        known = {name: of_file[number] for name, of_file in facts.items() if number in of_file}
        head, tail = _dump({"totals": _totals(totals[number])}), _dump(known)
        yield b'%b:%b,"lines":{%b}%b%b' % (
            _dump(report.files[number]),
            head[:-1],
            lines[:-1],
            b"," if known else b"",
            tail[1:],
        )


def _totals(counts: list[int]) -> dict[str, int | str | None]:
    named = dict(zip(FILE_TOTALS, counts, strict=True))
    lines = named["hits"] + named["misses"] + named["partials"]
    return {"lines": lines, **named, "coverage": ratio(named["hits"], lines)}


def _lines(report: Report) -> list[bytes]:
    """Return the values of the lines of each file; each ends with a comma."""
    ignored = report.hits == IGNORED
    arms = np.zeros(len(report.line), dtype=np.int64)
    arms[report.branch_row] = report.branch_arms
    branches = arms > 0
    rows = text_rows(
        len(report.line),
        b'"',
        report.line,
        b'":',
        Where(branches, (b'"',)),
        Where(ignored, (b"-1",)),
        Where(~ignored, (np.maximum(report.hits, 0),)),
        Where(branches, (b"/", arms, b'"')),
        b",",
    )
    return rows.cut(report.offsets)


def _kinds(report: Report) -> dict[int, Facts]:
    """Return the kinds that the value does not tell: arms make a branch, anything else a line."""
    told = np.zeros(len(report.line), dtype=np.uint8)
    told[report.branch_row] = BRANCH
    rows = np.flatnonzero(report.kind != told)
    return _by_file(report, rows.tolist(), [_KINDS[kind] for kind in report.kind[rows].tolist()])


def _missing(report: Report) -> dict[int, Facts]:
    missing = report.missing
    lists: dict[int, list[dict[str, Any]]] = {}
    for number, (row, arms) in enumerate(zip(missing.row.tolist(), missing.arms.tolist(), strict=True)):
        lists.setdefault(row, []).append({"arms": arms, "ids": list_texts(missing, number)})
    return _by_file(report, list(lists), list(lists.values()))


def _complexity(report: Report) -> dict[int, Facts]:
    complexity = report.complexity
    pairs = zip(complexity.value.tolist(), complexity.total.tolist(), strict=True)
    values = [value if total < 0 else [value, total] for value, total in pairs]
    return _by_file(report, complexity.row.tolist(), values)


def _by_file(report: Report, rows: list[int], values: list[Any]) -> dict[int, Facts]:
    """Return values of rows by number of the file, then line."""
    files = np.searchsorted(report.offsets, rows, side="right") - 1
    found: dict[int, Facts] = {}
    for file, line, value in zip(files.tolist(), report.line[rows].tolist(), values, strict=True):
        found.setdefault(file, {})[str(line)] = value
    return found


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
