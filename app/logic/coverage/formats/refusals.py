"""Why a file is not read: known unusable files, and the advice for each."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that no parser gets.

    `code` is not_recognised, unsupported (recognised, but not read), no_data (recognised, carries no lines), empty,
    corrupt or too_deep; `detail` is a sentence for the user, with advice where there is one.
    """

    code: str
    detail: str
    format: str | None = None


def unusable(what: str, advice: str) -> Refusal:
    return Refusal("unsupported", f"{what}; {advice}")


SUMMARY: Final = unusable("this is a coverage summary without lines", "upload the full report instead")
ISTANBUL_SUMMARY: Final = unusable(
    "this is a coverage summary without lines", "upload coverage-final.json (reporter json) or lcov.info instead"
)
RAW_V8: Final = unusable("raw V8 coverage holds byte offsets, no lines", "run `c8 report --reporter=lcov`")
XCCOV_REPORT: Final = unusable(
    "this xccov report holds functions, no lines", "run `xcrun xccov view --archive --json Result.xcresult`"
)
DOTCOVER_SUMMARY: Final = unusable("this dotCover report holds no lines", "use the report type DetailedXML")
PHPUNIT_XML: Final = unusable("PHPUnit's XML report lists covered lines only", "use --coverage-clover")
TEST_RESULTS: Final = unusable("these are test results, no coverage", "upload them as test results")
HTML: Final = unusable("an HTML report is made for people", "upload LCOV, XML or JSON of the same run instead")
BUNDLE_STATS: Final = unusable("these are bundle statistics, no coverage", "upload them as bundle statistics")
CLASSYCLE: Final = unusable("this is a Java dependency report, no coverage", "leave it out of the upload")
JACOCO_CSV: Final = unusable("JaCoCo's CSV holds totals of classes, no lines", "upload the XML report")

_MAGIC: Final = (
    (b"SQLite format 3\0", unusable("a SQLite database, perhaps the data file of coverage.py",
                                    "run `coverage xml`, `coverage json` or `coverage lcov`")),
    (b"\x01\xc0\xc0", unusable("JaCoCo's execution data needs the class files", "upload the XML report")),
    (b"\x00cvm", unusable("binary coverage of Go", "run `go tool covdata textfmt`")),
    (b"\x00cwm", unusable("binary coverage of Go", "run `go tool covdata textfmt`")),
    (b"adcg", unusable("binary data of gcov", "run gcov, lcov or gcovr")),
    (b"oncg", unusable("binary notes of gcov", "run gcov, lcov or gcovr")),
    (b"gcda", unusable("binary data of gcov", "run gcov, lcov or gcovr")),
    (b"gcno", unusable("binary notes of gcov", "run gcov, lcov or gcovr")),
    (b"\x81rforpl\xff", unusable("a raw profile of LLVM", "run `llvm-cov export -format=lcov`")),
    (b"\xfflprofr\x81", unusable("a raw profile of LLVM", "run `llvm-cov export -format=lcov`")),
    (b"\xfflprofi\x81", unusable("an indexed profile of LLVM", "run `llvm-cov export -format=lcov`")),
    (b"PK\x03\x04", unusable("a zip archive", "upload the reports in it")),
    (b"\x28\xb5\x2f\xfd", unusable("a file compressed with zstd", "upload it as it is or with gzip")),
    (b"\xfd7zXZ\0", unusable("a file compressed with xz", "upload it as it is or with gzip")),
    (b"BZh", unusable("a file compressed with bzip2", "upload it as it is or with gzip")),
)  # fmt: skip

_NAMES: Final = (
    (re.compile(r"(package|composer|package-lock|tsconfig|bower)\.json|(yarn|composer|poetry|cargo|gemfile|pipfile)"
                r"\.lock|pnpm-lock\.yaml|pom\.xml", re.IGNORECASE),
     Refusal("unsupported", "not a coverage report: a file of the package manager")),
    (re.compile(r".*\.(gcda|gcno)", re.IGNORECASE), unusable("binary data of gcov", "run gcov, lcov or gcovr")),
    (re.compile(r".*\.(profraw|profdata)", re.IGNORECASE),
     unusable("a profile of LLVM", "run `llvm-cov export -format=lcov`")),
    (re.compile(r"cov(meta|counters)\..*"), unusable("binary coverage of Go", "run `go tool covdata textfmt`")),
    (re.compile(r".*\.dcvr", re.IGNORECASE), unusable("a dotCover snapshot", "use the report type DetailedXML")),
    (re.compile(r".*\.coverage", re.IGNORECASE),
     unusable("a binary coverage file", "run `dotnet-coverage merge -f cobertura`, or `coverage xml` for Python")),
    (re.compile(r".*\.exec", re.IGNORECASE),
     unusable("JaCoCo's execution data needs the class files", "upload the XML report")),
    (re.compile(r".*\.(py|js|mjs|cjs|ts|tsx|jsx|java|kt|go|rb|php|c|cc|cpp|cxx|h|hpp|cs|swift|rs|scala|css|scss|sh|md)",
                re.IGNORECASE),
     Refusal("unsupported", "not a coverage report: a source file")),
)  # fmt: skip
_XCRESULT: Final = unusable("a part of an Xcode result bundle", XCCOV_REPORT.detail.partition("; ")[2])


def by_magic(data: bytes) -> Refusal | None:
    """Refuse binary files by their first bytes."""
    return next((refusal for magic, refusal in _MAGIC if data.startswith(magic)), None)


def by_name(name: str | None) -> Refusal | None:
    """Refuse what no rule for contents recognised, by the name of the file."""
    path = PurePosixPath((name or "").replace("\\", "/"))
    if any(part.endswith(".xcresult") for part in path.parts):
        return _XCRESULT
    return next((refusal for pattern, refusal in _NAMES if pattern.fullmatch(path.name)), None)


def not_recognised(data: bytes) -> Refusal:
    """Refuse with the beginning of the first line, so that the user knows which file is meant."""
    first_line = data[:1000].lstrip().partition(b"\n")[0]
    shown = "".join(chr(byte) for byte in first_line if 32 <= byte <= 126)[:100]
    return Refusal("not_recognised", f"no known coverage format; the file begins with: {shown}")
