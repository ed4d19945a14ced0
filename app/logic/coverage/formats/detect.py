"""Tell which format a coverage file has, by its contents and sometimes its name."""

import re
from typing import Final

from app.logic.coverage.formats.detect_json import detect_json
from app.logic.coverage.formats.detect_xml import detect_xml
from app.logic.coverage.formats.human_counts import without_colours
from app.logic.coverage.formats.refusals import (
    JACOCO_CSV,
    Refusal,
    by_magic,
    by_name,
    not_recognised,
)

_HEAD_BYTES: Final = 1 << 16
_GO_BLOCK: Final = re.compile(rb".+\.go:\d+\.\d+,\d+\.\d+ \d+ \d+")
# Asked first, because the mark of LCOV may be anywhere and so takes a search of the whole document.
_GO_HEAD: Final = re.compile(rb"mode: (?:set|count|atomic)\r?\n" + _GO_BLOCK.pattern + rb"\r?\n")
_COVERED: Final = re.compile(rb".*\bis \d+% covered")
_SOURCE_TITLE: Final = re.compile(rb".*\.(h|m|swift|hpp|cpp|cxx|c|C|cc|c\+\+):")
_XCODE_NAMES: Final = ("app.coverage.txt", "framework.coverage.txt", "xctest.coverage.txt")
_XCODE_LINE: Final = re.compile(rb"^ *[0-9.]+[kKMGTE]?\| *[0-9.]+[kKMGTE]?\|", re.MULTILINE)
_JULIA_LINE: Final = re.compile(rb"(?=.{9}( |$)) *(-|\d+)( .*)?$", re.DOTALL)
_OLD_GCOV: Final = re.compile(rb"(version:[^\r\n]*\r?\n)?file:[^\r\n]*\r?\n(file|function|lcount):")


def detect(name: str | None, data: bytes) -> str | Refusal:
    """Return the id of the parser for a preprocessed file, or why there is none.

    Cheap on large documents: decides on the head and on searches for fixed bytes.
    """
    if not data[:_HEAD_BYTES].strip() and not data.strip():
        return Refusal("empty", "the file is empty")
    return by_magic(data) or _by_contents(name, data) or by_name(name) or not_recognised(data)


def _by_contents(name: str | None, data: bytes) -> str | Refusal | None:
    found: str | Refusal | None = None
    if data.startswith(b"<"):
        found = detect_xml(data)
    elif data.startswith(b"bplist00"):
        found = "xcode-plist"
    elif data.startswith((b"{", b"[")):
        if _is_package_file(name):
            return by_name(name)
        found = detect_json(data)
    return found or _text(name, data)


def _is_package_file(name: str | None) -> bool:
    refusal = by_name(name)
    return refusal is not None and "package manager" in refusal.detail


def _text(name: str | None, data: bytes) -> str | Refusal | None:
    """Apply the rules for plain text, in order."""
    head = without_colours(data[:_HEAD_BYTES])
    first_line = head.partition(b"\n")[0].rstrip()
    last_line = data[-4096:].rstrip().rpartition(b"\n")[2]
    if _GO_HEAD.match(head):
        return "go"
    if data.startswith(b"end_of_record") or b"\nend_of_record" in data:
        return "lcov"
    if b"0:Source:" in first_line:
        return "gcov"
    if _OLD_GCOV.match(head):
        return "gcov-intermediate"
    if data.startswith(b"======="):
        return "lua"
    if data.startswith(b"# SystemC::Coverage-3"):
        return "verilator"
    if data.startswith(b"mode: ") or _GO_BLOCK.fullmatch(first_line):
        return "go"
    if _COVERED.fullmatch(last_line):
        return "dlst"
    if last_line.endswith(b"has no code"):
        return Refusal("no_data", "a D coverage listing of a module without code", "dlst")
    if data.startswith(b"GROUP,PACKAGE,CLASS,"):
        return JACOCO_CSV
    if (name or "").endswith(".cov") and _is_julia(head, len(data) > len(head)):
        return "juliacov"
    if _SOURCE_TITLE.fullmatch(first_line) or (name or "").endswith(_XCODE_NAMES) or _XCODE_LINE.search(head):
        return "xcode-text"
    return None


def _is_julia(head: bytes, is_cut: bool) -> bool:
    """Tell whether every line has a count or a dash that ends in the ninth column."""
    lines = head.rstrip(b"\r\n").split(b"\n")
    return all(_JULIA_LINE.match(line.rstrip(b"\r")) for line in (lines[:-1] if is_cut else lines))
