"""Read the report of LuaCov (`luacov.report.out`) and of Lisp tools that write the same."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.limits import MAX_HITS

_RULE: Final = re.compile(rb"={7,}\s*")
_COUNT: Final = re.compile(rb" *(\*+0|[0-9]{1,18})(?= |\s*$)")
_SUMMARY: Final = b"Summary"


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count; line i of a body is line i of the source.

    A single line between two rules of `=` names the file whose body follows, or is `Summary`, which ends the report.
    """
    stats = ParseStats()
    for title, body in _bodies(data.expandtabs(1) if b"\t" in data else data):
        lines = FileLines()
        lines.hits = _counts(body)
        stats.records += lines.send(builder, builder.file(title.decode("utf-8", "replace")))
    return stats


def _bodies(data: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield the titles with the lines that follow them."""
    title = b""
    body: list[bytes] = []
    opened: list[bytes] | None = None  # lines since a rule, while they may be a title
    for line in BytesIO(data):
        if line.startswith(b"=======") and _RULE.fullmatch(line):
            if opened is not None and len(opened) == 1 and opened[0].strip():
                if title:
                    yield title, body
                title, body, opened = opened[0].strip(), [], None
                if title == _SUMMARY:
                    return
            else:
                body.extend(opened or ())
                opened = []
        elif opened is not None and not opened:
            opened.append(line)
        else:
            body.extend(opened or ())
            opened = None
            body.append(line)
    if title:
        yield title, body + (opened or [])


def _counts(body: Sequence[bytes]) -> dict[int, int]:
    """Return the hits by line; counts end where the first of them does, so that numbers of the source are none."""
    matches = (_COUNT.match(line) for line in body)
    width = next((match.end() for match in matches if match), 0)
    hits = {}
    for number, line in enumerate(body, 1):
        count = line[:width].strip()
        if count and line[width : width + 1] in (b" ", b"\n", b"\r", b""):
            if count.isdigit():
                hits[number] = min(int(count), MAX_HITS)
            elif count.endswith(b"*0") and not count.strip(b"*0"):
                hits[number] = 0
    return hits
