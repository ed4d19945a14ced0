"""Which format a coverage file has."""

import gzip
import json

import pytest
from reading import SAMPLES, read

from app.logic.coverage.formats import PARSERS
from app.logic.coverage.formats.detect import detect
from app.logic.coverage.formats.preprocess import preprocess
from app.logic.coverage.formats.refusals import Refusal

MEGABYTES = 1 << 20

RECOGNISED = {
    "lcov": ["TN:\nSF:a.c\nDA:1,1\nend_of_record\n", "SF:a.c\r\nDA:1,1\r\nend_of_record"],
    "cobertura": [
        '<coverage line-rate="1"><packages><classes><class filename="a.py"/></classes></packages></coverage>',
        '<scoverage><packages><classes><class filename="A.scala"/></classes></packages></scoverage>',
        '<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "x.dtd"><coverage><c:class xmlns:c="u"/></coverage>',
        '<coverage generated="1"><packages><classes><class filename="a.py"/></classes></packages></coverage>',
    ],
    "clover": [
        '<coverage generated="1700000000"><project><file name="a.php"/></project></coverage>',
        '<coverage generated="1700000000"><assembly/><project/></coverage>',
    ],
    "jacoco": [
        '<report name="shop"><package name="a"><sourcefile name="A.java"/></package></report>',
        "<report name='x'>" + "<sessioninfo id='h' start='1' dump='2'/>" * 3000 + "<package name='a'/></report>",
    ],
    "bullseye": ['<BullseyeCoverage xmlns="https://www.bullseye.com/covxml" buildId="1_2"/>'],
    "scoverage-statements": ["<statements><statement/></statements>"],
    "jetbrains": ['<Root><Assembly><Type><Statement FileIndex="1" Line="1"/></Type></Assembly></Root>'],
    "mono": ['<coverage version="0.3"><assembly name="a"/><class/></coverage>'],
    "sonar": ['<coverage version="1"><file path="a.c"><lineToCover lineNumber="1" covered="true"/></file></coverage>'],
    "ncover": ['<coverage><module><method><seqpnt line="1"/></method></module></coverage>'],
    "opencover": ["<CoverageSession><Modules/></CoverageSession>"],
    "vs-results": ["<results><modules><module/></modules></results>"],
    "vs-dataset": ["<CoverageDSPriv><Lines/></CoverageDSPriv>"],
    "xcode-plist": ['<?xml version="1.0"?><plist version="1.0"><dict/></plist>', "bplist00\x01"],
    "go": ["mode: atomic\n", "acme.org/rocket/a.go:5.30,7.12 2 1\n"],
    "istanbul": [
        '{"/a.js": {"path": "/a.js", "statementMap": {}, "s": {}}}',
        '{"/a.js": {"lineData": [null, 1]}}',
        '{"/a.js": {"linesCovered": {"1": 2}}}',
        '{"/a.js": {"data": {"statementMap": {}}}}',
        '{"data": {"/a.js": {"fnMap": {}}}}',
    ],
    "pycoverage": [
        '{"meta": {"version": "5.0"}, "files": {"a.py": {"executed_lines": [1]}}}',
        '{"files": {"a.py": {"executed_lines": [1]}}, "meta": {}}',
        '{"meta": {"show_contexts": false}, "files": {}, "totals": {}}',
    ],
    "simplecov": [
        '{"meta": {"simplecov_version": "0.22.0"}, "coverage": {}}',
        '{"command_name": "Unit Tests", "files": []}',
        '{"Minitest": {"coverage": {"a.rb": [1]}, "timestamp": 1}}',
    ],
    "gcov": ["        -:    0:Source:src/queue.c\n        4:    3:int push() {\n"],
    "gcov-intermediate": ["file:src/a.c\nfunction:3,4,push\nlcount:3,4\n"],
    "lua": ["==============================\nsrc/queue.lua\n==============================\n     4 local M\n"],
    "verilator": ["# SystemC::Coverage-3\nC '\x01f\x02a.v' 1\n"],
    "dlst": ["       |import std;\n      3|int f() {\nsrc/app.d is 50% covered\n"],
    "gap": [
        '{"Type":"_","Version":1}\n{"Type":"S","File":"a.g","FileId":1}\n{"Type":"R","Line":1}\n',
        '{"Type":"S","File":"a"}',
    ],
    "xcode-text": [
        "/Users/ci/Cart.swift:\n    1|       |import Foundation\n    2|      3|func total() {\n",
        "x\n 1|  2|int\n",
    ],
    "llvmcov": [
        '{"type": "llvm.coverage.json.export", "data": []}',
        json.dumps({"data": [{"files": ["x" * 100] * 2000}], "type": "llvm.coverage.json.export", "version": "2.0.1"}),
    ],
    "gcovjson": [
        '{"format_version": "1", "gcc_version": "9", "files": [{"file": "a.c", "lines": []}]}',
        '{"gcovr/format_version": "0.5", "files": []}',
    ],
    "elm": ['{"coverageData": {"A": []}, "moduleMap": {"A": "src/A.elm"}}'],
    "rlang": ['{"uploader": "R", "files": [{"name": "R/a.R", "coverage": [null, 1]}]}'],
    "flowcover": ['{"flowStatus": {"passed": true}, "files": {"a.js": {}}}'],
    "v1": ['{"coverage": {"a.x": [null, 1]}}'],
    "scala": ['{"fileReports": [{"filename": "a.scala", "coverage": {"3": 1}}]}'],
    "coveralls": ['{"source_files": [{"name": "a.rb", "coverage": [1]}]}', '[{"file": "a.m", "coverage": [null, 1]}]'],
    "tarpaulin": ['{"files": [{"path": ["/", "a.rs"], "traces": []}]}'],
    "dartvm": ['{"type": "CodeCoverage", "coverage": [{"source": "package:a/a.dart", "hits": [1, 2]}]}'],
    "xccov": ['{"/w/A.swift": [{"line": 1, "isExecutable": false}]}'],
    "coverlet": [
        '{"App.dll": {"C:\\\\w\\\\A.cs": {"A": {"M()": {"Lines": {"10": 3}}}}}}',
        '{"App": {"A.cs": {"A": {"M()": {"Lines": {"10": 3}, "Branches": []}}}}}',
    ],
    "salesforce": ['[null, {"name": "OrderCtl", "lines": {"3": 1}}]', '[[{"apexClassOrTriggerName": "A"}]]'],
}

