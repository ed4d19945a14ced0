"""Read the JSON report of coverage.py (`coverage json`, formats 2 and 3)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.json_documents import as_list, count_of, decode, line_of, untyped
from app.logic.coverage.formats.keyed import Int64s, batches
from app.logic.coverage.formats.numerals import Numerals, without_digits
from app.logic.coverage.formats.pycoverage_rows import add_lines, pack_arms, pack_lines

_BLANKS: Final = b" \t\r\n"
_NO_LIST: Final = msgspec.Raw(b"[]")


class _File(msgspec.Struct, gc=False):
    executed_lines: msgspec.Raw = _NO_LIST
    missing_lines: msgspec.Raw = _NO_LIST
    executed_branches: msgspec.Raw = _NO_LIST
    missing_branches: msgspec.Raw = _NO_LIST


class _Document(msgspec.Struct):
    files: dict[str, _File]


class _LooseDocument(msgspec.Struct):
    files: dict[str, msgspec.Raw]


_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_LOOSE_DOCUMENT: Final = msgspec.json.Decoder(_LooseDocument)
_FILE: Final = msgspec.json.Decoder(_File)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add one row per statement line: 1 or 0 hits, or taken/all arms where branches were measured.

    Missing arms are named by target line, `exit` for a jump out of the function, as in the tool's Cobertura report.
    Source of the format: the JSON reporter of the coverage.py documentation.
    """
    stats = ParseStats()
    for batch in batches(_files(data, stats)):
        numbers = [builder.file(path) for path, _ in batch]
        # Lists of what ran (even positions) and what did not (odd ones), file by file.
        lines = [part for _, file in batch for part in (file.executed_lines, file.missing_lines)]
        arms = [part for _, file in batch for part in (file.executed_branches, file.missing_branches)]
        packed_lines, packed_arms = _lines(lines), _arms(arms)
        if packed_lines is None or packed_arms is None:
            packed_lines, packed_arms = _tolerant_lines(lines, stats), _tolerant_arms(arms, stats)
        stats.records += add_lines(builder, numbers, packed_lines, packed_arms)
    return stats


def _files(data: bytes, stats: ParseStats) -> Iterator[tuple[tuple[str, _File], int]]:
    """Yield the files of the document, each with the size of its lists of lines."""
    try:
        files = decode(data, _DOCUMENT).files
    except msgspec.ValidationError:
        files = _loose_files(data, stats)
    for path, file in files.items():
        yield (path, file), len(file.executed_lines) + len(file.missing_lines)


def _loose_files(data: bytes, stats: ParseStats) -> dict[str, _File]:
    try:
        slices = decode(data, _LOOSE_DOCUMENT).files
    except msgspec.ValidationError as error:
        raise FormatError("no_data", f"no object of files: {error}") from None
    files = {}
    for path, raw in slices.items():
        try:
            files[path] = _FILE.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            stats.skip(f"{path}: {error}")
    return files


def _lines(lists: Sequence[msgspec.Raw]) -> Int64s | None:
    """Read lists of lines all at once; None when one of them is not a list of plain numbers."""
    text = b",".join(lists)
    if without_digits(text, _BLANKS + b",") != b"[]" * len(lists):
        return None
    numerals = Numerals.of(text)
    return pack_lines(numerals.per_piece([len(part) for part in lists]), numerals.values())


def _arms(lists: Sequence[msgspec.Raw]) -> Int64s | None:
    """Read lists of [from, to] all at once; None when one of them is not a list of pairs of whole numbers."""
    text = b",".join(lists)
    numerals = Numerals.of(text)
    counts = numerals.per_piece([len(part) for part in lists]) // 2
    # Without its digits, blanks and signs a list of n pairs is n times "[,]".
    pairs = b"[,]," * int(counts.max(initial=0))
    shape = b",".join([b"[" + pairs[: max(4 * count - 1, 0)] + b"]" for count in counts.tolist()])
    if without_digits(text, _BLANKS + b"-") != shape or len(numerals) != 2 * counts.sum():
        return None
    values = numerals.values()
    values[numerals.negative()] = -1
    return pack_arms(counts, values[::2], values[1::2])


def _tolerant_lines(lists: Sequence[msgspec.Raw], stats: ParseStats) -> Int64s:
    counts, records = _tolerant(lists, _line_record, stats)
    return pack_lines(counts, records[:, 0])


def _tolerant_arms(lists: Sequence[msgspec.Raw], stats: ParseStats) -> Int64s:
    counts, records = _tolerant(lists, _arm_record, stats)
    return pack_arms(counts, records[:, 0], records[:, 1])


def _tolerant(
    lists: Sequence[msgspec.Raw], read: Callable[[Any], tuple[int, int] | None], stats: ParseStats
) -> tuple[Int64s, Int64s]:
    """Read lists value by value, skipping what `read` does not understand; return counts and a table of two columns."""
    counts: list[int] = []
    records: list[tuple[int, int]] = []
    for part in lists:
        before = len(records)
        for value in as_list(untyped(part)):
            record = read(value)
            if record is None:
                stats.skip(f"{str(value)[:80]!r} is neither a line nor a pair of lines")
            else:
                records.append(record)
        counts.append(len(records) - before)
    return np.array(counts, np.int64), np.array(records, np.int64).reshape(-1, 2)


def _line_record(value: Any) -> tuple[int, int] | None:
    if value == 0 and not isinstance(value, bool):
        return (0, 0)  # an empty module reports line 0
    line = line_of(value)
    return None if line is None else (line, 0)


def _arm_record(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    line = line_of(value[0])
    leaves = isinstance(value[1], int | float) and value[1] < 0
    target = -1 if leaves else count_of(value[1])
    return None if line is None or target is None else (line, target)
