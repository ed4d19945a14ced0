"""Tell which tool wrote an XML document."""

import re
from typing import Final

from app.logic.coverage.formats.refusals import (
    CLASSYCLE,
    DOTCOVER_SUMMARY,
    HTML,
    PHPUNIT_XML,
    TEST_RESULTS,
    Refusal,
)

_HEAD_BYTES: Final = 1 << 16
# What is not closed goes on to the end, and no tag goes beyond the next `<`: so the time is linear in the text.
_TAG: Final = re.compile(
    rb"""<!--.*?(?:-->|\Z) | <\?.*?(?:\?>|\Z) | <!\[CDATA\[.*?(?:\]\]>|\Z) | <!DOCTYPE[^[<>]*+ (?:>|\[.*?(?:\]\s*>|\Z))
       | < (?P<end>/?) (?P<name>[A-Za-z_][^\s/<>]*+) (?P<rest>(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*?) (?P<empty>/?) >""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# A name is looked for where a word begins, or a long word without a value would be read from each of its letters on.
_ATTRIBUTE: Final = re.compile(rb"""(?<![^\s"'])([^\s="']++)\s*+=\s*+("[^"]*"|'[^']*')""")
_NAME_ENDS: Final = b" \t\r\n/>"
# Formats whose root element alone tells.
_ROOTS: Final = {
    b"statements": "scoverage-statements",
    b"CoverageSession": "opencover",
    b"CoverageDSPriv": "vs-dataset",
    b"plist": "xcode-plist",
}


def detect_xml(data: bytes) -> str | Refusal | None:
    """Return the format of a document that begins with `<`, by its root and by the elements below it.

    The order of elements is looked up in the head of the document; whether an element occurs at all, in all of it.
    """
    head = data[:_HEAD_BYTES]
    root, attributes, children = _outline(head)
    if root in _ROOTS:
        return _ROOTS[root]
    if b"BullseyeCoverage" in root:
        return "bullseye"
    if root in (b"coverage", b"scoverage"):
        if root == b"coverage" and attributes.get(b"generated") and not _occurs(head, b"classes"):
            # Some writers of Cobertura put the date under Clover's name; `classes` is an element of Cobertura only.
            return "clover"
        return _coverage(root, data, children)
    if root == b"report":
        known = _occurs(data, b"sourcefile") or _occurs(data, b"package")
        return "jacoco" if known else Refusal("no_data", "a report without packages, so without lines", "jacoco")
    if root == b"Root":
        return "jetbrains" if b"FileIndex" in data and _occurs(data, b"Statement") else DOTCOVER_SUMMARY
    if root == b"results":
        return "vs-results" if _occurs(data, b"module") or _occurs(data, b"modules") else None
    if root == b"phpunit" and any(b"schema.phpunit.de/coverage" in value for value in attributes.values()):
        return PHPUNIT_XML
    if root in (b"testsuites", b"testsuite", b"testng-results", b"test-run", b"TestRun", b"assemblies"):
        return TEST_RESULTS
    if root == b"classycle":
        return CLASSYCLE
    if root.lower() == b"html" or data[:14].lower() == b"<!doctype html":
        return HTML
    return None


def _coverage(root: bytes, data: bytes, children: set[bytes]) -> str | Refusal:
    if root == b"coverage":
        if b"assembly" in children:
            return "mono"
        if b"file" in children and _occurs(data, b"lineToCover"):
            return "sonar"
        if b"module" in children and (_occurs(data, b"seqpnt") or _occurs(data, b"method")):
            return "ncover"
    if _occurs(data, b"class"):
        return "cobertura"
    return Refusal("no_data", "a coverage document without classes, so without lines", "cobertura")


def _outline(head: bytes) -> tuple[bytes, dict[bytes, bytes], set[bytes]]:
    """Return name and attributes of the root, and the names of its children as far as the head goes."""
    root = b""
    attributes: dict[bytes, bytes] = {}
    children: set[bytes] = set()
    depth = 0
    for tag in _TAG.finditer(head):
        name = tag["name"]
        if name is None:
            continue
        if tag["end"]:
            depth -= 1
            continue
        local = name.rpartition(b":")[2]
        if depth == 0 and not root:
            root = local
            attributes = {key: value[1:-1] for key, value in _ATTRIBUTE.findall(tag["rest"])}
        elif depth == 1:
            children.add(local)
        depth += not tag["empty"]
    return root, attributes, children


def _occurs(data: bytes, name: bytes) -> bool:
    """Tell whether the document has an element of this name, with or without a namespace prefix."""
    for start in (b"<" + name, b":" + name):
        at = data.find(start)
        while at >= 0:
            if data[at + len(start) : at + len(start) + 1] in _NAME_ENDS:
                return True
            at = data.find(start, at + 1)
    return False
