"""Read the JSON report of coverage.py (`coverage json`, formats 2 and 3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.json_documents import as_list, decode, line_of, untyped
from app.logic.coverage.formats.keyed import Int64s, add_rows, batches, key_of, on_a_line, starts_of_runs
from app.logic.coverage.formats.numerals import Numerals, without_digits
from app.logic.coverage.report import BRANCH

_BLANKS: Final = b" \t\r\n"
_NO_LIST: Final = msgspec.Raw(b"[]")
_TARGET_BITS: Final = 24
_EXIT: Final = 2**_TARGET_BITS - 1


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


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """The four lists of a batch of files: keys of lines, and packed arms."""

    executed: Int64s
    missing: Int64s
    taken: Int64s
    missed: Int64s


@dataclass(frozen=True, slots=True, eq=False)
class _Arms:
    """Arms by line, ascending: `counts[i]` of `targets` belong to the line with key `lines[i]`."""

    lines: Int64s
    counts: Int64s
    targets: Int64s

    @classmethod
    def by_line(cls, packed: Int64s) -> "_Arms":
        packed = np.sort(packed, kind="stable")  # takes no time when they are in order, as the tool writes them
        lines = packed >> _TARGET_BITS
        first = starts_of_runs(lines)
        return cls(lines[first], np.diff(first, append=len(lines)), packed & _EXIT)

    def rows(self, keys: Int64s) -> Int64s | None:
        """Return the positions of the lines in `keys`; None if one is not there."""
        at = np.searchsorted(keys, self.lines)
        found = len(keys) > 0 and np.array_equal(keys.take(at, mode="clip"), self.lines)
        return at if found or not len(self.lines) else None


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add one row per statement line: 1 or 0 hits, or taken/all arms where branches were measured.

    Missing arms are named by target line, `exit` for a jump out of the function, as in the tool's Cobertura report.
    Source of the format: the JSON reporter of the coverage.py documentation.
    """
    stats = ParseStats()
    for batch in batches(_files(data, stats)):
        numbers = [builder.file(path) for path, _ in batch]
        files = [file for _, file in batch]
        lists = _lists(files) or _tolerant_lists(files, stats)
        stats.records += _add(builder, numbers, lists)
    return stats


def _files(data: bytes, stats: ParseStats) -> Iterator[tuple[tuple[str, _File], int]]:
    """Yield the files of the document, each with the size of its lists."""
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
        except msgspec.DecodeError as error:
            stats.skip(f"{path}: {error}")
    return files


def _lists(files: Sequence[_File]) -> _Lists | None:
    """Read the lists of all files at once; None when one of them is not a list of plain numbers or pairs."""
    executed = _line_keys([file.executed_lines for file in files])
    missing = _line_keys([file.missing_lines for file in files])
    taken = _arm_keys([file.executed_branches for file in files])
    missed = _arm_keys([file.missing_branches for file in files])
    if executed is None or missing is None or taken is None or missed is None:
        return None
    return _Lists(executed, missing, taken, missed)


def _line_keys(lists: Sequence[msgspec.Raw]) -> Int64s | None:
    """Return the keys of lists of lines."""
    text = b",".join(lists)
    if without_digits(text, _BLANKS + b",") != b"[]" * len(lists):
        return None
    numerals = Numerals.of(text)
    return key_of(
        np.repeat(np.arange(len(lists)), numerals.per_piece([len(part) for part in lists])), numerals.values()
    )


def _arm_keys(lists: Sequence[msgspec.Raw]) -> Int64s | None:
    """Return the packed arms of lists of [from, to]."""
    text = b",".join(lists)
    numerals = Numerals.of(text)
    counts = numerals.per_piece([len(part) for part in lists]) // 2
    pairs = b"[,]," * int(counts.max(initial=0))
    # Without its digits, blanks and signs a list of n pairs is n times "[,]".
    if (
        without_digits(text, _BLANKS + b"-")
        != b",".join([b"[" + pairs[: max(4 * count - 1, 0)] + b"]" for count in counts.tolist()])
        or len(numerals) != 2 * counts.sum()
    ):
        return None
    values = numerals.values()
    if b"-" in text:
        values[numerals.before() == ord("-")] = -1
    return _arms(np.repeat(np.arange(len(lists)), counts), values[::2], values[1::2])


def _arms(owner: Int64s, origin: Int64s, target: Int64s) -> Int64s:
    """Pack (file, line, target) into one integer an arm; a negative target (a way out) becomes _EXIT."""
    target = np.minimum(target, _EXIT - 1)
    target[target < 0] = _EXIT
    arms = key_of(owner, np.maximum(origin, 0)) << _TARGET_BITS | target
    return arms[on_a_line(arms >> _TARGET_BITS)]


