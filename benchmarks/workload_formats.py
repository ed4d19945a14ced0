"""A document of every coverage format, of any size: the repository of workload_xml in the dialect of each tool."""

import json
import plistlib
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import workload_dotnet, workload_json, workload_records, workload_text, workload_xml
from benchmarks.workload_xml import SourceFile, repository

Line = tuple[int, int, int, int]
_SOURCE = "    value += fuel(value); // what the line is good for"
_PADDING = " " * 40  # so that a listing of a single file stays below the million lines that a file may have


def _lines(file: SourceFile) -> list[Line]:
    """Return line, hits, arms taken and arms."""
    return list(zip(*(c.tolist() for c in (file.line, file.hits, file.covered, file.arms)), strict=True))


def _path(file: SourceFile, ending: str) -> str:
    return f"src/{file.package}/{file.name}.{ending}"


def _counts(file: SourceFile) -> dict[int, int]:
    return dict(zip(file.line.tolist(), file.hits.tolist(), strict=True))


def _column(file: SourceFile, first: int = 1) -> list[int | None]:
    counts = _counts(file)
    return [counts.get(line) for line in range(first, int(file.line[-1]) + 1)]


def _text(scale: float, head: str, of_file: Callable[[int, SourceFile], str], tail: str = "") -> bytes:
    return "".join([head, *(of_file(number, file) for number, file in enumerate(repository(scale))), tail]).encode()


def _json(scale: float, head: str, of_file: Callable[[int, SourceFile], str], tail: str) -> bytes:
    return (head + ",".join(of_file(number, file) for number, file in enumerate(repository(scale))) + tail).encode()


def lua(scale: float) -> bytes:
    def listing(_: int, file: SourceFile) -> str:
        rule = "=" * 78 + "\n"
        fields = ("" if hits is None else str(hits) if hits else "*******0" for hits in _column(file))
        return rule + _path(file, "lua") + "\n" + rule + "".join(f"{field:>8} {_SOURCE}\n" for field in fields)

    return _text(scale, "", listing)


def xcode_text(scale: float) -> bytes:
    def listing(_: int, file: SourceFile) -> str:
        fields = ("" if hits is None else str(hits) for hits in _column(file))
        return f"/w/{_path(file, 'swift')}:\n" + "".join(f"{n:5}|{f:>7}|{_SOURCE}\n" for n, f in enumerate(fields, 1))

    return _text(scale, "", listing)


def gcov_intermediate(scale: float) -> bytes:
    def records(_: int, file: SourceFile) -> str:
        out = [f"file:{_path(file, 'cpp')}\nfunction:1,0,_ZN6rocket5StageC2Ev\n"]
        for line, hits, covered, arms in _lines(file):
            out.append(f"lcount:{line},{hits}\n")
            out += [f"branch:{line},{'taken' if arm < covered else 'nottaken'}\n" for arm in range(arms)]
        return "".join(out)

    return _text(scale, "", records)


def verilator(scale: float) -> bytes:
    """Two fifths of the points are toggles, as wide signals make them."""

    def points(_: int, file: SourceFile) -> str:
        out = []
        for line, hits, covered, arms in _lines(file):
            start = f"C '\x01f\x02{_path(file, 'sv')}\x01l\x02{line}\x01n\x025\x01t\x02"
            end = f"\x01h\x02TOP.rocket.{file.name}' "
            out.append(
                f"{start}line\x01page\x02v_line/{file.name}\x01o\x02block\x01S\x02{line}-{line + 1}{end}{hits}\n"
            )
            for arm in range(arms):
                taken = hits if arm < covered else 0
                out.append(f"{start}branch\x01page\x02v_branch/{file.name}\x01o\x02{arm}{end}{taken}\n")
            out += [f"{start}toggle\x01page\x02v_toggle/{file.name}\x01o\x02bus[{line}]{end}{hits}\n"] * (line % 2)
        return "".join(out)

    return _text(scale, "# SystemC::Coverage-3\n", points)


