"""LCOV tracefiles (`lcov.info`), as written by lcov, gcovr, Istanbul, llvm-cov, coverage.py and many others."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.lcov_records import (
    END,
    OUTSIDE,
    ArmRule,
    BadRecord,
    Functions,
    arm_rule,
    read_brda,
    read_da,
    read_sf,
)
from app.logic.coverage.formats.lcov_scan import parse_scanning
from app.logic.coverage.report import BRANCH, LINE, METHOD, Rows

SMALL: Final = 8 * 1024  # bytes below which setting up the scan of a block costs more than it saves


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a tracefile into `builder`. Malformed records are skipped; FormatError when every one was.

    Source: geninfo(1) of lcov; the rules for the dialects of other tools are in docs/formats.md.
    """
    reader = parse_plainly if len(data) < SMALL else parse_scanning
    stats = reader(data, builder, options)
    if stats.skipped and not stats.records:
        raise FormatError("corrupt", f"no usable record; {stats.first_problem}")
    return stats


@dataclass(slots=True)
class Section:
    """What was read of one file between SF and end_of_record."""

    file: int
    rule: ArmRule
    hits: dict[int, int] = field(default_factory=dict)
    arms: dict[int, dict[int, bool]] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)


def parse_plainly(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a tracefile line by line. `parse_scanning` gives the same rows and statistics, faster."""
    stats = ParseStats()
    section: Section | None = None
    for count, raw in enumerate(BytesIO(data), 1):
        line = raw.strip()
        key, colon, value = line.partition(b":")
        try:
            if line.startswith(END):
                _finish(section, builder, options)
                section = None
            elif key == b"SF" and colon:
                _finish(section, builder, options)
                section = None
                section = _open(value, builder, options)
            elif colon and key in (b"DA", b"BRDA", b"FN", b"FNL", b"FNA"):
                stats.records += _read(section, key, value, builder)
        except BadRecord as problem:
            stats.skip(f"line {count}: {problem}")
    stats.truncated = section is not None
    _finish(section, builder, options)
    return stats


def _open(value: bytes, builder: ReportBuilder, options: FormatOptions) -> Section:
    path = read_sf(value)
    return Section(builder.file(path), arm_rule(path, options))


def _read(section: Section | None, key: bytes, value: bytes, builder: ReportBuilder) -> bool:
    """Take one record; True if it says something about coverage."""
    if key == b"DA":
        if section is None:
            raise BadRecord(OUTSIDE)
        line, hits = read_da(value)
        section.hits[line] = max(hits, section.hits.get(line, 0))
        return True
    if key == b"BRDA":
        if section is None:
            raise BadRecord(OUTSIDE)
        line, arm, taken = read_brda(value)
        section.arms.setdefault(line, {})[builder.arm_ids.code(arm)] = taken
        return True
    if section is not None:
        section.functions.read(key, value)
    return False


def _finish(section: Section | None, builder: ReportBuilder, options: FormatOptions) -> None:
    """Add the rows of a section: arms stand in for the hits of their line."""
    if section is None:
        return
    arms = _known_arms(section)
    lines = sorted(section.hits.keys() | arms.keys())
    hits, kinds = [], []
    branch_row, branch_arms, missing_row, missing_offsets, missing_ids = [], [], [], [0], []
    for row, line in enumerate(lines):
        if line not in arms:
            hits.append(section.hits[line])
            kinds.append(LINE)
            continue
        taken = arms[line]
        covered = sum(taken.values())
        kinds.append(METHOD if line in section.functions.starts else BRANCH)
        if 0 < covered < len(taken) and options.enabled("lcov.partials_as_hits"):
            hits.append(1)
            continue
        hits.append(covered)
        branch_row.append(row)
        branch_arms.append(len(taken))
        if covered < len(taken):
            missing_row.append(row)
            missing_ids.extend(sorted(code for code, was_taken in taken.items() if not was_taken))
            missing_offsets.append(len(missing_ids))
    builder.add(
        Rows(
            files=[section.file],
            counts=[len(lines)],
            line=np.array(lines, np.int64),
            hits=np.array(hits, np.int64),
            kind=np.array(kinds, np.uint8),
            branch_row=np.array(branch_row, np.int64),
            branch_arms=np.array(branch_arms, np.int64),
            missing_row=np.array(missing_row, np.int64),
            missing_offsets=np.array(missing_offsets, np.int64),
            missing_ids=np.array(missing_ids, np.int64),
        )
    )


def _known_arms(section: Section) -> dict[int, dict[int, bool]]:
    if section.rule is ArmRule.IGNORE_ALL:
        return {}
    if section.rule is ArmRule.IGNORE_LINE_1:
        section.arms.pop(1, None)
    if section.rule is ArmRule.IGNORE_MANGLED:
        section.functions.close()
        for line in section.functions.mangled:
            section.arms.pop(line, None)
    return section.arms
