"""JSON reports of the same made-up repository as the XML ones, deterministic, of any size."""

import json
from collections.abc import Iterator
from io import BytesIO

from benchmarks.workload_xml import SourceFile, repository

Arm = tuple[int, int]


def istanbul(scale: float = 1.0) -> bytes:
    """`coverage-final.json` as nyc writes it, without blanks; about 290 MB at scale 1."""
    out = BytesIO()
    for number, file in enumerate(repository(scale)):
        path = f"/home/ci/build/rocket/web/{file.package}/{file.name}.ts"
        out.write(f'{"," if number else "{"}"{path}": {{"path":"{path}",{_maps(file)},{_COMMON}}}\n'.encode())
    out.write(b"}\n")
    return out.getvalue()


def pycoverage(scale: float = 1.0) -> bytes:
    """`coverage json` of coverage.py with branches and without contexts and regions; about 20 MB at scale 1."""
    meta = {"format": 2, "version": "7.5.4", "timestamp": "2026-01-31T12:00:00", "branch_coverage": True}
    out = BytesIO()
    out.write(b'{"meta": %s, "files": {' % json.dumps(meta | {"show_contexts": False}).encode())
    for number, file in enumerate(repository(scale)):
        path = json.dumps(f"src/{file.package}/{file.name}.py")
        out.write(f"{', ' if number else ''}{path}: {json.dumps(_python_lists(file))}".encode())
    out.write(b'}, "totals": %s}' % json.dumps(_SUMMARY).encode())
    return out.getvalue()


_COMMON = (
    '"_coverageSchema":"1a1c01bbd47fc00a2c39e90264f33305004495a9","hash":"4d1b0f1a9d0e6d5e5c3a2f71b8c9e0d1f2a3b4c5"'
)
_SUMMARY = {
    "covered_lines": 320,
    "num_statements": 400,
    "percent_covered": 79.31034482758621,
    "percent_covered_display": "79",
    "missing_lines": 80,
    "excluded_lines": 0,
    "num_branches": 120,
    "num_partial_branches": 12,
    "covered_branches": 96,
    "missing_branches": 24,
}


def _maps(file: SourceFile) -> str:
    lines, hits, methods = file.line.tolist(), file.hits.tolist(), file.method.tolist()
    statements = [f'"{i}":{_place(line)}' for i, line in enumerate(lines)]
    counts = [f'"{i}":{count}' for i, count in enumerate(hits)]
    branches, arms = [], []
    for line, count, covered, total in zip(lines, hits, file.covered.tolist(), file.arms.tolist(), strict=True):
        if total:
            kind, places = ("if", f"{_place(line)},{_NOWHERE}") if total == 2 else ("switch", _places(line, total))
            branches.append(
                f'"{len(arms)}":{{"loc":{_place(line)},"type":"{kind}","locations":[{places}],"line":{line}}}'
            )
            taken = [str(max(count, 1))] * covered + ["0"] * (total - covered)
            arms.append(f'"{len(arms)}":[{",".join(taken)}]')
    functions, calls = [], []
    for line, count, is_method in zip(lines, hits, methods, strict=True):
        if is_method:
            number = len(calls)
            functions.append(
                f'"{number}":{{"name":"step{number}","decl":{_place(line)},"loc":{_place(line)},"line":{line}}}'
            )
            calls.append(f'"{number}":{count}')
    parts = {
        "statementMap": statements, "fnMap": functions, "branchMap": branches, "s": counts, "f": calls, "b": arms,
    }  # fmt: skip
    return ",".join(f'"{name}":{{{",".join(entries)}}}' for name, entries in parts.items())


_NOWHERE = '{"start":{},"end":{}}'


def _place(line: int) -> str:
    column = line % 7 * 2
    return f'{{"start":{{"line":{line},"column":{column}}},"end":{{"line":{line},"column":{column + 8 + line % 60}}}}}'


def _places(line: int, count: int) -> str:
    return ",".join(_place(line + arm) for arm in range(count))


def _python_lists(file: SourceFile) -> dict[str, object]:
    ran = file.hits > 0
    return {
        "executed_lines": file.line[ran].tolist(),
        "summary": _SUMMARY,
        "missing_lines": file.line[~ran].tolist(),
        "excluded_lines": [],
        "executed_branches": list(_arms(file, taken=True)),
        "missing_branches": list(_arms(file, taken=False)),
    }


def _arms(file: SourceFile, *, taken: bool) -> Iterator[Arm]:
    """Yield the arms of the branch lines: two each, as in Python, some of them out of the function."""
    for line, covered, total in zip(file.line.tolist(), file.covered.tolist(), file.arms.tolist(), strict=True):
        targets = (line + 1, -line if line % 9 == 0 else line + 3) if total else ()
        yield from ((line, target) for arm, target in enumerate(targets) if (arm < covered) == taken)