def gap(scale: float) -> bytes:
    def records(number: int, file: SourceFile) -> str:
        out = [f'{{"Type":"S","File":"{_path(file, "g")}","FileId":{number}}}\n']
        for line, hits, _, _ in _lines(file):
            out.append(f'{{"Type":"R","Line":{line},"FileId":{number}}}\n')
            if hits:
                out.append(f'{{"Type":"E","Line":{line},"FileId":{number}}}\n')
        return "".join(out)

    return _text(scale, '{"Type":"_","Version":1}\n', records)


def dlst(scale: float) -> bytes:
    """A listing is of one file, so this is one that no one writes."""
    fields = (("" if hits is None else str(hits or "0000000")) for file in repository(scale) for hits in _column(file))
    return ("".join(f"{field:>7}|{_SOURCE}{_PADDING}\n" for field in fields) + "src/app.d is 80% covered\n").encode()


def juliacov(scale: float) -> bytes:
    """As above."""
    fields = ("-" if hits is None else hits for file in repository(scale) for hits in _column(file))
    return "".join(f"{field:>9} {_SOURCE}{_PADDING}\n" for field in fields).encode()


def v1(scale: float) -> bytes:
    return _json(scale, '{"coverage":{', lambda _, file: f'"{_path(file, "x")}":{json.dumps(_column(file, 0))}', "}}")


