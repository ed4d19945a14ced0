"""Collects parsed rows in any order and makes an upload report of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import ArmIds, canonical_texts
from app.logic.coverage.builder_block import MAX_COUNT, Block, join, pack, within
from app.logic.coverage.builder_duplicates import reduce_duplicates
from app.logic.coverage.builder_order import place_blocks, sort_lines
from app.logic.coverage.dropped import DroppedPaths, DropReason
from app.logic.coverage.ragged import Ints
from app.logic.coverage.report import Report, Rows

# (candidate paths as the tool wrote them, best first; extra base directories) -> repository path, or why there is none;
# None = DropReason.NO_MATCH.
Resolve = Callable[[Sequence[str], Sequence[str]], str | DropReason | None]

PACK_ROWS: Final = 1 << 16  # small blocks are collected up to here, because a step on a block costs much the same


@dataclass(frozen=True, slots=True)
class IgnoredLines:
    """Lines of one file not to be tracked: `lines`, and all after `eof`."""

    lines: frozenset[int]
    eof: int | None = None


class ReportBuilder:
    """Takes rows of one upload, file by file or in large blocks, and builds its report.

    `resolve` turns what a tool calls a file into a repository path; without it the first candidate is the path.
    `ignored` is by repository path. Arrays handed to `add` must not change afterwards.

    For messages to the user: `dropped_paths`, those that resolved to nothing, and `dropped_path_count`; and, complete
    after `build`, `dropped_lines`, rows with a line number outside 1..max_line, and `rows_seen`, all rows.
    """

    def __init__(
        self,
        resolve: Resolve | None = None,
        ignored: Mapping[str, IgnoredLines] | None = None,
        max_line: int = 1_000_000,
    ) -> None:
        self.arm_ids = ArmIds()
        self.dropped_paths = DroppedPaths()
        self.dropped_lines = 0
        self.rows_seen = 0
        self._resolve = resolve
        self._ignored = _IgnoredRows(ignored or {})
        self._max_line = max_line
        self._numbers: dict[str, int] = {}
        self._known: dict[tuple[str, ...] | tuple[tuple[str, ...], tuple[str, ...]], int] = {}
        self._pending: list[Rows] = []
        self._pending_rows = 0
        self._blocks: list[Block] = []
        self._document = self._state()

    @property
    def dropped_path_count(self) -> int:
        return self.dropped_paths.total

    def begin_document(self, resolve: Resolve | None) -> None:
        """Start the next coverage file of the upload, whose paths are resolved in their own way."""
        self._flush()
        self._resolve = resolve
        self._known.clear()
        self._document = self._state()

    def forget_document(self) -> None:
        """Take back everything since `begin_document`: the file turned out to be unusable."""
        blocks, dropped, self.dropped_lines, self.rows_seen = self._document
        self.dropped_paths = dropped.copy()
        self._pending.clear()
        self._pending_rows = 0
        del self._blocks[blocks:]

    def file(self, *candidates: str, bases: Sequence[str] = ()) -> int:
        """Return the number of a file for `Rows.files`, -1 if its path is to be dropped."""
        key = (candidates, tuple(bases)) if bases else candidates
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self._number(candidates, tuple(bases))
        return number

    def add(self, rows: Rows) -> None:
        """Take a block of rows; raises ValueError where its columns do not fit together."""
        self.rows_seen += len(rows.line)
        self._pending.append(rows)
        self._pending_rows += len(rows.line)
        if self._pending_rows >= PACK_ROWS:
            self._flush()

    def build(self) -> Report:
        """Return the report of all rows and forget them.

        One row per (file, line): repeated lines are joined by the merge rule. Two raw paths that resolved to the same
        repository path are one file; files without rows are left out.
        """
        self._flush()
        report = place_blocks(self._blocks, list(self._numbers), self.arm_ids.texts)
        report = reduce_duplicates(sort_lines(report))
        return replace(report, missing=canonical_texts(report.missing))

    def _number(self, candidates: tuple[str, ...], bases: tuple[str, ...]) -> int:
        path = self._resolve(candidates, bases) if self._resolve else candidates[0]
        if not path or isinstance(path, DropReason):
            self.dropped_paths.add(path or DropReason.NO_MATCH, candidates[0])
            return -1
        # Half a surrogate pair, as JSON can spell it, has no UTF-8 form and could be stored nowhere.
        if not path.isascii():
            path = path.encode("utf-8", "replace").decode("utf-8")
        number = self._numbers.setdefault(path, len(self._numbers))
        self._ignored.learn(number, path)
        return number

    def _flush(self) -> None:
        if not self._pending:
            return
        rows = join(self._pending)
        self._pending.clear()
        self._pending_rows = 0
        files, counts = np.asarray(rows.files, dtype=np.int64), np.asarray(rows.counts, dtype=np.int64)
        if not len(rows.line) == len(rows.hits) == counts.sum():
            raise ValueError(f"{len(rows.line)} lines, {len(rows.hits)} hits and {counts.sum()} rows of files")
        self._blocks.append(pack(replace(rows, files=files, counts=counts), self._kept(files, counts, rows.line)))

    def _kept(self, files: Ints, counts: Ints, line: NDArray[np.integer]) -> NDArray[np.bool_] | None:
        """Return which rows are to be kept, bool[rows], None for all; count those with an impossible line."""
        ignored = self._ignored.mask(files, counts, line)
        if ignored is None and within(files, 0, MAX_COUNT) and within(line, 1, self._max_line):
            return None
        ours = np.repeat(files >= 0, counts)
        in_range = (line >= 1) & (line <= self._max_line)
        self.dropped_lines += int(np.count_nonzero(ours & ~in_range))
        kept = ours & in_range
        return kept if ignored is None else kept & ~ignored

    def _state(self) -> tuple[int, DroppedPaths, int, int]:
        return len(self._blocks), self.dropped_paths.copy(), self.dropped_lines, self.rows_seen


class _IgnoredRows:
    """Finds the rows that `IgnoredLines` names, by file number."""

    def __init__(self, ignored: Mapping[str, IgnoredLines]) -> None:
        self._by_path = ignored
        self._by_number: dict[int, tuple[Ints, int]] = {}

    def learn(self, number: int, path: str) -> None:
        """Note the number of a path."""
        ignored = self._by_path.get(path)
        if ignored is not None:
            lines = np.array(sorted(line for line in ignored.lines if 0 < line < 1 << 31), dtype=np.int64)
            eof = (1 << 31) if ignored.eof is None else ignored.eof
            self._by_number[number] = lines, eof

    def mask(self, files: Ints, counts: Ints, line: NDArray[np.integer]) -> NDArray[np.bool_] | None:
        """Return which rows are to be left out, bool[rows], None for none."""
        if not self._by_number:
            return None
        named = [number for number in np.unique(files).tolist() if number in self._by_number]
        if not named:
            return None
        eof = np.full(max(int(files.max()) + 1, 1), 1 << 31)
        eof[named] = [self._by_number[number][1] for number in named]
        keys = np.concatenate([(number << 32) + self._by_number[number][0] for number in named])
        owner = np.repeat(files, counts)
        return (line > eof[owner]) | np.isin((owner << 32) + line, keys)
