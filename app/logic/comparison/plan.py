"""Decide which comparisons a finished report needs."""

from collections.abc import Callable

from app.clients.git.base import GitProvider
from app.logic.comparison.base import choose_base, refresh_pull
from app.logic.comparison.compute import coverage_report
from app.models.git import Commit, Pull
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.models.results import Comparison


def plan_comparison(git_for: Callable[[Repository], GitProvider], commit_id: int) -> int | None:
    """Find the base of a head commit and return the row of their comparison; None = nothing to compare with."""
    commit = Commit.get_or_none(Commit.id == commit_id)
    if commit is None:
        return None
    git = git_for(commit.repo)
    base = choose_base(git, commit, refresh_pull(git, commit))
    return None if base.commit is None else Comparison.ensure(base.commit.id, commit.id).id


def dependents(commit_id: int) -> tuple[int, ...]:
    """Return the comparisons of open pull requests that used an older report of this commit as their base.

    Their heads are told again: the numbers they showed are no longer those of the base.
    """
    commit = Commit.get_by_id(commit_id)
    report = coverage_report(commit)
    stale = (
        Comparison.select(Comparison.id, Comparison.head_commit)
        .join(Commit, on=(Comparison.head_commit == Commit.id))
        .join(Pull, on=((Pull.repo == Commit.repo) & (Pull.number == Commit.pull_number)))
        .where(
            (Comparison.base_commit == commit_id)
            & (Comparison.base_generation < (report.generation if report is not None else 0))
            & (Pull.state == "open")
            & (Pull.head_sha == Commit.sha)
        )
    )
    ids = []
    for row in stale:
        head = coverage_report(Commit.get_by_id(row.head_commit_id))
        if head is not None:
            CommitReport.want_notification(head.id)
            ids.append(row.id)
    return tuple(ids)
