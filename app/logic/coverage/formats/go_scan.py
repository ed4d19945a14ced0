"""The fast reader of Go cover profiles: usual lines by whole blocks of bytes, everything else one by one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.digits import two_trailing
from app.logic.coverage.formats.go_blocks import BadLine, Files, is_path, read_block
from app.logic.coverage.formats.go_rows import Blocks, add_rows, join
from app.logic.coverage.formats.limits import MAX_LINE, check_span
from app.logic.coverage.formats.lines import Lines, cut_at_lines
from app.logic.coverage.formats.scan import Positions, Text

BLOCK: Final = 1 << 20  # bytes: much larger, and the arrays of a block leave the cache of the processor

_BLANK: Final = ord(" ")
_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_DOT: Final = ord(".")
_LONGEST_PATH: Final = 256  # bytes up to which the paths of neighbouring lines are compared
_ODD: Final = -2  # number of a file whose lines have to be read one by one


def parse_scanning(data: bytes, builder: ReportBuilder, options: FormatOptions, block_size: int = BLOCK) -> ParseStats:
    """Read a profile in blocks of about `block_size` bytes.

    Lines of the usual shape become columns without a loop; a line that is anything else (huge or negative numbers,
    tabs, garbage) goes to the same function that the plain parser uses. A file may occur in several places, so lines
    are evaluated when all are known.
    """
    stats = ParseStats()
    files = Files(builder)
    parts = []
    lines_before = 0
    for block in cut_at_lines(data, block_size):
        lines = Lines(block)
        usual, others = _read_usual(lines, files)
        stats.records += len(usual)
        parts.append(usual)
        if len(others):
            parts.append(_read_others(lines, others, lines_before, files, stats))
        lines_before += len(lines)
    blocks = join(parts).in_known_files()
    parts.clear()  # which are as large as the joined blocks
    check_span(blocks.spanned_lines(), len(data))
    add_rows(blocks, builder, options.enabled("go.partials_as_hits"))
    return stats


def _read_usual(lines: Lines, files: Files) -> tuple[Blocks, Positions]:
    """Read lines of plain numbers and single blanks; returns their blocks, and which other lines there are."""
    _, hits, at, good = two_trailing(lines.text, lines.end, _BLANK, _BLANK)
    last_line, last_column, at, fine = two_trailing(lines.text, at, _DOT, _COMMA)
    good &= fine
    first_line, first_column, at, fine = two_trailing(lines.text, at, _DOT, _COLON)
    good &= fine
    good &= (first_line >= 1) & (first_line <= last_line) & (last_line <= MAX_LINE) & (at > lines.start)

    columns = (first_line, first_column, last_line, last_column, hits)
    file = _files(lines, np.flatnonzero(good), at, files)
    good[good] = file != _ODD
    if good.all():
        return Blocks.of(file, *columns), np.zeros(0, np.int64)
    return Blocks.of(file[file != _ODD], *(column[good] for column in columns)), np.flatnonzero(~good)


def _files(lines: Lines, index: Positions, colon: Positions, files: Files) -> NDArray[np.int64]:
    """The file of each of the given lines, whose paths end at `colon`; looked up once for a run of equal paths."""
    if not len(index):
        return np.zeros(0, np.int64)
    start, end = lines.start[index], colon[index]
    head = np.flatnonzero(np.concatenate([[True], ~_like_previous(lines.text, start, end)]))
    numbers = [_number(path, files) for path in lines.text.cut_all(start[head], end[head])]
    return np.repeat(np.array(numbers, np.int64), np.diff(head, append=len(index)))


def _like_previous(text: Text, start: Positions, end: Positions) -> NDArray[np.bool_]:
    """Which paths, from the second on, are the same as the one before. Some that are may be missed, none is made up."""
    length = end - start
    same: NDArray[np.bool_] = (length[1:] == length[:-1]) & (length[1:] >= 8) & (length[1:] <= _LONGEST_PATH)
    if not same.any():
        return same
    tail = text.words[end - 8]
    same &= tail[1:] == tail[:-1]
    whole = length[1:] >> 3  # words of the path, but for the part of a word that the tail holds
    words = _words(text, start, int(whole.max(where=same, initial=1)))
    known = max(len(words) - 1, 0)
    same[known:] = False
    differs = (words[1:] != words[:-1]).view(np.uint64)  # a byte for each word
    for column in range(differs.shape[1]):
        count = np.clip(whole[:known] - 8 * column, 0, 8).view(np.uint64)
        same[:known] &= (differs[:, column] << ((8 - count) << 3)) == 0
    return same


def _words(text: Text, start: Positions, count: int) -> NDArray[np.uint64]:
    """At least `count` words from each position on that is not too near to the end: uint64[positions, eights]."""
    size = 64 * -(-count // 8)
    places = max(len(text.raw) - size + 1, 0)
    spans = np.ndarray(places, f"V{size}", text.raw.data if places else b"", 0, (1,))
    return spans[start[: np.searchsorted(start, places)]].view(np.uint64).reshape(-1, size // 8)


def _number(path: bytes, files: Files) -> int:
    if path == b"mode" or path != path.strip() or not is_path(path):
        return _ODD
    return files.number(path)


def _read_others(lines: Lines, index: Positions, lines_before: int, files: Files, stats: ParseStats) -> Blocks:
    rows = []
    for at, line in zip(index.tolist(), lines.cut(index), strict=True):
        try:
            block = read_block(line)
        except BadLine as problem:
            stats.skip(f"line {lines_before + at + 1}: {problem}")
            continue
        if block is not None:
            stats.records += 1
            rows.append((files.number(block.path), *block[1:]))
    return Blocks.of(*np.array(rows, np.int64).reshape(-1, 6).T)