UNUSABLE = [
    ('{"total": {"lines": {"total": 5, "pct": 80}}, "a.js": {"lines": {"pct": 80}}}', "coverage-final.json"),
    ('{"result": [{"scriptId": "1", "url": "file:///a.js", "functions": []}]}', "lcov"),
    ('[{"url": "file:///a.js", "ranges": [], "text": ""}]', "lcov"),
    ('{"targets": [], "lineCoverage": 0.5}', "xccov view --archive"),
    ('{"DotCoverVersion": "2023", "Kind": "Root"}', "DetailedXML"),
    ('<Root ReportType="Xml" DotCoverVersion="2023"><Assembly/></Root>', "DetailedXML"),
    ('{"percent_covered": "80.00", "files": [{"file": "a.c", "percent_covered": "80"}]}', "summary"),
    ('{"gcovr/summary_format_version": "0.6", "files": []}', "summary"),
    ('{"result": {"line": 81.57}}', "summary"),
    ('<phpunit xmlns="https://schema.phpunit.de/coverage/1.0"><build/></phpunit>', "--coverage-clover"),
    ("<testsuites><testsuite/></testsuites>", "test results"),
    ("<!DOCTYPE html><html><body/></html>", "HTML"),
    ("GROUP,PACKAGE,CLASS,INSTRUCTION_MISSED\na,b,c,1\n", "XML report"),
    ("SQLite format 3\0", "coverage xml"),
    (b"\x01\xc0\xc0\x10\x07", "XML report"),
    (b"\x00cvm\x00", "covdata textfmt"),
    (b"adcg*B21", "gcov"),
    (b"\x81rforpl\xff\x08", "llvm-cov export"),
    (b"\xfflprofi\x81\x08", "llvm-cov export"),
    (b"PK\x03\x04\x14", "zip"),
    ("<classycle title='x'><classes/></classycle>", "dependency report"),
]


