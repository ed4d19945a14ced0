"""Read the coverage data of Verilator (`coverage.dat`)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of
from app.logic.coverage.formats.limits import MAX_LINE, check_span

PARTIALS_AS_HITS: Final = "verilator.partials_as_hits"

_POINT: Final = re.compile(rb"C '(.*)' (\d{1,300})\s*")
_FIELD: Final = re.compile("\x01([^\x01\x02]*)\x02([^\x01]*)")
_RANGE: Final = re.compile(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", re.ASCII)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add the points of lines and branches; toggles, expressions and the user's own points are left out.

    A point counts on its line and on the lines it lists, the largest over all instances of a module; a branch point is
    an arm of its line as well, named by comment and column. Source of the format: the manual of Verilator.
    """
    stats = ParseStats()
    by_path: dict[str, FileLines] = defaultdict(FileLines)
    spanned = 0
    for number, line in enumerate(BytesIO(data), 1):
        if not line.startswith(b"C"):
            continue
        point = _POINT.fullmatch(line)
        fields = _fields(point[1]) if point else {}
        kind = fields.get("t") or fields.get("page", "").removeprefix("v_").partition("/")[0]
        if point and kind not in ("line", "branch"):
            continue
        spans = list(_spans(fields.get("l", ""), fields.get("S", "")))
        count = count_of(int(point[2])) if point else None
        if count is None or not spans or not fields.get("f"):
            stats.skip(f"line {number}: no point with a file and a line")
            continue
        lines = by_path[fields["f"]]
        for first, last in spans:
            spanned += last - first + 1
            check_span(spanned, len(data))
            for at in range(first, last + 1):
                lines.hit(at, count)
        if kind == "branch":
            lines.arm(spans[0][0], f"{fields.get('o', '')}/{fields.get('n', '')}", taken=count > 0)
    for path, lines in by_path.items():
        partials_as_hits = options.enabled(PARTIALS_AS_HITS)
        stats.records += lines.send(builder, builder.file(path), partials_as_hits=partials_as_hits)
    return stats


def _fields(key: bytes) -> dict[str, str]:
    """Return the values of a point's key by name."""
    return dict(_FIELD.findall(key.decode("utf-8", "replace")))


def _spans(line: str, others: str) -> Iterator[tuple[int, int]]:
    """Yield the point's own line, then the ranges of its list `12-14,20`; none if the line is none."""
    own = _RANGE.fullmatch(line)
    if own is None or own[2] or not 1 <= int(own[1]) <= MAX_LINE:
        return
    yield int(own[1]), int(own[1])
    for part in others.split(","):
        span = _RANGE.fullmatch(part)
        if span is not None and 1 <= int(span[1]) <= int(span[2] or span[1]) <= MAX_LINE:
            yield int(span[1]), int(span[2] or span[1])
