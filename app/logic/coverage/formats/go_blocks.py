"""Single lines of Go cover profiles: the part of the format that both parsers of it share."""

import re
from typing import Final, NamedTuple

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.scan import number

# Matched from the right, because a path may hold colons and blanks.
_BLOCK: Final = re.compile(rb"(.+):(\d+)\.(\d+),(\d+)\.(\d+)[ \t]+\d+[ \t]+(\S+)")
_MAJOR_VERSION: Final = re.compile(r"/v[0-9]+(?=/)")
_MAX_DIGITS: Final = 9


class BadLine(ValueError):
    """A line that has to be skipped; the message says why."""


class Block(NamedTuple):
    """One block of statements: it starts at a line and column and ends before another; columns count from 1."""

    path: bytes
    first_line: int
    first_column: int
    last_line: int
    last_column: int
    hits: int


def read_block(line: bytes) -> Block | None:
    """Read a stripped line of a profile; None for one that is no block, but belongs to such files."""
    if not line or line.startswith(b"mode:") or line.endswith(b"%"):
        return None
    match = _BLOCK.fullmatch(line)
    if not match:
        raise BadLine("not a block")
    path, *fields, count = match.groups()
    if not is_path(path):
        raise BadLine("two lines run together")
    if any(len(field) > _MAX_DIGITS for field in fields):
        raise BadLine("position out of range")
    first_line, first_column, last_line, last_column = map(int, fields)
    if not 1 <= first_line <= last_line <= MAX_LINE:
        raise BadLine("position out of range")
    hits = number(count)
    if hits is None:
        raise BadLine("no hit count")
    return Block(path, first_line, first_column, last_line, last_column, max(0, min(hits, MAX_HITS)))


def is_path(path: bytes) -> bool:
    """Whether it can be one path: Go allows a colon nowhere but behind the drive letter of Windows."""
    return path.find(b":", 2) < 0 and not path.startswith(b":")


class Files:
    """Numbers of files by their path in the profile."""

    def __init__(self, builder: ReportBuilder) -> None:
        self._builder = builder
        self._numbers: dict[bytes, int] = {}

    def number(self, path: bytes) -> int:
        """The number of a file; import paths may carry a major version that no folder has."""
        known = self._numbers.get(path)
        if known is None:
            text = path.decode("utf-8", "replace")
            candidates = [text]
            if "/v" in text and _MAJOR_VERSION.search(text):
                candidates.append(_MAJOR_VERSION.sub("", text, count=1))
            known = self._numbers[path] = self._builder.file(*candidates)
        return known
