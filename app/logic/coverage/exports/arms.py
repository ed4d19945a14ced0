"""Which branch arms of a report can be named in other formats, and as what."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import PAIR, STYLE_SHIFT, arm_text, list_styles
from app.logic.coverage.ragged import Ints
from app.logic.coverage.report import MissingArms, Report

# Of several lists of a line the one is written whose style the formats have: `a:b`, then text, then targets.
_RANK_OF_STYLE: Final = np.array([2, 0, 1])
NO_LIST: Final = -1


@dataclass(frozen=True, slots=True)
class BranchRows:
    """The rows with branches: `row`, arms `covered` of `arms`, and `list`, the missing list that names the others.

    A list is NO_LIST where all arms are covered or none names just the arms that are not.
    """

    row: Ints
    covered: Ints
    arms: Ints
    list: Ints

    def take(self, chosen: Ints | NDArray[np.bool_]) -> "BranchRows":
        return BranchRows(self.row[chosen], self.covered[chosen], self.arms[chosen], self.list[chosen])


def branch_rows(report: Report) -> BranchRows:
    """Return the branches of a report that are counted, with the best list of each."""
    missing = report.missing
    covered = report.hits[report.branch_row]
    arms = report.branch_arms.astype(np.int64)
    owner = np.searchsorted(report.branch_row, missing.row)
    fits = (missing.arms == arms[owner]) & (np.diff(missing.offsets) == arms[owner] - covered[owner])
    lists = np.flatnonzero(fits)
    chosen = np.full(len(arms), NO_LIST, dtype=np.int64)
    # Written from the worst to the best rank, so that the best stays.
    order = np.argsort(-_ranks(missing)[lists], kind="stable")
    chosen[owner[lists[order]]] = lists[order]
    return BranchRows(report.branch_row, covered, arms, chosen)


def _ranks(missing: MissingArms) -> Ints:
    """Return the rank of each list, 0 = best."""
    ranks: Ints = _RANK_OF_STYLE[list_styles(missing.offsets, missing.ids)]
    return ranks


def are_pairs(missing: MissingArms) -> NDArray[np.bool_]:
    """Tell of each list whether all its ids are `a:b` of two numbers; ids ascend, and so do their styles."""
    first, last = missing.ids[missing.offsets[:-1]], missing.ids[missing.offsets[1:] - 1]
    pairs: NDArray[np.bool_] = (first >> STYLE_SHIFT == PAIR) & (last >> STYLE_SHIFT == PAIR)
    return pairs


def list_texts(missing: MissingArms, number: int) -> list[str]:
    """Return the ids of a list as text."""
    codes = missing.ids[missing.offsets[number] : missing.offsets[number + 1]].tolist()
    return [arm_text(code, missing.texts) for code in codes]
