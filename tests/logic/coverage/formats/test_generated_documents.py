"""Whatever a tool writes in one of the formats that are read record by record is what is read."""

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, values_of

Counts = Mapping[int, int]
Files = Mapping[str, Counts]

PATHS = st.lists(
    st.text("abcXYZ09_-ä ", min_size=1, max_size=6).filter(lambda part: part == part.strip()), min_size=1, max_size=3
)
COUNTS = st.dictionaries(
    st.integers(1, 60), st.one_of(st.integers(0, 9), st.integers(0, 2**31 - 1)), min_size=1, max_size=12
)


def files(ending: str, most: int = 3) -> st.SearchStrategy[dict[str, dict[int, int]]]:
    """Files by path, with hits by line."""
    path = PATHS.map(lambda parts: "src/" + "/".join(parts) + ending)
    return st.dictionaries(path, COUNTS, min_size=1, max_size=most)


def column(counts: Counts, first: int = 1) -> list[int | None]:
    return [counts.get(line) for line in range(first, max(counts) + 1)]


def gcov(report: Files) -> str:
    return "".join(
        f"        -:    0:Source:{path}\n        -:    0:Runs:1\n"
        + "".join(
            f"{'-' if count is None else count or '#####':>9}:{line:5}:    step({line}); // a:b\n"
            for line, count in enumerate(column(counts), 1)
        )
        for path, counts in report.items()
    )


def gcov_intermediate(report: Files) -> str:
    return "".join(
        f"file:{path}\nfunction:70,0,f\n" + "".join(f"lcount:{line},{count}\n" for line, count in counts.items())
        for path, counts in report.items()
    )


def xcode_text(report: Files) -> str:
    return "\n".join(
        f"{path}:\n"
        + "".join(f"{n:5}|{'' if hits is None else hits:>7}|  x || y\n" for n, hits in enumerate(column(counts), 1))
        for path, counts in report.items()
    )


def old_xcode_text(report: Files) -> str:
    return "\n".join(
        f"{path}:\n"
        + "".join(f"{'' if hits is None else hits:>7}|{n:5}|  x || y\n" for n, hits in enumerate(column(counts), 1))
        for path, counts in report.items()
    )


def lua(report: Files) -> str:
    rule = "=" * 78 + "\n"
    out = []
    for path, counts in report.items():
        width = len(str(max(counts.values())))
        miss = "*" * max(width, 1) + "0"
        out += [rule, path + "\n", rule]
        for hits in column(counts):
            field = "" if hits is None else str(hits) if hits else miss
            out.append(f"{field:>{width + 1}} local x = 1\n")
    return "".join(out) + f"{rule}Summary\n{rule}\nTotal 5 5 50%\n"


def dlst(report: Files) -> str:
    ((path, counts),) = report.items()
    rows = "".join(f"{'' if hits is None else hits or '0000000':>7}|x = a | b;\n" for hits in column(counts))
    return f"{rows}{path} is 50% covered\n"


def gap(report: Files) -> str:
    records = [{"Type": "_", "Version": 1}]
    records += [{"Type": "S", "File": path, "FileId": number} for number, path in enumerate(report)]
    for number, counts in enumerate(report.values()):
        for line, hits in counts.items():
            records.append({"Type": "R", "Line": line, "FileId": number})
            records += [{"Type": "E", "Line": line, "FileId": number}] * min(hits, 2)
    return "\n".join(map(json.dumps, records))


def verilator(report: Files) -> str:
    points = (
        f"C '\x01f\x02{path}\x01l\x02{line}\x01n\x021\x01page\x02v_line/m' {hits}\n"
        for path, counts in report.items()
        for line, hits in counts.items()
    )
    return "# SystemC::Coverage-3\n" + "".join(points)


def v1(report: Files) -> str:
    return json.dumps({"coverage": {path: [None, *column(counts)] for path, counts in report.items()}})


def v1_by_line(report: Files) -> str:
    return json.dumps({"coverage": report})


def coveralls(report: Files) -> str:
    return json.dumps({"source_files": [{"name": path, "coverage": column(counts)} for path, counts in report.items()]})


def gcovjson(report: Files) -> str:
    lines = {
        path: [{"line_number": line, "count": hits} for line, hits in counts.items()] for path, counts in report.items()
    }
    return json.dumps({"format_version": "2", "files": [{"file": path, "lines": lines[path]} for path in report]})


def llvmcov(report: Files) -> str:
    """Regions of one line each."""
    found = []
    for path, counts in report.items():
        segments = [
            part
            for line, hits in sorted(counts.items())
            for part in ([line, 1, hits, True, True, False], [line, 9, 0, False, False, False])
        ]
        found.append({"filename": path, "segments": segments, "branches": []})
    return json.dumps({"type": "llvm.coverage.json.export", "data": [{"files": found}]})


