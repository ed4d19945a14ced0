"""Repeated lines of one upload reduced to one row each, by the rule that also joins uploads."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder_order import order_facts
from app.logic.coverage.lattice import families, family_arms, intersect_groups, settle
from app.logic.coverage.ragged import Ints, offsets_of, take_lists
from app.logic.coverage.report import IGNORED, Complexity, MissingArms, Report


def reduce_duplicates(report: Report) -> Report:
    """Return the report, whose lines ascend but may repeat, with one row per (file, line)."""
    fresh = np.ones(len(report.line), dtype=bool)
    fresh[1:] = report.line[1:] != report.line[:-1]
    fresh[report.offsets[:-1]] = True
    if fresh.all():
        return report
    group = np.cumsum(fresh) - 1  # the new number of every row
    repeated = np.bincount(group) > 1
    rows = np.flatnonzero(repeated[group])
    heads = np.flatnonzero(fresh[rows])
    groups = group[rows[heads]]

    arms = np.zeros(len(report.line), dtype=np.int32)
    arms[report.branch_row] = report.branch_arms
    hits = report.hits[fresh]
    kind = report.kind[fresh]
    kind[groups] = np.maximum.reduceat(report.kind[rows], heads)
    lists, covered, full = _join_lists(report, group, repeated)
    hits_of, arms_of = report.hits[rows], arms[rows]
    branches = arms_of > 0
    hits[groups], joined_arms, is_full = settle(
        plain=np.maximum.reduceat(np.where(branches, -1, hits_of), heads),
        covered=np.maximum(np.maximum.reduceat(np.where(branches, hits_of, 0), heads), covered[groups]),
        arms=np.maximum.reduceat(arms_of, heads),
        full=np.logical_or.reduceat(branches & (hits_of == arms_of), heads) | full[groups],
        ignored=np.minimum.reduceat(hits_of, heads) == IGNORED,
    )
    arms = arms[fresh]
    arms[groups] = joined_arms
    settled = np.zeros(len(hits), dtype=bool)
    settled[groups] = is_full | (joined_arms == 0)
    branch_row = np.flatnonzero(arms)
    return order_facts(
        replace(
            report,
            offsets=offsets_of(fresh)[report.offsets],
            line=report.line[fresh],
            hits=hits,
            kind=kind,
            branch_row=branch_row,
            branch_arms=arms[branch_row],
            missing=_keep_lists(lists, ~settled[lists.row]),
            complexity=_join_complexity(report.complexity, group),
        )
    )


def _join_lists(
    report: Report, group: Ints, repeated: NDArray[np.bool_]
) -> tuple[MissingArms, Ints, NDArray[np.bool_]]:
    """Return the lists by new row, and per new row the arms they prove covered and whether that is all of them.

    Lists of repeated lines are intersected per family; those of rows that never ran say nothing. Lists of other lines
    stay as they are.
    """
    missing = report.missing
    row = group[missing.row]
    single = ~repeated[row]
    covered = np.zeros(len(repeated), dtype=np.int64)
    full = np.zeros(len(repeated), dtype=bool)
    telling = np.flatnonzero(~single & (report.hits[missing.row] > 0))
    if not len(telling):
        return _keep_lists(replace(missing, row=row), single), covered, full
    family = families(missing.arms, missing.offsets, missing.ids)
    telling = telling[np.lexsort((family[telling], row[telling]))]
    changes = np.diff(row[telling], prepend=-1).astype(bool) | np.diff(family[telling], prepend=-1).astype(bool)
    offsets, ids = intersect_groups(np.cumsum(changes), *take_lists(missing.offsets, missing.ids, telling))
    heads = telling[changes]
    sizes = np.diff(offsets)
    full[row[heads[sizes == 0]]] = True
    np.maximum.at(covered, row[heads], family_arms(family[heads]) - sizes)

    kept = take_lists(missing.offsets, missing.ids, np.flatnonzero(single))
    joined = MissingArms(
        np.concatenate([row[single], row[heads]]),
        np.concatenate([missing.arms[single], missing.arms[heads]]),
        np.concatenate([kept[0], kept[0][-1] + offsets[1:]]),
        np.concatenate([kept[1], ids]),
        missing.texts,
    )
    return _keep_lists(joined, np.diff(joined.offsets) > 0), covered, full


def _keep_lists(missing: MissingArms, keep: NDArray[np.bool_]) -> MissingArms:
    if keep.all():
        return missing
    chosen = np.flatnonzero(keep)
    lists = take_lists(missing.offsets, missing.ids, chosen)
    return MissingArms(missing.row[chosen], missing.arms[chosen], *lists, missing.texts)


def _join_complexity(complexity: Complexity, group: Ints) -> Complexity:
    """Return the complexities by new row: pairs win over plain numbers, then the larger of each part."""
    row = group[complexity.row]
    if not len(row):
        return complexity
    heads = np.flatnonzero(np.diff(row, prepend=-1))
    total = np.maximum.reduceat(complexity.total, heads)
    sizes = np.diff(np.append(heads, len(row)))
    counts = (complexity.total >= 0) == np.repeat(total >= 0, sizes)
    value = np.maximum.reduceat(np.where(counts, complexity.value, 0), heads)
    return Complexity(row[heads], value, total)