@pytest.mark.parametrize(("format_id", "text"), [(key, text) for key, texts in RECOGNISED.items() for text in texts])
def test_formats_with_a_parser_are_recognised_by_contents(format_id, text):
    assert detect(None, text.encode("latin-1")) == format_id
    assert format_id in PARSERS


@pytest.mark.parametrize(("text", "advice"), UNUSABLE)
def test_unusable_files_are_refused_with_advice(text, advice):
    found = detect(None, text if isinstance(text, bytes) else text.encode())

    assert isinstance(found, Refusal)
    assert found.code == "unsupported"
    assert advice in found.detail


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a/package.json", "unsupported"),
        ("yarn.lock", "unsupported"),
        ("src/coverage.py", "unsupported"),
        ("obj/a.gcda", "unsupported"),
        ("covmeta.0123", "unsupported"),
        ("Result.xcresult/Data/data.0~x", "unsupported"),
        ("merged.profdata", "unsupported"),
        ("App.coverage", "unsupported"),
        ("notes.txt", "not_recognised"),
        (None, "not_recognised"),
    ],
)
def test_what_no_rule_knows_is_refused_by_its_name(name, code):
    assert detect(name, b"\x02\x03 nothing that is known").code == code


def test_package_files_are_not_taken_for_reports():
    assert detect("package.json", b'{"name": "rocket", "files": ["dist"]}').code == "unsupported"
    assert detect("coverage/package.json", b'{"coverage": {"a": [1]}}').code == "unsupported"


def test_an_unknown_file_is_shown_by_the_beginning_of_its_first_line():
    found = detect("out.log", b"  \x1b[31mBuild\x07 of rocket " + b"x" * 500 + b"\nsecond")

    assert found.code == "not_recognised"
    assert found.detail.endswith("begins with: [31mBuild of rocket " + "x" * 80)


@pytest.mark.parametrize("text", ["", " \n\t\n", "{}", "[]", "\ufeff{ }\n"])
def test_empty_files_are_empty(text):
    outcome, report = read(text)

    assert (outcome.outcome, report) == ("empty", {})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<results><errors/></results>", "not_recognised"),  # cppcheck
        ('<report name="maven"><summary/></report>', "no_data"),
        ('<coverage line-rate="0"/>', "no_data"),
        ('<coverage version="1"><file path="a.c"/></coverage>', "no_data"),
        ("<coverage><module><other/></module></coverage>", "no_data"),
        ("<Root><Statement/></Root>", "unsupported"),
        ("<statement/>", "not_recognised"),
        ("<scoverage/>", "no_data"),
        ("a.go:3:1: undefined: x\n", "not_recognised"),
        ('["a", "b"]', "not_recognised"),
        ("<a/>", "not_recognised"),
        ("<", "not_recognised"),
        ("[INFO] Scanning for projects...\n", "not_recognised"),
        ("{ not json", "not_recognised"),
        ('{"a": tru', "corrupt"),
        ('{"a": [1, 2', "corrupt"),
        ("src/app.d has no code\n", "no_data"),
        ("TN:end_of_record\nSF:a.c\nDA:1,1\n", "not_recognised"),
    ],
)
def test_confusing_files_get_a_definite_answer(text, code):
    found = detect(None, text.encode())

    assert isinstance(found, Refusal)
    assert found.code == code


def test_a_tracefile_in_a_file_named_like_json_is_a_tracefile():
    assert detect("coverage.json", b"TN:\nSF:a.js\nDA:1,1\nend_of_record\n") == "lcov"