def elm(report: Files) -> str:
    sections = {
        f"M{number}": [
            {"from": {"line": line, "column": 1}, "to": {"line": line, "column": 9}, "count": hits}
            for line, hits in counts.items()
        ]
        for number, counts in enumerate(report.values())
    }
    return json.dumps(
        {"moduleMap": {f"M{number}": path for number, path in enumerate(report)}, "coverageData": sections}
    )


def rlang(report: Files) -> str:
    return json.dumps(
        {"uploader": "R", "files": [{"name": path, "coverage": column(counts, 0)} for path, counts in report.items()]}
    )


def salesforce(report: Files) -> str:
    return json.dumps([{"name": path, "lines": counts} for path, counts in report.items()])


def scala(report: Files) -> str:
    return json.dumps({"fileReports": [{"filename": path, "coverage": counts} for path, counts in report.items()]})


def xccov(report: Files) -> str:
    return json.dumps(
        {
            path: [
                {"line": n, "isExecutable": hits is not None, **({} if hits is None else {"executionCount": hits})}
                for n, hits in enumerate(column(counts), 1)
            ]
            for path, counts in report.items()
        }
    )


def coverlet(report: Files) -> str:
    return json.dumps(
        {"A.dll": {path: {"A": {"M()": {"Lines": counts, "Branches": []}}} for path, counts in report.items()}}
    )


def tarpaulin(report: Files) -> str:
    found = [
        {"path": path.split("/"), "traces": [{"line": line, "stats": {"Line": hits}} for line, hits in counts.items()]}
        for path, counts in report.items()
    ]
    return json.dumps({"files": found})


def dartvm(report: Files) -> str:
    scripts = [
        {"source": "file://" + path, "hits": [value for pair in counts.items() for value in pair]}
        for path, counts in report.items()
    ]
    return json.dumps({"type": "CodeCoverage", "coverage": scripts})


def flowcover(report: Files) -> str:
    def places(counts: Counts, *, typed: bool) -> list[object]:
        return [
            {"start": {"line": line}, "end": {"line": line}} for line, hits in counts.items() if (hits > 0) == typed
        ]

    found = {
        path: {
            "expressions": {"covered_locs": places(counts, typed=True), "uncovered_locs": places(counts, typed=False)}
        }
        for path, counts in report.items()
    }
    return json.dumps({"flowStatus": {"passed": True}, "files": found})


WRITERS: list[tuple[str, Callable[[Files], str], str]] = [
    ("gcov", gcov, ".c"), ("gcov-intermediate", gcov_intermediate, ".c"), ("xcode-text", xcode_text, ".swift"),
    ("xcode-text", old_xcode_text, ".swift"), ("lua", lua, ".lua"), ("gap", gap, ".g"), ("verilator", verilator, ".sv"),
    ("v1", v1, ".x"), ("v1", v1_by_line, ".x"), ("coveralls", coveralls, ".rb"), ("gcovjson", gcovjson, ".c"),
    ("llvmcov", llvmcov, ".c"), ("elm", elm, ".elm"), ("flowcover", flowcover, ".js"), ("rlang", rlang, ".R"),
    ("salesforce", salesforce, ".cls"), ("scala", scala, ".scala"), ("xccov", xccov, ".swift"),
    ("coverlet", coverlet, ".cs"), ("tarpaulin", tarpaulin, ".rs"), ("dartvm", dartvm, ".dart"),
]  # fmt: skip
RAN_OR_NOT = ("gap", "flowcover")  # which do not count


@pytest.mark.parametrize(("format_id", "write", "ending"), WRITERS, ids=[write.__name__ for _, write, _ in WRITERS])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_document_is_read_as_it_was_meant(format_id, write, ending, data):
    report = data.draw(files(ending))

    outcome, found = read(write(report))

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == (format_id, "ok", 0)
    expected = {path: {line: min(hits, 1) for line, hits in counts.items()} for path, counts in report.items()}
    assert {path: values_of(lines) for path, lines in found.items()} == (
        expected if format_id in RAN_OR_NOT else report
    )


@settings(max_examples=40, deadline=None)
@given(report=files(".d", most=1))
def test_a_listing_of_d_is_read_as_it_was_meant(report):
    outcome, found = read(dlst(report))

    assert (outcome.format, outcome.stats.skipped) == ("dlst", 0)
    assert {path: values_of(lines) for path, lines in found.items()} == report


@settings(max_examples=40, deadline=None)
@given(counts=COUNTS.map(lambda counts: {line: hits % 10**9 for line, hits in counts.items()}))
def test_a_file_of_julia_is_read_as_it_was_meant(counts):
    text = "".join(f"{'-' if hits is None else hits:>9} x = 1 - 2\n" for hits in column(counts))

    outcome, found = read(text, "src/a.jl.7.cov")

    assert (outcome.format, outcome.stats.skipped) == ("juliacov", 0)
    assert values_of(found["src/a.jl"]) == counts
