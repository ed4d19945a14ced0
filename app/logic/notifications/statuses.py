"""Decide the statuses `project` and `patch`: pass or fail, and the sentence beside it. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.clients.git.base import StatusState
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.report import HIT, MISS, PARTIAL
from app.logic.coverage.totals import ratio
from app.logic.notifications.subject import Subject, short

StatusKind = Literal["project", "patch"]
MAX_DESCRIPTION = 140  # GitHub refuses longer ones
# How far the adjusted base may lie above the head: the last decimal of a displayed number, halved.
ADJUSTED_TOLERANCE = Decimal("0.005")


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
    comparison, show = subject.comparison, subject.numbers.show
    head = comparison.head.percent
    if head is None:
        return options.if_not_found, "No coverage found for head"
    if options.target is not None:
        text = f"{show(head)}% (target {show(options.target)}%)"
        return _verdict(head >= options.target - options.threshold), text
    if comparison.base is None:
        return options.if_not_found, "No base report to compare with"
    base = comparison.base.percent
    if base is None:
        return options.if_not_found, "Base report holds no coverage"
    text = f"{show(head)}% ({show(head - base, plus=True)}%) compared to {short(subject.base_sha)}"
    if head >= base - options.threshold:
        return "success", text
    adjusted = adjusted_base(comparison) if options.adjust_base else None
    if adjusted is None or adjusted - options.threshold - head >= ADJUSTED_TOLERANCE:
        return "failure", text
    if head >= adjusted:
        return "success", f"{text} - passes: {show(head - adjusted)}% above adjusted base {show(adjusted)}%"
    return "success", f"{text} - passes: within {show(options.threshold)}% of adjusted base {show(adjusted)}%"


def adjusted_base(comparison: ReportComparison) -> Decimal | None:
    """Coverage of the base without the lines that the change removed: deleting tested code must not fail a change."""
    base = comparison.base
    if base is None:
        return None
    removed = [status for file in comparison.files for _, status in file.removed]
    hits = base.hits - removed.count(HIT)
    lines = hits + base.misses - removed.count(MISS) + base.partials - removed.count(PARTIAL)
    text = ratio(hits, lines)
    return None if text is None or not removed else Decimal(text)


def _patch(subject: Subject, options: StatusOptions) -> tuple[StatusState, str]:
    comparison, show = subject.comparison, subject.numbers.show
    patch = comparison.patch.percent if comparison.patch is not None else None
    if patch is None:
        if subject.base_sha is None and subject.patch_base_sha is None:
            return "success", "Patch has no coverable lines"
        base = short(subject.base_sha or subject.patch_base_sha)
        return "success", f"Patch has no coverable lines ({base}...{short(subject.head_sha)})"
    target = options.target
    if target is None:
        target = comparison.base.percent if comparison.base is not None else None
    if target is None:
        return options.if_not_found, "No base report to compare with"
    if target - options.threshold <= patch < target:
        text = f"{show(patch)}% of diff hit (within {show(options.threshold)}% threshold of {show(target)}%)"
        return "success", text
    return _verdict(patch >= target), f"{show(patch)}% of diff hit (target {show(target)}%)"


def _verdict(passed: bool) -> StatusState:
    return "success" if passed else "failure"


def cut(text: str) -> str:
    """Shorten a description at a word to what every host accepts."""
    if len(text) <= MAX_DESCRIPTION:
        return text
    return text[: MAX_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
