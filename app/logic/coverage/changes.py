"""Indirect changes: files whose coverage changed although the diff does not say why."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.report import HIT, MISS, PARTIAL
from app.logic.coverage.totals import Totals, ratio

ChangeKind = Literal["changed", "new", "deleted"]


@dataclass(frozen=True, slots=True)
class IndirectChange:
    """The unexpected changes of one file, head minus base over the changed lines only.

    `new` files have coverage at head only and `deleted` ones at base only, without the diff adding or deleting them.
    `coverage` is the change of the file's coverage in percentage points that these lines make; None for new and deleted
    files, and where only lines without a count changed.
    """

    path: str
    kind: ChangeKind
    in_diff: bool
    hits: int
    misses: int
    partials: int
    coverage: Decimal | None

    @property
    def uncovered(self) -> int:
        """How many lines more (or fewer, below zero) are not covered."""
        return self.misses + self.partials


def indirect_changes(comparison: ReportComparison) -> tuple[IndirectChange, ...]:
    """Return one entry for every file with unexpected changes, by path; empty when there is no base report."""
    return tuple(_change(file) for file in comparison.files if file.unexpected)


def _change(file: ImpactedFile) -> IndirectChange:
    before = Counter(status for (_, status), _ in file.unexpected)
    after = Counter(status for _, (_, status) in file.unexpected)
    hits, misses, partials = (after[status] - before[status] for status in (HIT, MISS, PARTIAL))
    kind = _kind(file)
    coverage = None
    if kind == "changed" and file.base_totals and (hits or misses or partials):
        coverage = _coverage_change(file.base_totals, hits, hits + misses + partials)
    return IndirectChange(file.path, kind, file.in_diff, hits, misses, partials, coverage)


def _kind(file: ImpactedFile) -> ChangeKind:
    if file.head_totals is None:
        return "deleted"
    # A file of which the base counts no line says as little as a file that it does not have.
    if file.base_totals is None or file.base_totals.lines == 0:
        return "new"
    return "changed"


def _coverage_change(base: Totals, hits: int, lines: int) -> Decimal | None:
    changed = ratio(base.hits + hits, base.lines + lines)
    return None if changed is None or base.percent is None else Decimal(changed) - base.percent
