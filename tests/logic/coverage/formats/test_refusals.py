"""Files that hold no lines are recognised, and refused with advice."""

import json

import pytest
from reading import read

SUMMARY = "upload the full report"

BY_CONTENTS = [
    ("data file of coverage.py", b"SQLite format 3\0\x10\x00", "coverage lcov"),
    (
        "PHPUnit's XML",
        b'<phpunit xmlns="https://schema.phpunit.de/coverage/1.0"><build/></phpunit>',
        "--coverage-clover",
    ),
    (
        "PHPUnit's older XML",
        b'<phpunit xmlns="http://schema.phpunit.de/coverage/1.0"><build/></phpunit>',
        "--coverage-clover",
    ),
    (
        "Istanbul's summary",
        b'{"total": {"lines": {"total": 5, "pct": 80}}, "/w/a.js": {"lines": {"pct": 80}}}',
        "coverage-final.json",
    ),
    (
        "raw V8 coverage",
        b'{"result": [{"scriptId": "1", "url": "a.js", "functions": [{"ranges": [{"startOffset": 0}]}]}]}',
        "c8 report",
    ),
    ("xccov's report", b'{"targets": [], "lineCoverage": 0.5}', "xccov view --archive --json"),
    ("JaCoCo's execution data", b"\x01\xc0\xc0\x10\x07", "XML report"),
    ("JaCoCo's CSV", b"GROUP,PACKAGE,CLASS,INSTRUCTION_MISSED\na,b,c,1\n", "XML report"),
    ("Go's binary metadata", b"\x00cvm\x00\x00", "go tool covdata textfmt"),
    ("Go's binary counters", b"\x00cwm\x00\x00", "go tool covdata textfmt"),
    ("data of gcov", b"adcg*22B", "run gcov"),
    ("notes of gcov", b"oncg*22B", "run gcov"),
    ("data of gcov, big-endian", b"gcda\x00", "run gcov"),
    ("notes of gcov, big-endian", b"gcno\x00", "run gcov"),
    ("LLVM's raw profile", b"\x81rforpl\xff\x08", "llvm-cov export"),
    ("LLVM's raw profile, big-endian", b"\xfflprofr\x81\x08", "llvm-cov export"),
    ("LLVM's indexed profile", b"\xfflprofi\x81\x08", "llvm-cov export"),
    ("dotCover's JSON", b'{"DotCoverVersion": "2023", "Kind": "Root", "Children": []}', "DetailedXML"),
    ("dotCover's summary", b'<Root ReportType="Xml" DotCoverVersion="2023"><Assembly/></Root>', "DetailedXML"),
    ("kcov's summary", b'{"files": [{"file": "a.sh", "percent_covered": "80"}], "percent_covered": "80"}', SUMMARY),
    ("gcovr's summary", b'{"gcovr/summary_format_version": "0.6", "files": [{"line_percent": 80}]}', SUMMARY),
    ("SimpleCov's last run", b'{"result": {"line": 81.57}}', SUMMARY),
    ("Devel::Cover's JSON", b'{"runs": [{"name": "t"}], "summary": {"Total": {"total": {"percentage": 80}}}}', SUMMARY),
    ("JUnit's XML", b"<testsuites><testsuite/></testsuites>", "test results"),
    ("one suite of JUnit", b'<testsuite name="a"><testcase/></testsuite>', "test results"),
    ("HTML", b"<!DOCTYPE html><html><body/></html>", "upload LCOV"),
    ("HTML without a type", b"<html><body>80%</body></html>", "upload LCOV"),
]

BY_NAME = [
    (".coverage", "coverage xml"), ("TestResults/build.coverage", "dotnet-coverage merge -f cobertura"),
    ("Test.xcresult/Data/data.0~abc", "xccov view --archive --json"), ("target/jacoco.exec", "XML report"),
    ("covmeta.d41d8cd9", "go tool covdata textfmt"), ("cov/covcounters.d41d.1.2", "go tool covdata textfmt"),
    ("obj/a.gcda", "run gcov"), ("obj/a.gcno", "run gcov"), ("default.profraw", "llvm-cov export"),
    ("merged.profdata", "llvm-cov export"), ("snapshot.dcvr", "DetailedXML"), ("package.json", "not a coverage report"),
    ("composer.json", "not a coverage report"), ("package-lock.json", "not a coverage report"),
    ("yarn.lock", "not a coverage report"), ("Gemfile.lock", "not a coverage report"), ("src/coverage.go", "not a coverage report"),
    ("coverage.py", "not a coverage report"), ("CoverageTest.java", "not a coverage report"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "advice"), [row[1:] for row in BY_CONTENTS], ids=[row[0] for row in BY_CONTENTS])
@pytest.mark.parametrize("name", [None, "coverage.dat"])
def test_contents_without_lines_are_refused_with_advice(data, advice, name):
    outcome, report = read(data, name)

    assert (outcome.outcome, report) == ("unsupported", {})
    assert advice in outcome.detail


@pytest.mark.parametrize(("name", "advice"), BY_NAME)
def test_files_that_only_their_name_explains_are_refused_with_advice(name, advice):
    outcome, _ = read(b"\x02\x03 nothing that is known", name)

    assert outcome.outcome == "unsupported"
    assert advice in outcome.detail


def test_a_summary_of_llvm_says_that_it_has_no_lines():
    file = {"filename": "a.c", "summary": {"lines": {"count": 5, "covered": 4, "percent": 80}}}
    text = json.dumps(
        {"data": [{"files": [file], "totals": {}}], "type": "llvm.coverage.json.export", "version": "2.0.1"}
    )

    outcome, _ = read(text)

    assert (outcome.format, outcome.outcome) == ("llvmcov", "no_data")
    assert "no lines" in outcome.detail
