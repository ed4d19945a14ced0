"""Every coverage format at 100 MB (scale 1): MB a second, against nothing but reading the tokens, and the peak.

Lines of text and XML must reach 15 MB/s; JSON and property lists have no limit of time.
"""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.logic.coverage.formats import PARSERS
from benchmarks.measure import SMALL_SECONDS, Measured, Row, in_new_process, peak_must
from benchmarks.workload_formats import sized

SIZE = 100e6
BYTES_PER_SECOND = 15e6
SIZES = {"xcode-plist": 60e6}  # as large as one may be
NAMES = {"juliacov": "src/app.jl.4711.cov", "dlst": "src-app.lst"}


def rows(scale: float) -> Iterator[Row]:
    """Measure every registered format in a process of its own."""
    for format_id in sorted(PARSERS):
        head, size, found = _measured(format_id, scale)
        has_limit = not head.startswith((b"{", b"[", b"bplist00")) or format_id == "gap"
        must = max(size / BYTES_PER_SECOND, SMALL_SECONDS) if has_limit else math.nan
        speed = f"{size / found.ours / 1e6:.0f} MB/s, {found.ours / found.theirs:.1f} x its tokens"
        operation = f"{format_id}, {size / 1e6:.0f} MB, {found.lines / 1e6:.2f} M lines: {speed}"
        yield Row(operation, found.ours, "", math.nan, must, found.peak_mb, peak_must(size, found.lines))


def _measured(format_id: str, scale: float) -> tuple[bytes, int, Measured]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document")
        document = sized(format_id, SIZES.get(format_id, SIZE) * scale)
        path.write_bytes(document)
        head, size = document[:8], len(document)
        del document
        return head, size, in_new_process(format_id, path, NAMES.get(format_id, "report"))
