"""Read the JSON of the Dart VM (`dart test --coverage`, `collect_coverage`; `*.vm.json`)."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.json_documents import count_of, line_of
from app.logic.coverage.formats.json_parts import NOTHING, Number, members, records
from app.logic.coverage.formats.limits import MAX_LINE, check_span

_RANGE: Final = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)


class _Script(msgspec.Struct, gc=False):
    source: str
    hits: list[Number] = []


_SCRIPTS: Final = msgspec.json.Decoder(list[_Script])
_SCRIPT: Final = msgspec.json.Decoder(_Script)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line of the scripts of packages and files; those of the SDK are left out.

    `hits` is a flat list of line and count, where a line may be a range "7-9". Source of the format: package:coverage
    of Dart.
    """
    stats = ParseStats()
    spanned = 0
    document = members(data, "the document", stats)
    for script in records(document.get("coverage", NOTHING), _SCRIPTS, _SCRIPT, "coverage", stats):
        path = _path(script.source)
        if path is None:
            continue
        lines = FileLines()
        for first, last, count in _ranges(script, stats):
            spanned += last - first + 1
            check_span(spanned, len(data))
            for line in range(first, last + 1):
                lines.hit(line, count)
        stats.records += lines.send(builder, builder.file(path))
    return stats


def _path(source: str) -> str | None:
    """Return the path of a `package:` or `file:` URL; a package's library files are in its directory `lib`."""
    scheme, _, rest = source.partition(":")
    if scheme == "package" and "/" in rest:
        return "lib/" + unquote(rest.partition("/")[2])
    return unquote(rest.removeprefix("//")) if scheme == "file" else None


def _ranges(script: _Script, stats: ParseStats) -> Iterator[tuple[int, int, int]]:
    """Yield first line, last line and count."""
    for at, value in zip(script.hits[::2], script.hits[1::2], strict=False):
        span, count = _span(at), count_of(value)
        if span is None or count is None:
            stats.skip(f"{script.source}: {str(at)[:80]!r} with {str(value)[:80]!r} hits")
        else:
            yield (*span, count)


def _span(at: Any) -> tuple[int, int] | None:
    span = _RANGE.fullmatch(at) if isinstance(at, str) else None
    first, last = (int(span[1]), int(span[2])) if span else (line_of(at) or 0, line_of(at) or 0)
    return (first, last) if 1 <= first <= last <= MAX_LINE else None
