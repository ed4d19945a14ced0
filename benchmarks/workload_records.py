"""Reports of formats that are read record by record, of the same made-up repository, deterministic, of any size."""

import json
from collections.abc import Iterator
from io import BytesIO

from benchmarks.workload_xml import SourceFile, repository


def gcov(scale: float = 1.0) -> bytes:
    """Listings of `gcov -b -c`, one after another, with comments between the statements; about 240 MB at scale 1."""
    out = BytesIO()
    for file in repository(scale):
        out.write(f"        -:    0:Source:src/{file.package}/{file.name}.cpp\n        -:    0:Runs:1\n".encode())
        out.write("".join(_listing(file)).encode())
    return out.getvalue()


def gcovjson(scale: float = 1.0) -> bytes:
    """`gcovr --json` without blanks; about 200 MB at scale 1."""
    files = (
        f'{{"file":"src/{file.package}/{file.name}.cpp","lines":[{",".join(_records(file))}],'
        f'"functions":[{",".join(_functions(file))}]}}'
        for file in repository(scale)
    )
    return _joined(b'{"gcovr/format_version":"0.11","files":[', files, b"]}\n")


def llvmcov(scale: float = 1.0) -> bytes:
    """`llvm-cov export` without expansions; about 110 MB at scale 1."""
    files = (
        f'{{"branches":[{",".join(_conditions(file))}],"expansions":[],'
        f'"filename":"/home/ci/build/rocket/src/{file.package}/{file.name}.cpp",'
        f'"segments":[{",".join(_segments(file))}],"summary":{_SUMMARY}}}'
        for file in repository(scale)
    )
    functions = (",".join(_regions(file)) for file in repository(scale))
    listed = _joined(b'{"data":[{"files":[', files, b"],")
    return listed + _joined(b'"functions":[', functions, b']}],"type":"llvm.coverage.json.export","version":"2.0.1"}\n')


def coveralls(scale: float = 1.0) -> bytes:
    """The job of a Coveralls client with branches, but without sources; about 40 MB at scale 1."""
    return _joined(b'{"service_name":"ci","source_files":[', map(_source_file, repository(scale)), b"]}\n")


_SUMMARY = '{"lines":{"count":400,"covered":320,"percent":80},"functions":{"count":9,"covered":8,"percent":88.8}}'


def _joined(head: bytes, parts: Iterator[str], tail: bytes) -> bytes:
    out = BytesIO()
    out.write(head)
    for number, part in enumerate(parts):
        out.write(("," if number else "").encode() + part.encode())
    out.write(tail)
    return out.getvalue()


def _listing(file: SourceFile) -> Iterator[str]:
    previous = 0
    for line, hits, covered, total, is_method in _lines(file):
        for comment in range(previous + 1, line):
            yield f"        -:{comment:5}:    // what the next line is good for\n"
        previous = line
        if is_method:
            yield f"function step_{line} called {hits} returned 100% blocks executed 80%\n"
        source = (
            "int step(int value) {"
            if is_method
            else "    if (ready(value)) {"
            if total
            else "    value += fuel(value);"
        )
        yield f"{hits or '#####':>9}:{line:5}:{source}\n"
        for arm in range(total):
            yield f"branch {arm:2} " + (f"taken {hits if arm < covered else 0}\n" if hits else "never executed\n")


def _records(file: SourceFile) -> Iterator[str]:
    for line, hits, covered, total, _ in _lines(file):
        arms = ",".join(
            f'{{"count":{hits if arm < covered else 0},"fallthrough":{"false" if arm else "true"},"throw":false}}'
            for arm in range(total)
        )
        yield f'{{"line_number":{line},"function_name":"step","count":{hits},"branches":[{arms}]}}'


def _functions(file: SourceFile) -> Iterator[str]:
    for line, hits, _, _, is_method in _lines(file):
        if is_method:
            yield f'{{"name":"step_{line}","lineno":{line},"execution_count":{hits}}}'


def _segments(file: SourceFile) -> Iterator[str]:
    """Regions that start where the count changes, and a shorter one on every tenth line."""
    before = -1
    for line, hits, _, _, _ in _lines(file):
        if hits != before:
            yield f"[{line},{5 + line % 40},{hits},true,true,false]"
            before = hits
        if line % 10 == 0:
            yield f"[{line},50,{hits // 2},true,true,false],[{line},60,{hits},true,false,false]"
    yield f"[{int(file.line[-1]) + 1},2,0,false,false,false]"


def _regions(file: SourceFile) -> Iterator[str]:
    """Functions of thirty lines, with a region for each third one."""
    path = f"/home/ci/build/rocket/src/{file.package}/{file.name}.cpp"
    lines = list(_lines(file))
    for start in range(0, len(lines), 30):
        regions = ",".join(f"[{line},5,{line + 2},60,{hits},0,0,0]" for line, hits, *_ in lines[start : start + 30 : 3])
        yield (
            f'{{"branches":[],"count":{lines[start][1]},"filenames":["{path}"],"mcdc_records":[],'
            f'"name":"_ZN6rocket5Stage{start}EPKcRKSt6vectorIiSaIiEE","regions":[{regions}]}}'
        )


def _conditions(file: SourceFile) -> Iterator[str]:
    for line, hits, covered, total, _ in _lines(file):
        for pair in range(total // 2):
            true, false = (hits if 2 * pair + side < covered else 0 for side in (0, 1))
            yield f"[{line},{9 + 12 * pair},{line},{17 + 12 * pair},{true},{false},0,0,4]"


def _source_file(file: SourceFile) -> str:
    coverage: list[int | None] = [None] * int(file.line[-1])
    branches = []
    for line, hits, covered, total, _ in _lines(file):
        coverage[line - 1] = hits
        for arm in range(total):
            branches += [line, 0, arm, hits if arm < covered else 0]
    name = f"lib/{file.package}/{file.name}.ex"
    return json.dumps({"name": name, "source_digest": "d" * 32, "coverage": coverage, "branches": branches})


def _lines(file: SourceFile) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yield line, hits, arms taken, arms, and whether a method starts there."""
    columns = (file.line, file.hits, file.covered, file.arms, file.method)
    return zip(*(column.tolist() for column in columns), strict=True)
