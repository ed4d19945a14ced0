"""Documents to start from: the examples, the fixtures and the worked documents of the tests."""

import sys
from pathlib import Path

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.codec import encode
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import read_file
from app.logic.coverage.report import Report
from app.logic.uploads.envelope import write_envelope
from tests.fuzz.mutate import Document

ROOT = Path(__file__).parents[2]
# pytest puts the folder of a test on the path, and these modules find each other that way.
sys.path.append(str(ROOT / "tests" / "logic" / "coverage" / "formats"))

import worked_documents  # noqa: E402  # found by the line above
import xcode_archives  # noqa: E402  # the same
import xml_engines  # noqa: E402  # the same

LARGEST = 10_000  # bytes of a seed: larger ones make the search slow and say nothing new
OTHERS = {
    "lcov": b"TN:\nSF:a.cpp\nFN:3,_Zrun\nFN:7,9,main\nFNL:0,5\nFNA:0,1,_Zgo\nDA:3,1\nDA:7,12345678\nBRDA:3,0,0,1\n"
    b"BRDA:7,0,0,-\nBRDA:7,0,1,4\nBRDA:9,e0,if (a, b),0\nend_of_record\nSF:b.ts\nDA:1,1,abc\nDA:2,1e+3\nend_of_record\n",
    "go": b"mode: count\nacme/a.go:5.30,7.12 2 1\nacme/a.go:7.12,9.3 1 0\r\nacme/b.go:10.2,10.15 1 1\nmode: set\n"
    b"acme/c d.go:14.1,15.2 1 0\nacme/a.go:12:\tRun\t75.0%\n",
}


def reports(*kinds: str) -> list[Document]:
    """Return coverage files that begin as `kinds` say: "<", "{", "[", or "" for anything else."""
    found = [
        Document(path.name, path.read_bytes())
        for path in sorted((ROOT / "examples" / "rocket" / "reports").rglob("*"))
        if path.is_file()
    ]
    found += [Document(name, text.encode()) for name, text, _ in worked_documents.WORKED.values()]
    found += [Document(None, data) for data in (*xml_engines.SMALL.values(), *OTHERS.values())]
    found = [document for document in found if len(document.data) <= LARGEST]
    return [document for document in found if _kind(document.data) in kinds]


def named(*names: str) -> list[Document]:
    """Return the worked documents and examples of some formats of text."""
    found = [
        Document(worked_documents.WORKED[name].name, worked_documents.WORKED[name].text.encode())
        for name in names
        if name in worked_documents.WORKED
    ]
    found += [Document(None, OTHERS[name]) for name in names if name in OTHERS]
    patterns = {"lcov": "*lcov*", "go": "coverage.out", "gcov": "*.gcov"}
    for name in names:
        paths = sorted((ROOT / "examples" / "rocket" / "reports" / "head").rglob(patterns.get(name, "-")))
        found += [Document(path.name, path.read_bytes()) for path in paths if path.stat().st_size <= LARGEST]
    return found


def plists() -> list[Document]:
    archive = xcode_archives.cart()
    return [Document("xccoverage.plist", write(archive)) for write in (xcode_archives.binary, xcode_archives.xml)]


def json_envelopes() -> list[Document]:
    files = {document.name or "report": document.data[:2000] for document in reports("<", "{", "")[:40:8]}
    fixes = b'"report_fixes":{"format":"legacy","value":{"src/a.py":{"eof":10,"lines":[1,2,3]},"b":{"lines":[7]}}}'
    whole = write_envelope(files, ("src/a.py", "b.py", "a/b/c.ts"))
    small = write_envelope({"a.info": OTHERS["lcov"]}, ("src/a.cpp", "b.ts"))
    return [
        Document("v1", whole),
        Document("v1", small),
        Document("v1", small.replace(b'"report_fixes":{"format":"legacy","value":{}}', fixes)),
        *(
            Document("v1", path.read_bytes())
            for path in sorted((ROOT / "tests" / "fixtures" / "uploader").glob("*.bin"))
        ),
    ]


def text_envelopes() -> list[Document]:
    lcov, go = OTHERS["lcov"], OTHERS["go"]
    fixes = (
        b"# path=fixes\nEOF: 10 src/a.py\nsrc/b.ts:3,4,5\n./src/a.php:9:}\n./src/a.php:12:  /*\n./src/a.php:14:  */\n"
    )
    return [
        Document(None, lcov),
        Document(
            None,
            b"src/a.cpp\nb.ts\n<<<<<< network\nA=1\nB=x y\n<<<<<< ENV\n# path=c/a.info\n" + lcov + b"\n<<<<<< EOF\n",
        ),
        Document(
            None, b"acme/a.go\n<<<<<< network\n# path=cover.out\n" + go + b"\n<<<<<< EOF\n" + fixes + b"<<<<<< EOF\n"
        ),
        Document(
            None,
            b'"caf\\303\\251.ts"\n<<<<<< network\n'
            + lcov
            + b"<<<<<< EOF\n"
            + xml_engines.SMALL["cobertura"]
            + b"\n==FROMNOWONIGNOREDBYCODECOV==>>>\nx",
        ),
    ]


def configurations() -> list[Document]:
    sys.path.append(str(ROOT / "tests" / "logic" / "repository_yaml"))
    from every_key import EVERY_KEY  # noqa: PLC0415  # found by the line above

    small = b"ignore: ['a/**', \"!b\", '.*/c$']\nfixes: ['a/::b/', '::src', '.*/x::']\nflags:\n  unit: {paths: [src/], ignore: ['*.py']}\n"
    anchors = b"x-a: &a {target: 80%}\ncoverage: {status: {project: {default: {<<: *a}}}, range: 60..90}\nparsers: {go: {partials_as_hits: yes}}\n"
    return [
        Document(None, data)
        for data in (EVERY_KEY.encode(), small, anchors, b"comment: false\ncodecov: {max_report_age: 12h}\n")
    ]


def placements() -> list[Document]:
    """Return documents of four paragraphs: the file list, the rules of a configuration, directories, and paths to place."""
    return [
        Document(
            None,
            b"src/a.py\nsrc/b/a.py\nlib/a b.ts\ncaf\xc3\xa9.go\n\nfixes: ['/builds/x::', '::pre', 'lib/::src/']\n\n/home/ci\n.\n\n/builds/x/src/a.py\nb\\a.py\n../a.py\nC:\\w\\src\\a.py\n",
        ),
        Document(
            None,
            b"a/b/c.go\n\nignore: ['**/b/*', '!a']\nflags: {unit: {paths: ['a/**', 're.*x']}}\n\ngithub.com/acme\n\nacme/a/b/c.go\ngithub.com/acme/rocket/a/b/c.go\n",
        ),
        Document(
            None,
            b"\n\nfixes: ['.*/src::lib', '../../x::../../../y', 'a*b?[c]{d,e}::f']\n\n\n/home/runner/work/r/r/src/a\n/../..//x\n~/a\n",
        ),
    ]


def stored_reports() -> list[Document]:
    return [Document(None, encode(report, {"a": 1})) for report in built()]


def built() -> list[Report]:
    """Return the reports of some seeds."""
    found = []
    for document in reports("<", "{", "")[::5]:
        builder = ReportBuilder()
        read_file(document.name, document.data, builder, FormatOptions(), max_bytes=LARGEST)
        found.append(builder.build())
    return [report for report in found if report.files]


def _kind(data: bytes) -> str:
    first = data.lstrip()[:1].decode("ascii", "replace")
    return first if first and first in "<{[" else ""