def test_a_go_profile_stays_one_whatever_its_later_lines_say():
    profile = b"mode: set\nacme.org/rocket/a.go:5.30,7.12 2 1\nend_of_record\n"

    assert detect(None, profile) == "go"


def test_julia_files_need_their_name_and_their_columns():
    text = b"        - # x\n        3 f(x) = x\n        0 g() = 1\n"

    assert detect("src/a.jl.123.cov", preprocess(text, 1000)) == "juliacov"
    assert detect("src/a.txt", text).code == "not_recognised"
    assert detect("src/a.jl.cov", b"     3 f(x)\n").code == "not_recognised"


@pytest.mark.parametrize("wrap", [gzip.compress, lambda data: b"\xef\xbb\xbf" + data, lambda data: b"\n \n" + data])
@pytest.mark.parametrize("format_id", sorted(RECOGNISED))
def test_packing_does_not_hide_the_format(format_id, wrap):
    assert detect(None, preprocess(wrap(RECOGNISED[format_id][0].encode()), 1 << 20)) == format_id


def test_json_that_shows_what_it_is_only_at_its_end_is_skimmed():
    lines = {f"lib/file{number}.rb": [1] * 200 for number in range(400)}
    document = {"Minitest": {"coverage": lines, "timestamp": 1}}

    assert detect(None, json.dumps(document).encode()) == "simplecov"


def test_a_large_file_in_front_does_not_hide_the_format():
    mapped = {"path": "/a.js", "inputSourceMap": {"sourcesContent": ["x" * 200_000]}, "statementMap": {}, "s": {}}

    assert detect(None, json.dumps({"/a.js": mapped}).encode()) == "istanbul"


def test_endless_nesting_is_refused():
    assert detect(None, b'{"a":' * 5000).code == "too_deep"
    assert detect(None, b"[" * 300 + b"]" * 300).code == "too_deep"
    assert detect(None, b'{"pad": "' + b"x" * 100_000 + b'", "deep": ' + b"[" * 50_000).code == "too_deep"


@pytest.mark.parametrize(
    "piece", ["<a", "<!--", "<?a", "<![CDATA[", "<!DOCTYPE a [", "<a b='", "1|", '{"', '"\\"', "[{"]
)
def test_looking_at_hostile_text_takes_linear_time(piece):
    data = b"<a>" + piece.encode() * 200_000 if piece[0] == "<" else piece.encode() * 200_000

    found = detect(None, data)

    assert found == "xcode-text" if piece == "1|" else isinstance(found, Refusal)


def test_a_long_word_among_attributes_takes_linear_time():
    head = b"<coverage " + b"," * 60_000 + b' generated="1700000000"/>'

    assert detect(None, head) == "clover"


def test_every_sample_is_recognised_or_refused_with_a_reason():
    by_ending = {
        "coverage.out": "go", "jacoco.xml": "jacoco", "clover.xml": "clover", "cobertura-coverage.xml": "cobertura",
        "gcovr.cobertura.xml": "cobertura", "coverage.xml": "cobertura", "lcov.info": "lcov", ".lcov": "lcov",
        "coverage-final.json": "istanbul", "unit.coverage.json": "pycoverage",
        "integration.coverage.json": "pycoverage", "ruby/coverage.json": "simplecov", "resultset.json": "simplecov",
        ".gcov": "gcov",
    }  # fmt: skip
    files = [path for path in (SAMPLES / "reports").rglob("*") if path.is_file()]

    assert len(files) > 40
    for path in files:
        expected = next((value for ending, value in by_ending.items() if path.as_posix().endswith(ending)), None)
        found = detect(path.name, preprocess(path.read_bytes(), 10 * MEGABYTES))
        if expected is None:
            assert isinstance(found, Refusal), path
            assert found.code == "unsupported", path
        else:
            assert found == expected, path
