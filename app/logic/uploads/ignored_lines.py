"""Lines of source files that are not to be counted, as uploaders list them in text (docs/messages.md)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.logic.coverage.builder import IgnoredLines, Resolve
from app.logic.coverage.dropped import DropReason

LAST_LINE: Final = 2**31 - 1
MAX_FILES: Final = 500_000
MAX_ENTRIES: Final = 5_000_000
# All blocks of an upload together: two short lines of text can stand for as many numbers as a file has lines.
MAX_BLOCK_LINES: Final = 2_000_000
_END_OF_FILE: Final = "EOF: "
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_ITEM: Final = re.compile(r"[^,]+")
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_MAX_COLONS: Final = 64  # in a path; bounds what a hostile line is split into
_STARTS: Final = ("LCOV_EXCL_START",)
_STOPS: Final = ("LCOV_EXCL_STOP", "LCOV_EXCL_END")


@dataclass(slots=True)
class _Marks:
    """What the lines of the text say of one file."""

    lines: set[int] = field(default_factory=set)
    eof: int | None = None
    openers: list[int] = field(default_factory=list)
    closers: list[int] = field(default_factory=list)


def read_ignored_text(entries: Iterable[str]) -> tuple[dict[str, IgnoredLines], str | None]:
    """Return the lines to ignore by path, and what could not be used, if anything.

    An entry is `path:numbers`, `path:number:source text` or `EOF: number path`; entries that are none of these are
    skipped. Source text may open or close a block, whose inner lines are to be ignored as well: the first opener of a
    file goes with its first closer, and so on.
    """
    files: defaultdict[str, _Marks] = defaultdict(_Marks)
    problem = None
    for number, entry in enumerate(entries):
        if number == MAX_ENTRIES or len(files) > MAX_FILES:
            problem = f"more than {MAX_FILES} files or {MAX_ENTRIES} entries; the rest is left out"
            break
        text = entry.strip()
        if text.startswith(_END_OF_FILE):
            _read_end(text, files)
        else:
            _read_numbers(text, files)
    room = MAX_BLOCK_LINES
    for marks in files.values():
        room -= _fill_blocks(marks, room)
        if room < 0:
            problem = f"blocks of more than {MAX_BLOCK_LINES} lines in all; the rest is left out"
            break
    return {path: IgnoredLines(frozenset(marks.lines), marks.eof) for path, marks in files.items()}, problem


def place(fixes: Mapping[str, IgnoredLines], resolve: Resolve) -> dict[str, IgnoredLines]:
    """Return the lines to ignore by repository path; two spellings of a path are one file.

    A path that `resolve` cannot place is kept as it is.
    """
    placed: dict[str, IgnoredLines] = {}
    for path, lines in fixes.items():
        found = resolve([path], ())
        target = path if found is None or isinstance(found, DropReason) else found
        placed[target] = _united(placed[target], lines) if target in placed else lines
    return placed


def _united(a: IgnoredLines, b: IgnoredLines) -> IgnoredLines:
    return IgnoredLines(a.lines | b.lines, max((eof for eof in (a.eof, b.eof) if eof is not None), default=None))


def _read_end(text: str, files: defaultdict[str, _Marks]) -> None:
    parts = text.split(" ", 2)
    number = _line_number(parts[1])
    if number is not None and len(parts) > 2 and parts[2]:
        marks = files[parts[2]]
        marks.eof = max(number, marks.eof or 0)


def _read_numbers(text: str, files: defaultdict[str, _Marks]) -> None:
    """Read `path:numbers[:source text]`: the path ends at the first colon that numbers follow.

    The colon of a drive letter is part of the path.
    """
    parts = text.split(":", _MAX_COLONS)
    for place in range(2 if _DRIVE.match(text) else 1, len(parts)):
        numbers = {n for item in _ITEM.finditer(parts[place]) if (n := _line_number(item[0])) is not None}
        if not numbers:
            continue
        path = ":".join(parts[:place])
        if path:
            marks = files[path]
            marks.lines |= numbers
            if len(numbers) == 1 and len(parts) > place + 1:
                _read_source(":".join(parts[place + 1 :]).strip(), min(numbers), marks)
        return


def _read_source(text: str, line: int, marks: _Marks) -> None:
    """Note a line that opens or closes a block; one that does both is complete in itself."""
    opens = any(word in text for word in _STARTS)
    closes = any(word in text for word in _STOPS)
    if not (opens or closes):
        opens = text.startswith("/*")
        closes = text[2:].endswith("*/") if opens else text.endswith("*/")
    if opens and not closes:
        marks.openers.append(line)
    elif closes and not opens:
        marks.closers.append(line)


def _fill_blocks(marks: _Marks, room: int) -> int:
    """Add the lines inside the blocks, if there is room for them; return how many these are."""
    inner, reached = [], 0
    for opener, closer in zip(sorted(marks.openers), sorted(marks.closers), strict=False):
        inner.append(range(max(opener + 1, reached), closer))
        reached = max(reached, closer)
    count = sum(len(block) for block in inner)
    if count <= room:
        marks.lines.update(*inner)
    return count


def _line_number(text: str) -> int | None:
    text = text.strip()
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if 0 < number <= LAST_LINE else None
