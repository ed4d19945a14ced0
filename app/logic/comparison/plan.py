"""Decide which comparisons a finished report needs."""

from collections.abc import Callable

from peewee import fn

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
    """Return the comparisons of open pull requests whose base this commit is, unless they know its current report.

    Their heads are told again: they showed older numbers of this base, or those of another commit, because the report
    of this one came after theirs.
    """
    base = Commit.get_or_none(Commit.id == commit_id)
    if base is None:
        return ()
    report = coverage_report(base)
    if report is None or report.fingerprint is None:
        return ()
    ids = []
    for head in _heads_on(base, report.generation):
        head_report = coverage_report(head)
        if head_report is not None and head_report.fingerprint is not None:
            ids.append(Comparison.ensure(base.id, head.id).id)
            CommitReport.want_notification(head_report.id)
    return tuple(ids)


def _heads_on(base: Commit, generation: int) -> list[Commit]:
    """Return the heads of open pull requests that start at this commit, or were compared with an older report of it."""
    known = Comparison.select(Comparison.base_generation).where(
        (Comparison.base_commit == base.id) & (Comparison.head_commit == Commit.id)
    )
    starts_here = (Pull.base_sha == base.sha) & ~fn.EXISTS(known.where(Comparison.base_generation == generation))
    outdated = fn.EXISTS(known.where(Comparison.base_generation < generation))
    return list(
        Commit.select()
        .join(Pull, on=((Pull.repo == Commit.repo) & (Pull.number == Commit.pull_number)))
        .where(
            (Commit.repo == base.repo_id)
            & (Commit.id != base.id)
            & (Pull.state == "open")
            & (Pull.head_sha == Commit.sha)
            & (starts_here | outdated)
        )
    )
