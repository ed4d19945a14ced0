"""Read the coverage listings of the D compilers (`dmd -cov`; `*.lst`)."""

from io import BytesIO
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import Counts
from app.logic.coverage.formats.limits import MAX_HITS

_MOST_DIGITS: Final = 18
_TAIL: Final = 4096  # bytes in which the last line is looked for


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count before its bar; the last line names the source, or else the listing's own name.

    Source of the format: the page on code coverage of the D documentation.
    """
    stats = ParseStats()
    lines = Counts()
    for number, line in enumerate(BytesIO(data), 1):
        field, bar, _ = line.partition(b"|")
        count = field.strip()
        if bar and count:
            if count.isdigit():
                lines.add(number, min(int(count), MAX_HITS) if len(count) <= _MOST_DIGITS else MAX_HITS)
            else:
                stats.skip(f"line {number}: no count before the bar")
    trailer = data[-_TAIL:].rstrip().rpartition(b"\n")[2].rpartition(b" is ")[0].removeprefix(b"source ")
    candidates = [trailer.decode("utf-8", "replace")] if trailer else []
    if options.name.endswith(".lst"):
        candidates.append(options.name.removesuffix("lst") + "d")
    stats.records += lines.send(builder, builder.file(*candidates) if candidates else -1)
    return stats
