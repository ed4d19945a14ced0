"""The BRDA records of LCOV tracefiles, one per branch arm."""

import re
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import pair_parts
from app.logic.coverage.exports.arms import NO_LIST, BranchRows, are_pairs, list_texts
from app.logic.coverage.exports.text_rows import TextRows, Where, text_rows
from app.logic.coverage.ragged import Ints, offsets_of, spread, take_lists
from app.logic.coverage.report import MissingArms

# What geninfo writes for a branch without a block. It is beyond the numbers that tools use, so arms that are only
# counted here never look like arms that another tool has named.
UNNAMED: Final = 4_294_967_295
# A report may claim any number of arms; each is a record here.
_MOST_ARMS: Final = 1_000
_MOST_OF_BLOCK: Final = 4_000_000
_BLOCK: Final = re.compile(r"(e?\d+):(.+)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def limit_arms(branches: BranchRows) -> BranchRows:
    """Return the branches; those with far too many arms become two arms of the same status."""
    large = branches.arms > _MOST_ARMS
    if branches.arms[~large].sum() > _MOST_OF_BLOCK:
        large = branches.arms > 2
    if not large.any():
        return branches
    full = branches.covered == branches.arms
    status = np.where(full, 2, branches.covered > 0)
    return replace(
        branches,
        covered=np.where(large, status, branches.covered),
        arms=np.where(large, 2, branches.arms),
        list=np.where(large, NO_LIST, branches.list),
    )


def brda_rows(branches: BranchRows, line: NDArray[np.int32], missing: MissingArms) -> TextRows:
    """Return the records of each branch; `line` is by row.

    An arm `block:branch` keeps its name; arms without a name are numbered, those taken first.
    """
    named = branches.list != NO_LIST
    in_pairs = np.zeros(len(named), dtype=bool)
    in_pairs[named] = are_pairs(missing)[branches.list[named]]
    numbered, paired = np.flatnonzero(~named), np.flatnonzero(in_pairs)
    parts = [_numbered(branches, numbered), _paired(branches, paired, missing)]
    owner, block, branch, taken = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((branch, block, owner))
    owner, block, branch, taken = owner[order], block[order], branch[order], taken[order]
    never = branches.covered[owner] == 0
    text = text_rows(
        len(owner),
        b"BRDA:",
        line[branches.row[owner]],
        b",",
        block,
        b",",
        branch,
        b",",
        Where(taken, (b"1\n",)),
        Where(~taken & ~never, (b"0\n",)),
        Where(never, (b"-\n",)),
    )
    records = np.bincount(owner, minlength=len(branches.row))
    rows = TextRows(text.text, text.offsets[offsets_of(records)])
    textual = np.flatnonzero(named & ~in_pairs)
    facts = zip(
        branches.list[textual].tolist(),
        line[branches.row[textual]].tolist(),
        branches.covered[textual].tolist(),
        strict=True,
    )
    return rows.insert(textual, [_textual(list_texts(missing, number), at, covered) for number, at, covered in facts])


_Arms = tuple[Ints, Ints, Ints, NDArray[np.bool_]]  # of each arm: number of its branch, block, number in it, taken


def _numbered(branches: BranchRows, chosen: Ints) -> _Arms:
    """Return the arms of branches without names."""
    arms = branches.arms[chosen]
    owner = np.repeat(chosen, arms)
    number = spread(np.zeros(len(arms), dtype=np.int64), arms)
    covered = branches.covered[owner]
    return owner, np.where(covered == branches.arms[owner], 0, UNNAMED), number, number < covered


def _paired(branches: BranchRows, chosen: Ints, missing: MissingArms) -> _Arms:
    """Return the arms of branches whose missing ones are `block:branch`.

    The names of those taken are not known: they get the block of the first missing one and the numbers left there.
    """
    offsets, ids = take_lists(missing.offsets, missing.ids, branches.list[chosen])
    block, number = pair_parts(ids)
    arms, covered = branches.arms[chosen], branches.covered[chosen]
    position = np.repeat(np.arange(len(chosen)), np.diff(offsets))
    first = block[offsets[:-1]]
    bounds = offsets_of(arms)
    inside = (block == first[position]) & (number < arms[position])
    free = np.ones(int(bounds[-1]), dtype=bool)
    free[bounds[position[inside]] + number[inside]] = False
    # As many numbers are free as arms were taken, or more: the first of them are used.
    running = offsets_of(free)
    owner = np.repeat(np.arange(len(chosen)), arms)
    used = free & (running[1:] - running[bounds[owner]] <= covered[owner])
    taken_number = (np.arange(len(free)) - bounds[owner])[used]
    return (
        chosen[np.concatenate([owner[used], position])],
        np.concatenate([first[owner[used]], block]),
        np.concatenate([taken_number, number]),
        np.arange(len(taken_number) + len(ids)) < len(taken_number),
    )


def _textual(ids: list[str], line: int, covered: int) -> bytes:
    """Return the records of one branch whose missing arms have names of text."""
    names: set[tuple[str, str]] = set()
    for text in ids:
        name = _named(text)
        while name in names:  # two ids that only differ in what a record cannot hold
            name = (name[0], name[1] + "'")
        names.add(name)
    numbers = range(covered + len(names))
    free = [name for number in numbers if (name := (str(UNNAMED), str(number))) not in names]
    records = [(*name, "1") for name in free[:covered]]
    records += [(*name, "0" if covered else "-") for name in sorted(names, key=_numerically)]
    return "".join(f"BRDA:{line},{block},{branch},{count}\n" for block, branch, count in records).encode()


def _named(text: str) -> tuple[str, str]:
    """Return block and branch of an id. Only a number can be a block; elsewhere the whole id is the branch."""
    text = _CONTROL.sub(" ", text).strip()
    match = _BLOCK.fullmatch(text)
    if match is not None:
        return match[1], match[2].strip()
    return "0", f"to {text}" if text.isdigit() else text


def _numerically(name: tuple[str, str]) -> tuple[int, str, int, str]:
    return len(name[0]), name[0], len(name[1]), name[1]
