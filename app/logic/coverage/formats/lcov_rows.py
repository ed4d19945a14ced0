"""From the facts of many LCOV sections, as columns, to rows of a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.formats.lcov_records import ArmRule
from app.logic.coverage.ragged import offsets_of, spread
from app.logic.coverage.report import BRANCH, METHOD, Rows

LINE_BITS: Final = 32  # a key is section << LINE_BITS | line

Keys = NDArray[np.int64]
_Arms = tuple[Keys, NDArray[np.int64], NDArray[np.bool_]]  # key, code, taken


class SectionFile(NamedTuple):
    """The file that a section is about: its number in the builder, and what holds for its arms."""

    number: int
    rule: ArmRule


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Facts by key: hits of lines, taken arms in the order of the document, starts of functions (some `mangled`)."""

    line_key: Keys
    hits: NDArray[np.int64]
    arm_key: Keys
    arm_code: NDArray[np.int64]
    arm_taken: NDArray[np.bool_]
    start_key: Keys
    mangled_key: Keys

    def split(self, key: int) -> "tuple[Facts, Facts]":
        """The facts of keys below `key`, and the others."""
        lines, arms = _split(self.line_key, key), _split(self.arm_key, key)
        starts, mangled = _split(self.start_key, key), _split(self.mangled_key, key)
        below, above = (
            Facts(
                self.line_key[lines[side]],
                self.hits[lines[side]],
                self.arm_key[arms[side]],
                self.arm_code[arms[side]],
                self.arm_taken[arms[side]],
                self.start_key[starts[side]],
                self.mangled_key[mangled[side]],
            )
            for side in (0, 1)
        )
        return below, above

    def with_arms_in(self, order: NDArray[np.int64]) -> "Facts":
        """The same facts with the arms in another order."""
        return replace(
            self,
            arm_key=self.arm_key[order],
            arm_code=self.arm_code[order],
            arm_taken=self.arm_taken[order],
        )


def _split(keys: Keys, border: int) -> tuple[slice | NDArray[np.bool_], slice | NDArray[np.bool_]]:
    """How to select the keys below the border and the others: by slices, which copy nothing, where they can."""
    below = keys < border
    count = int(np.count_nonzero(below))
    if below[:count].all():
        return slice(count), slice(count, None)
    return below, ~below


def join(parts: Sequence[Facts]) -> Facts:
    """The facts of several blocks, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Facts(
        np.concatenate([part.line_key for part in parts]),
        np.concatenate([part.hits for part in parts]),
        np.concatenate([part.arm_key for part in parts]),
        np.concatenate([part.arm_code for part in parts]),
        np.concatenate([part.arm_taken for part in parts]),
        np.concatenate([part.start_key for part in parts]),
        np.concatenate([part.mangled_key for part in parts]),
    )


def rows_of(facts: Facts, files: Sequence[SectionFile], first: int, partials_as_hits: bool) -> Rows:
    """Make rows of complete sections; `files[i]` is the file of section `first + i`.

    The arms of a line stand in for its hits; repeated hits count as their maximum, of a repeated arm the last wins.
    """
    key, hits = _largest(facts.line_key, facts.hits)
    arm_key, arm_code, taken = _believed(facts, files, first)
    head = _heads(arm_key)
    branch_key = arm_key[head]
    arms = np.diff(head, append=len(arm_key))
    covered = np.diff(offsets_of(taken)[np.append(head, len(taken))])

    row, known = _find(key, branch_key)
    if not known.all():
        line_key, line_hits = key, hits
        key = np.union1d(line_key, branch_key)
        hits = np.zeros(len(key), np.int64)
        hits[np.searchsorted(key, line_key)] = line_hits
        row = np.searchsorted(key, branch_key)
    start, known = _find(branch_key, facts.start_key)
    kind = np.zeros(len(key), np.uint8)
    kind[row] = BRANCH
    kind[row[start[known]]] = METHOD
    hits[row] = covered
    missed = ~taken
    if partials_as_hits:
        partial = (covered > 0) & (covered < arms)
        hits[row[partial]] = 1
        missed &= np.repeat(~partial, arms)
    missing = np.flatnonzero(missed)
    missing_row = np.repeat(row, arms)[missing]
    if partials_as_hits:
        row, arms = row[~partial], arms[~partial]
    list_head = _heads(missing_row)
    borders = np.searchsorted(key, np.arange(first, first + len(files) + 1) << LINE_BITS)
    return Rows(
        files=np.array([file.number for file in files], np.int64),
        counts=np.diff(borders),
        line=key.astype(np.int32),  # which leaves the low half
        hits=hits,
        kind=kind,
        branch_row=row,
        branch_arms=arms,
        missing_row=missing_row[list_head],
        missing_offsets=np.append(list_head, len(missing_row)),
        missing_ids=arm_code[missing],
    )


def _largest(key: Keys, hits: NDArray[np.int64]) -> tuple[Keys, NDArray[np.int64]]:
    """Ascending distinct keys with the largest hits of each."""
    if (key[1:] > key[:-1]).all():
        return key, hits
    order = np.argsort(key, kind="stable")
    key = key[order]
    head = _heads(key)
    return key[head], np.maximum.reduceat(hits[order], head)


def _believed(facts: Facts, files: Sequence[SectionFile], first: int) -> _Arms:
    """The arms, ascending and distinct, without those that the rule of their file ignores."""
    key, code, taken = _last(facts.arm_key, facts.arm_code, facts.arm_taken)
    start, end = _ignored(facts.mangled_key, files, first)
    low, high = np.searchsorted(key, start), np.searchsorted(key, end)
    if (low == high).all():
        return key, code, taken
    keep = np.ones(len(key), bool)
    keep[spread(low, high - low)] = False
    return key[keep], code[keep], taken[keep]


def _ignored(mangled: Keys, files: Sequence[SectionFile], first: int) -> tuple[Keys, Keys]:
    """Ranges of keys whose arms say nothing about the source."""
    rules = np.array([file.rule.value for file in files], np.uint8)
    sections = np.arange(first, first + len(files)) << LINE_BITS
    whole = sections[rules == ArmRule.IGNORE_ALL.value]
    lines = [sections[rules == ArmRule.IGNORE_LINE_1.value] + 1]
    if len(mangled):
        lines.append(mangled[rules[(mangled >> LINE_BITS) - first] == ArmRule.IGNORE_MANGLED.value])
    line = np.concatenate(lines)
    return np.append(whole, line), np.append(whole + (1 << LINE_BITS), line + 1)


def _last(key: Keys, code: NDArray[np.int64], taken: NDArray[np.bool_]) -> _Arms:
    """Arms ascending by line and code, of repeated ones the last."""
    same = key[1:] == key[:-1]
    if ((key[1:] > key[:-1]) | (same & (code[1:] > code[:-1]))).all():
        return key, code, taken
    order = np.lexsort((code, key))
    key, code, taken = key[order], code[order], taken[order]
    final = np.ones(len(key), bool)
    final[:-1] = (key[1:] != key[:-1]) | (code[1:] != code[:-1])
    return key[final], code[final], taken[final]


def _heads(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where a new value begins."""
    fresh = np.ones(len(ascending), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=fresh[1:])
    return np.flatnonzero(fresh)


def _find(ascending: Keys, key: Keys) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each key stands, and whether it does."""
    place = np.searchsorted(ascending, key)
    if not len(ascending):
        return place, np.zeros(len(key), bool)
    return place, ascending[np.minimum(place, len(ascending) - 1)] == key
