"""Limits of what line formats may say; the records beyond them are not believed."""

from typing import Final

from app.logic.coverage.formats.base import FormatError

MAX_HITS: Final = 2**31 - 1  # counts are cut to this
MAX_LINE: Final = 1_000_000  # records about later lines are skipped: compilers write pseudo lines such as 16707566


def check_span(lines: int, size: int) -> None:
    """Raise FormatError if ranges of lines cover more than a document of `size` bytes can be believed to describe.

    Real reports have at least a byte or two for each line, but a few hostile bytes can name a range of a million.
    """
    if lines > 2 * MAX_LINE + size // 2:
        raise FormatError("too_large", f"ranges of {lines} lines in {size} bytes")