def _tolerant_lists(files: Sequence[_File], stats: ParseStats) -> _Lists:
    """Read the lists value by value, skipping what is not a line or a pair."""

    def gather(name: str, read: Callable[[Any], tuple[int, int] | None]) -> Int64s:
        found = []
        for owner, file in enumerate(files):
            for value in as_list(untyped(getattr(file, name))):
                record = read(value)
                if record is None:
                    stats.skip(f"{name}: {str(value)[:80]!r} is not understood")
                else:
                    found.append((owner, *record))
        return np.array(found, np.int64).reshape(-1, 3)

    executed, missing = gather("executed_lines", _line_record), gather("missing_lines", _line_record)
    taken, missed = gather("executed_branches", _arm_record), gather("missing_branches", _arm_record)
    return _Lists(
        key_of(executed[:, 0], executed[:, 1]),
        key_of(missing[:, 0], missing[:, 1]),
        _arms(taken[:, 0], taken[:, 1], taken[:, 2]),
        _arms(missed[:, 0], missed[:, 1], missed[:, 2]),
    )


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
    target = -1 if leaves else line_of(value[1])
    return None if line is None or target is None else (line, target)


def _add(builder: ReportBuilder, numbers: Sequence[int], lists: _Lists) -> int:
    """Join the lists of a batch to rows and return how many."""
    keys, hits = _lines(lists.executed, lists.missing)
    taken, missed = _Arms.by_line(lists.taken), _Arms.by_line(lists.missed)
    taken_row, missed_row = taken.rows(keys), missed.rows(keys)
    if taken_row is None or missed_row is None:
        # A line whose arms are listed was measured even if no list of lines has it.
        keys, hits = _lines(
            np.concatenate((lists.executed, taken.lines)), np.concatenate((lists.missing, missed.lines))
        )
        taken_row, missed_row = np.searchsorted(keys, taken.lines), np.searchsorted(keys, missed.lines)
    taken_arms, missed_arms = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    taken_arms[taken_row] = taken.counts
    missed_arms[missed_row] = missed.counts
    arms = taken_arms + missed_arms
    branch_row = np.flatnonzero(arms)
    hits[branch_row] *= taken_arms[branch_row]
    kind = np.zeros(len(keys), np.uint8)
    kind[branch_row] = BRANCH
    missing_row, missing_offsets, missing_ids = _missing(builder, missed_row, missed)
    add_rows(
        builder,
        numbers,
        keys,
        hits,
        kind=kind,
        branch_row=branch_row,
        branch_arms=arms[branch_row],
        missing_row=missing_row,
        missing_offsets=missing_offsets,
        missing_ids=missing_ids,
    )
    return len(keys)


def _lines(ran: Int64s, did_not: Int64s) -> tuple[Int64s, Int64s]:
    """Return the keys of the lines of both lists, ascending and once, with 1 for those that ran."""
    packed = np.concatenate((ran << 1 | 1, did_not << 1))
    packed.sort(kind="stable")
    keys = packed >> 1
    first = starts_of_runs(keys)
    if len(first) < len(keys):
        packed = np.bitwise_or.reduceat(packed, first)
    packed = packed[on_a_line(packed >> 1)]  # an empty module reports line 0
    return packed >> 1, packed & 1


def _missing(builder: ReportBuilder, row: Int64s, missed: _Arms) -> tuple[Int64s, Int64s, Int64s]:
    """Return the lists of missing arms as (row, offsets, ids), leaving out those that name an arm twice."""
    ids, counts = missed.targets, missed.counts
    offsets = np.append(0, np.cumsum(counts))
    is_exit = ids == _EXIT
    # Two ways out of one line are called loop and exit by the tool's Cobertura report.
    two_exits = offsets[:-1][(counts == 2) & is_exit[offsets[:-1]]]
    ids = np.where(is_exit, builder.arm_ids.code("exit"), ids)
    ids[two_exits + 1] = builder.arm_ids.code("loop")
    owner = np.repeat(np.arange(len(counts)), counts)
    repeated = owner[1:][(owner[1:] == owner[:-1]) & (ids[1:] == ids[:-1])]
    if not len(repeated):
        return row, offsets, ids
    clean = np.ones(len(counts), np.bool_)
    clean[repeated] = False
    return row[clean], np.append(0, np.cumsum(counts[clean])), ids[clean[owner]]
