"""The fast reader of LCOV tracefiles: usual records by whole blocks, everything else one by one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.lcov_lines import sort_out, usual_brda, usual_da, usual_fn
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
from app.logic.coverage.formats.lines import Lines, cut_at_lines
from app.logic.coverage.formats.scan import Positions

BLOCK: Final = 1 << 20  # bytes: much larger, and the arrays of a block leave the cache of the processor

_ENOUGH: Final = 1 << 16  # lines that are worth being made into rows
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


class _Sections:
    """The line of a block from which each section extends, and the key of the section."""

    def __init__(self, key: int) -> None:
        self.starts = [0]
        self.keys = [key]

    def add(self, index: Positions, line: NDArray[np.int64]) -> NDArray[np.int64]:
        """The keys of facts: line numbers that stand on ascending lines of the block."""
        borders = np.searchsorted(index, self.starts)
        return np.repeat(self.keys, np.diff(borders, append=len(index))) + line


class _Reader:
    """What is known between two blocks. Facts wait until their section is complete."""

    def __init__(self, builder: ReportBuilder, options: FormatOptions) -> None:
        self.stats = ParseStats()
        self._builder = builder
        self._options = options
        self._lines_before = 0
        self._first = 0  # number of the first section that is not yet in the report
        self._files: list[SectionFile] = []  # of the sections from there on
        self._key = _OUTSIDE  # of the last of them, while it is open
        self._functions = Functions()  # of the open section, as far as they are read one by one
        self._waiting: list[Facts] = []
        self._waiting_count = 0  # of lines

    def read(self, block: memoryview) -> None:
        """Take the records of a block of whole lines."""
        lines = Lines(block)
        kinds = sort_out(lines)
        odd_da, da, da_line, hits = usual_da(lines, kinds.da)
        odd_brda, brda, brda_line, code, taken = usual_brda(lines, kinds.brda)
        odd_fn, fn, fn_line, mangled = usual_fn(lines, kinds.fn)
        odd = _Odd()
        sections = self._read_odd(lines, np.sort(np.concatenate([kinds.others, odd_da, odd_brda, odd_fn])), odd)

        da_key, brda_key, fn_key = sections.add(da, da_line), sections.add(brda, brda_line), sections.add(fn, fn_line)
        usual = Facts(da_key, hits, brda_key, code, taken, fn_key, fn_key[mangled])
        if (da_key < 0).any() or (brda_key < 0).any() or (fn_key < 0).any():
            odd.problems.extend((index, OUTSIDE) for index in np.append(da[da_key < 0], brda[brda_key < 0]).tolist())
            usual, brda = usual.split(0)[1], brda[brda_key >= 0]
        self.stats.records += len(usual.line_key) + len(usual.arm_key)
        self._note(odd.problems)
        self._lines_before += len(lines)
        self._add(usual, brda, odd)

    def finish(self) -> None:
        """Take the last section, which may lack its end."""
        self.stats.truncated = self._key >= 0
        odd = _Odd()
        self._leave(odd)
        self._waiting.append(odd.facts())
        self._add_complete()

    def _read_odd(self, lines: Lines, index: Positions, odd: _Odd) -> "_Sections":
        """Read the given lines one by one; returns the sections of the block."""
        sections = _Sections(self._key)
        for at, line in zip(index.tolist(), lines.cut(index), strict=True):
            try:
                self._read_one(line, at, odd)
            except BadRecord as problem:
                odd.problems.append((at, str(problem)))
            if self._key != sections.keys[-1]:
                sections.starts.append(at)
                sections.keys.append(self._key)
        return sections

    def _read_one(self, record: bytes, index: int, odd: _Odd) -> None:
        if record.startswith(END):
            self._leave(odd)
            return
        key, colon, value = record.partition(b":")
        if colon and key == b"SF":
            self._leave(odd)
            self._enter(read_sf(value))
        elif colon and key in (b"DA", b"BRDA") and self._key < 0:
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
        elif colon and key in (b"FN", b"FNL", b"FNA") and self._key >= 0:
            self._functions.read(key, value)

    def _enter(self, path: str) -> None:
        self._key = self._first + len(self._files) << LINE_BITS
        self._files.append(SectionFile(self._builder.file(path), arm_rule(path, self._options)))

    def _leave(self, odd: _Odd) -> None:
        if self._functions.starts:
            self._functions.close()
            odd.start_key.extend(self._key + line for line in self._functions.starts)
            odd.mangled_key.extend(self._key + line for line in self._functions.mangled)
            self._functions = Functions()
        self._key = _OUTSIDE

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
        self._waiting_count += len(facts.line_key)
        if self._waiting_count >= _ENOUGH and len(self._files) > (self._key >= 0):
            self._add_complete()

    def _add_complete(self) -> None:
        """Move the facts of complete sections into the report."""
        complete = len(self._files) - (self._key >= 0)
        done, rest = join(self._waiting).split(self._first + complete << LINE_BITS)
        partials_as_hits = self._options.enabled("lcov.partials_as_hits")
        self._builder.add(rows_of(done, self._files[:complete], self._first, partials_as_hits))
        self._waiting = [rest]
        self._waiting_count = len(rest.line_key)
        self._first += complete
        del self._files[:complete]