def rlang(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        return json.dumps({"name": _path(file, "R"), "coverage": _column(file, 0)})

    return _json(scale, '{"uploader":"R","files":[', one, "]}")


def simplecov(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        return f'"/w/{_path(file, "rb")}":{{"lines":{json.dumps(_column(file))}}}'

    return _json(scale, '{"meta":{"simplecov_version":"0.22.0"},"coverage":{', one, "}}")


def salesforce(scale: float) -> bytes:
    return _json(scale, "[", lambda _, file: json.dumps({"name": file.name, "lines": _counts(file)}), "]")


def scala(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        return json.dumps({"filename": _path(file, "scala"), "coverage": _counts(file)})

    return _json(scale, '{"fileReports":[', one, "]}")


def elm(scale: float) -> bytes:
    def sections(_: int, file: SourceFile) -> str:
        found = [_section(line, hits) for line, hits, _, _ in _lines(file)]
        return f'"{file.name}":{json.dumps(found)}'

    names = {file.name: _path(file, "elm") for file in repository(scale)}
    return _json(scale, f'{{"moduleMap":{json.dumps(names)},"coverageData":{{', sections, "}}")


def _section(line: int, hits: int) -> dict[str, Any]:
    return {"type": "expr", "from": {"line": line, "column": 5}, "to": {"line": line, "column": 40}, "count": hits}


def flowcover(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        typed = [_place(line) for line, hits, _, _ in _lines(file) if hits]
        untyped = [_place(line) for line, hits, _, _ in _lines(file) if not hits]
        found = {"expressions": {"covered_locs": typed, "uncovered_locs": untyped}}
        return f'"{_path(file, "js")}":{json.dumps(found)}'

    return _json(scale, '{"flowStatus":{"passed":true},"files":{', one, "}}")


def _place(line: int) -> dict[str, Any]:
    return {"start": {"line": line, "column": 5, "offset": 30}, "end": {"line": line, "column": 40, "offset": 65}}


def xccov(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        found = [_executable(line, hits) for line, hits in enumerate(_column(file), 1)]
        return f'"/w/{_path(file, "swift")}":{json.dumps(found)}'

    return _json(scale, "{", one, "}")


def _executable(line: int, hits: int | None) -> dict[str, Any]:
    known = {} if hits is None else {"executionCount": hits}
    return {"line": line, "isExecutable": hits is not None, **known}


def coverlet(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        branches = [
            {"Line": line, "Offset": 4, "EndOffset": 9, "Path": arm, "Ordinal": arm, "Hits": int(arm < covered)}
            for line, _, covered, arms in _lines(file)
            for arm in range(arms)
        ]
        methods = {"System.Void M()": {"Lines": _counts(file), "Branches": branches}}
        return f'"/w/{_path(file, "cs")}":{json.dumps({file.name: methods})}'

    return _json(scale, '{"Rocket.dll":{', one, "}}")


def tarpaulin(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        traces = [
            {"line": line, "address": [1], "length": 1, "stats": {"Line": hits}} for line, hits, _, _ in _lines(file)
        ]
        return json.dumps({"path": ["/", "w", *_path(file, "rs").split("/")], "content": "", "traces": traces})

    return _json(scale, '{"files":[', one, "]}")


def dartvm(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        hits = [value for pair in _counts(file).items() for value in pair]
        return json.dumps({"source": f"file:///w/{_path(file, 'dart')}", "hits": hits})

    return _json(scale, '{"type":"CodeCoverage","coverage":[', one, "]}")


def bullseye(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        probes = "".join(
            f'<probe line="{line}" column="5" column_seq="0" kind="{"decision" if arms else "function"}" '
            f'event="{"full" if covered == arms and hits else "none"}"/>\n'
            for line, hits, covered, arms in _lines(file)
        )
        return f'<src name="{file.name}.cpp" mtime="1"><fn name="f()" fn_total="1">\n{probes}</fn></src>\n'

    head = '<?xml version="1.0" encoding="UTF-8"?>\n<BullseyeCoverage buildId="1_2020-10-28_17:55:47"><folder name="a">'
    return _text(scale, head, one, "</folder></BullseyeCoverage>\n")


def jetbrains(scale: float) -> bytes:
    def one(number: int, file: SourceFile) -> str:
        statements = "".join(
            f'        <Statement FileIndex="{number}" Line="{line}" Column="13" EndLine="{line}" EndColumn="40" '
            f'Covered="{bool(hits)}" />\n'
            for line, hits, _, _ in _lines(file)
        )
        return f'<Type Name="T"><Method Name="F():System.Void">\n{statements}</Method></Type>\n'

    files = "".join(
        f'<File Index="{number}" Name="C:\\{_path(file, "cs")}" />\n' for number, file in enumerate(repository(scale))
    )
    head = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Root>\n<FileIndices>\n{files}</FileIndices>\n<Assembly Name="A">\n'
    )
    return _text(scale, head, one, "</Assembly>\n</Root>\n")


def mono(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        statements = "".join(
            f'    <statement offset="{line}" counter="{hits}" line="{line}" column="9"/>\n'
            for line, hits, _, _ in _lines(file)
        )
        return f'  <method name="f" filename="/w/{_path(file, "cs")}" token="1">\n{statements}  </method>\n'

    return _text(scale, '<?xml version="1.0"?>\n<coverage version="0.3">\n<assembly name="a"/>\n', one, "</coverage>\n")


def ncover(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        points = "".join(
            f'<seqpnt visitcount="{hits}" line="{line}" column="9" endline="{line}" endcolumn="40" excluded="false" '
            f'document="C:\\{_path(file, "cs")}" />\n'
            for line, hits, _, _ in _lines(file)
        )
        return f'<method name="F" excluded="false" instrumented="true">\n{points}</method>\n'

    head = '<?xml version="1.0" encoding="utf-8"?>\n<coverage profilerVersion="1.5.8">\n<module name="a.dll">\n'
    return _text(scale, head, one, "</module>\n</coverage>\n")


def scoverage_statements(scale: float) -> bytes:
    def one(_: int, file: SourceFile) -> str:
        return "".join(
            f"<statement>\n<source>/w/{_path(file, 'scala')}</source>\n<package>a</package>\n<line>{line}</line>\n"
            f"<description>x</description>\n<branch>false</branch>\n<count>{hits}</count>\n<ignored>false</ignored>\n"
            "</statement>\n"
            for line, hits, _, _ in _lines(file)
        )

    return _text(scale, '<?xml version="1.0"?>\n<statements>\n', one, "</statements>\n")


def vs_dataset(scale: float) -> bytes:
    def one(number: int, file: SourceFile) -> str:
        return "".join(
            f"<Lines>\n<LnStart>{line}</LnStart>\n<ColStart>9</ColStart>\n<LnEnd>{line}</LnEnd>\n<ColEnd>40</ColEnd>\n"
            f"<Coverage>{0 if hits else 2}</Coverage>\n<SourceFileID>{number}</SourceFileID>\n</Lines>\n"
            for line, hits, _, _ in _lines(file)
        )

    names = "".join(
        f"<SourceFileNames><SourceFileID>{number}</SourceFileID><SourceFileName>C:\\{_path(file, 'cs')}"
        "</SourceFileName></SourceFileNames>\n"
        for number, file in enumerate(repository(scale))
    )
    return _text(scale, '<?xml version="1.0"?>\n<CoverageDSPriv>\n', one, f"{names}</CoverageDSPriv>\n")


def xcode_plist(scale: float) -> bytes:
    """In the binary form; property lists may have 64 MiB."""
    objects: list[Any] = ["$null"]

    def add(value: Any) -> plistlib.UID:
        objects.append(value)
        return plistlib.UID(len(objects) - 1)

    none = plistlib.UID(0)
    files = []
    for file in repository(scale):
        lines = [add({"x": hits is not None, "c": hits or 0, "s": none}) for hits in _column(file)]
        location = add(f"/w/{_path(file, 'swift')}")
        files.append(add({"documentLocation": location, "lines": add({"NS.objects": lines})}))
    target = add({"sourceFiles": add({"NS.objects": files})})
    root = add({"buildableCoverageObjects": add({"NS.objects": [target]})})
    content = {"$archiver": "NSKeyedArchiver", "$objects": objects, "$top": {"root": root}}
    return plistlib.dumps(content, fmt=plistlib.FMT_BINARY)


DOCUMENTS: Mapping[str, Callable[[float], bytes]] = {
    "bullseye": bullseye,
    "clover": workload_xml.clover,
    "cobertura": workload_xml.cobertura,
    "coveralls": workload_records.coveralls,
    "coverlet": coverlet,
    "dartvm": dartvm,
    "dlst": dlst,
    "elm": elm,
    "flowcover": flowcover,
    "gap": gap,
    "gcov": workload_records.gcov,
    "gcov-intermediate": gcov_intermediate,
    "gcovjson": workload_records.gcovjson,
    "go": workload_text.go,
    "istanbul": workload_json.istanbul,
    "jacoco": workload_xml.jacoco,
    "jetbrains": jetbrains,
    "juliacov": juliacov,
    "lcov": workload_text.lcov,
    "llvmcov": workload_records.llvmcov,
    "lua": lua,
    "mono": mono,
    "ncover": ncover,
    "opencover": workload_dotnet.opencover,
    "pycoverage": workload_json.pycoverage,
    "rlang": rlang,
    "salesforce": salesforce,
    "scala": scala,
    "scoverage-statements": scoverage_statements,
    "simplecov": simplecov,
    "sonar": workload_dotnet.sonar,
    "tarpaulin": tarpaulin,
    "v1": v1,
    "verilator": verilator,
    "vs-dataset": vs_dataset,
    "vs-results": workload_dotnet.vs_results,
    "xccov": xccov,
    "xcode-plist": xcode_plist,
    "xcode-text": xcode_text,
}


def sized(format_id: str, size: float) -> bytes:
    """Return a document of about `size` bytes."""
    document = DOCUMENTS[format_id]
    sample = 0.02
    return document(sample * size / len(document(sample)))
