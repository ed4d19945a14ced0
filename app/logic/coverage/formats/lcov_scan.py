"""The fast reader of LCOV tracefiles: usual records by whole blocks, everything else one by one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.lcov_lines import RecordLines, usual_brda, usual_da, usual_fn
from app.logic.coverage.formats.lcov_records import (
    END,
    OUTSIDE,
    BadRecord,
    Functions,
    arm_rule,
    read_brda,
    read_da,
    read_sf,
)
from app.logic.coverage.formats.lcov_rows import LINE_BITS, Facts, SectionFile, join, rows_of
from app.logic.coverage.formats.lines import cut_at_lines
from app.logic.coverage.formats.scan import Positions

BLOCK: Final = 1 << 19  # bytes: the arrays of one block stay in the cache of the processor

_OUTSIDE: Final = -1 << LINE_BITS  # makes the keys of records outside any section negative


def parse_scanning(data: bytes, builder: ReportBuilder, options: FormatOptions, block_size: int = BLOCK) -> ParseStats:
    """Read a tracefile in blocks of about `block_size` bytes.

    Records of the usual shape become columns without a loop; a record that is anything else (checksum, exponent, text
    as branch name, stray blanks, garbage) goes to the same function that the plain parser uses. Blocks may end at any
    line: the facts of a section wait until it is complete.
    """
    reader = _Reader(builder, options)
    for block in cut_at_lines(data, block_size):
        reader.read(block)
    reader.finish()
    return reader.stats


class _Odd:
    """Facts of records of a block that were read one by one; `arm_index` is the line on which an arm stands."""

    def __init__(self) -> None:
        self.line_key: list[int] = []
        self.hits: list[int] = []
        self.arm_index: list[int] = []
        self.arm_key: list[int] = []
        self.arm_code: list[int] = []
        self.arm_taken: list[bool] = []
        self.start_key: list[int] = []
        self.mangled_key: list[int] = []
        self.problems: list[tuple[int, str]] = []

    @property
    def empty(self) -> bool:
        return not (self.line_key or self.arm_key or self.start_key)

    def facts(self) -> Facts:
        return Facts(
            np.array(self.line_key, np.int64),
            np.array(self.hits, np.int64),
            np.array(self.arm_key, np.int64),
            np.array(self.arm_code, np.int64),
            np.array(self.arm_taken, np.bool_),
            np.array(self.start_key, np.int64),
            np.array(self.mangled_key, np.int64),
        )


class _Reader:
    """What is known between two blocks. Facts wait until their section is complete."""

    def __init__(self, builder: ReportBuilder, options: FormatOptions) -> None:
        self.stats = ParseStats()
        self._builder = builder
        self._options = options
        self._lines_before = 0
        self._first = 0  # number of the first section that is not yet in the report
        self._files: list[SectionFile] = []  # of the sections from there on
        self._open = False  # whether the last of them is still open
        self._functions = Functions()  # of the open section, as far as they are read one by one
        self._waiting: list[Facts] = []

    def read(self, block: bytes) -> None:
        """Take the records of a block of whole lines."""
        lines = RecordLines(block)
        is_da, is_brda, is_fn = lines.starting(b"DA:"), lines.starting(b"BRDA:"), lines.starting(b"FN:")
        da, brda, fn = np.flatnonzero(is_da), np.flatnonzero(is_brda), np.flatnonzero(is_fn)
        good_da, da_line, hits = usual_da(lines, da)
        good_brda, brda_line, code, taken = usual_brda(lines, brda)
        good_fn, fn_line, mangled = usual_fn(lines, fn)
        rest = lines.worth_reading(np.flatnonzero(~(is_da | is_brda | is_fn)))
        odd = _Odd()
        section = self._read_odd(
            lines, np.sort(np.concatenate([rest, da[~good_da], brda[~good_brda], fn[~good_fn]])), odd
        )

        da, brda, fn = da[good_da], brda[good_brda], fn[good_fn]
        da_key, brda_key, fn_key = section[da] + da_line, section[brda] + brda_line, section[fn] + fn_line
        odd.problems.extend((index, OUTSIDE) for index in np.append(da[da_key < 0], brda[brda_key < 0]).tolist())
        usual = Facts(da_key, hits, brda_key, code, taken, fn_key, fn_key[mangled]).split(0)[1]
        self.stats.records += len(usual.line_key) + len(usual.arm_key)
        self._note(odd.problems)
        self._lines_before += len(lines)
        self._add(usual, brda[brda_key >= 0], odd)

    def finish(self) -> None:
        """Take the last section, which may lack its end."""
        self.stats.truncated = self._open
        odd = _Odd()
        self._leave(odd)
        self._waiting.append(odd.facts())
        self._add_complete()

    def _read_odd(self, lines: RecordLines, index: Positions, odd: _Odd) -> NDArray[np.int64]:
        """Read the given lines one by one; returns the key of the section (with line 0) of every line of the block."""
        borders, keys = [0], [self._key]
        for at in index.tolist():
            try:
                self._read_one(lines.cut(at), at, odd)
            except BadRecord as problem:
                odd.problems.append((at, str(problem)))
            if self._key != keys[-1]:
                borders.append(at)
                keys.append(self._key)
        return np.repeat(keys, np.diff(borders, append=len(lines)))

    def _read_one(self, record: bytes, index: int, odd: _Odd) -> None:
        key, colon, value = record.partition(b":")
        if record.startswith(END):
            self._leave(odd)
        elif colon and key == b"SF":
            self._leave(odd)
            self._enter(read_sf(value))
        elif colon and key in (b"DA", b"BRDA") and not self._open:
            raise BadRecord(OUTSIDE)
        elif colon and key == b"DA":
            line, hits = read_da(value)
            odd.line_key.append(self._key + line)
            odd.hits.append(hits)
            self.stats.records += 1
        elif colon and key == b"BRDA":
            line, arm, taken = read_brda(value)
            odd.arm_index.append(index)
            odd.arm_key.append(self._key + line)
            odd.arm_code.append(self._builder.arm_ids.code(arm))
            odd.arm_taken.append(taken)
            self.stats.records += 1
        elif colon and key in (b"FN", b"FNL", b"FNA") and self._open:
            self._functions.read(key, value)

    @property
    def _key(self) -> int:
        """The key of the open section."""
        return self._first + len(self._files) - 1 << LINE_BITS if self._open else _OUTSIDE

    def _enter(self, path: str) -> None:
        self._files.append(SectionFile(self._builder.file(path), arm_rule(path, self._options)))
        self._open = True

    def _leave(self, odd: _Odd) -> None:
        if self._open and self._functions.starts:
            self._functions.close()
            odd.start_key.extend(self._key + line for line in self._functions.starts)
            odd.mangled_key.extend(self._key + line for line in self._functions.mangled)
            self._functions = Functions()
        self._open = False

    def _note(self, problems: list[tuple[int, str]]) -> None:
        self.stats.skipped += len(problems)
        if problems and self.stats.first_problem is None:
            index, reason = min(problems)
            self.stats.first_problem = f"line {self._lines_before + index + 1}: {reason}"

    def _add(self, usual: Facts, usual_arms: Positions, odd: _Odd) -> None:
        """Keep the facts of a block; arms in the order of the document, because the last of the same id counts."""
        facts = usual
        if not odd.empty:
            facts = join([usual, odd.facts()])
            facts = facts.with_arms_in(np.argsort(np.append(usual_arms, odd.arm_index), kind="stable"))
        self._waiting.append(facts)
        if len(self._files) > self._open:
            self._add_complete()

    def _add_complete(self) -> None:
        """Move the facts of complete sections into the report."""
        complete = len(self._files) - self._open
        done, rest = join(self._waiting).split(self._first + complete << LINE_BITS)
        partials_as_hits = self._options.enabled("lcov.partials_as_hits")
        self._builder.add(rows_of(done, self._files[:complete], self._first, partials_as_hits))
        self._waiting = [rest]
        self._first += complete
        del self._files[:complete]
