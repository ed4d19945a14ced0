"""Decide the statuses `project` and `patch`: pass or fail, and the sentence beside it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from app.clients.git.base import StatusState
from app.logic.coverage.comparison import ImpactedFile
from app.logic.coverage.report import HIT, MISS, PARTIAL
from app.logic.coverage.totals import Totals, ratio
from app.logic.notifications.subject import Subject

StatusKind = Literal["project", "patch"]
MAX_DESCRIPTION: Final = 140  # characters; GitHub refuses longer ones
# How far below the adjusted base a head still passes, in points: half of the last decimal that people see by default.
ADJUSTED_TOLERANCE: Final = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """Options of one status; `target` None = automatic: the coverage of the base. Percentages and points."""

    target: Decimal | None = None
    threshold: Decimal = Decimal(0)
    informational: bool = False
    if_not_found: StatusState = "success"
    adjust_base: bool = True


@dataclass(frozen=True, slots=True)
class StatusDecision:
    """The status to show."""

    kind: StatusKind
    state: StatusState
    description: str


def decide_status(kind: StatusKind, subject: Subject, options: StatusOptions) -> StatusDecision:
    """Return the status of a comparison; an informational one shows its numbers but never fails."""
    state, text = (_project if kind == "project" else _patch)(subject, options)
    if state == "failure" and options.informational:
        state = "success"
    return StatusDecision(kind, state, cut(text))


def _project(subject: Subject, options: StatusOptions) -> tuple[StatusState, str]:
    comparison, percent = subject.comparison, subject.numbers.percent
    head = comparison.head.percent
    if head is None:
        return options.if_not_found, "No coverage found for head"
    if comparison.base is None or subject.base is None:
        return options.if_not_found, "No base report to compare with"
    base = comparison.base.percent
    if base is None:
        return options.if_not_found, "Base report holds no coverage"
    if options.target is not None:
        text = f"{percent(head)} (target {percent(options.target)})"
        return _verdict(head >= options.target - options.threshold), text
    text = f"{percent(head)} ({percent(head - base, plus=True)}) compared to {subject.base.short}"
    if head >= base - options.threshold:
        return "success", text
    adjusted = adjusted_base(comparison.base, comparison.files) if options.adjust_base else None
    if adjusted is None or adjusted - options.threshold - head >= ADJUSTED_TOLERANCE:
        return "failure", text
    if head >= adjusted:
        return "success", f"{text} - passes: {percent(head - adjusted)} above adjusted base {percent(adjusted)}"
    return "success", f"{text} - passes: within {percent(options.threshold)} of adjusted base {percent(adjusted)}"


def adjusted_base(base: Totals, files: Iterable[ImpactedFile]) -> Decimal | None:
    """Return the coverage of the base without the lines that the change removed; None if it has no other lines.

    Deleting tested code lowers the coverage although nothing got worse, and must not fail a change.
    """
    removed = Counter(status for file in files for _, status in file.removed)
    hits = base.hits - removed[HIT]
    coverage = ratio(hits, hits + base.misses - removed[MISS] + base.partials - removed[PARTIAL])
    return None if coverage is None else Decimal(coverage)


def _patch(subject: Subject, options: StatusOptions) -> tuple[StatusState, str]:
    comparison, percent = subject.comparison, subject.numbers.percent
    patch = comparison.patch.percent if comparison.patch is not None else None
    if patch is None:
        commits = f" ({subject.base.short}...{subject.head.short})" if subject.base is not None else ""
        return "success", f"Patch has no coverable lines{commits}"
    target = options.target
    if target is None:
        target = comparison.base.percent if comparison.base is not None else None
    if target is None:
        return options.if_not_found, "No base report to compare with"
    if target - options.threshold <= patch < target:
        tolerated = f"within {percent(options.threshold)} threshold of {percent(target)}"
        return "success", f"{percent(patch)} of diff hit ({tolerated})"
    return _verdict(patch >= target), f"{percent(patch)} of diff hit (target {percent(target)})"


def _verdict(passed: bool) -> StatusState:
    return "success" if passed else "failure"


def cut(text: str) -> str:
    """Shorten a description at a word to what every host accepts."""
    if len(text) <= MAX_DESCRIPTION:
        return text
    return text[: MAX_DESCRIPTION - 1].rpartition(" ")[0] + "…"
