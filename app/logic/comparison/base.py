"""Which commit a head is compared with: the real base of its pull request, or its parent, if they have a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.clients.git.base import GitProvider, ObjectNotFound, Pull
from app.models import git as rows
from app.models.git import Commit
from app.models.reports import CommitReport

MAX_ANCESTORS = 100
Method = Literal["exact", "ancestor", "branch"]


@dataclass(frozen=True, slots=True)
class Base:
    """The chosen base. `sha` is where the change starts (patch coverage); `commit` the nearest one with a report."""

    sha: str | None
    commit: Commit | None
    method: Method | None


@dataclass(frozen=True, slots=True)
class PullFacts:
    """A pull request as the host knows it and as the row remembers it."""

    row: rows.Pull
    pull: Pull


def refresh_pull(git: GitProvider, commit: Commit) -> PullFacts | None:
    """Read the pull request of a commit from the host and update its row; None = the commit has none."""
    number = commit.pull_number or git.find_pull(commit.sha, commit.branch)
    if number is None:
        return None
    try:
        pull = git.get_pull(number)
    except ObjectNotFound:
        return None
    row = rows.Pull.ensure(commit.repo_id, pull.number)
    rows.Pull.update(
        state=pull.state,
        title=pull.title[:1000],
        base_branch=pull.base.branch,
        base_sha=pull.base.sha,
        head_branch=pull.head.branch,
        head_sha=pull.head.sha,
    ).where(rows.Pull.id == row.id).execute()
    if commit.pull_number is None:
        Commit.update(pull_number=number).where(Commit.id == commit.id).execute()
    return PullFacts(rows.Pull.get_by_id(row.id), pull)


def choose_base(git: GitProvider, commit: Commit, pull: PullFacts | None) -> Base:
    """Find the project base: the start itself, its nearest ancestor with a report, or the target branch's newest."""
    start = pull.pull.base.sha if pull is not None else commit.parent_sha
    if start is None:
        return Base(None, None, None)
    exact = _with_report(commit.repo_id, [start])
    if exact:
        return _remember(pull, Base(start, exact[start], "exact"))
    ancestors = [sha for sha, _ in git.get_ancestors(start, MAX_ANCESTORS)]
    known = _with_report(commit.repo_id, ancestors)
    nearest = next((known[sha] for sha in ancestors if sha in known), None)
    if nearest is not None:
        return _remember(pull, Base(start, nearest, "ancestor"))
    newest = _newest_on_branch(commit, pull.pull.base.branch) if pull is not None else None
    return _remember(pull, Base(start, newest, "branch" if newest is not None else None))


def _with_report(repo_id: int, shas: Sequence[str]) -> dict[str, Commit]:
    query = (
        Commit.select()
        .join(CommitReport, on=(CommitReport.commit == Commit.id))
        .where(
            (Commit.repo == repo_id)
            & Commit.sha.in_(list(shas))
            & Commit.deleted_at.is_null()
            & (CommitReport.report_type == "coverage")
            & CommitReport.fingerprint.is_null(False)
        )
    )
    return {row.sha: row for row in query}


def _newest_on_branch(head: Commit, branch: str) -> Commit | None:
    newest: Commit | None = (
        Commit.select()
        .join(CommitReport, on=(CommitReport.commit == Commit.id))
        .where(
            (Commit.repo == head.repo_id)
            & (Commit.branch == branch)
            & (Commit.committed_at < head.committed_at)
            & (Commit.id != head.id)
            & Commit.deleted_at.is_null()
            & (Commit.pull_number.is_null() | Commit.merged)
            & (CommitReport.report_type == "coverage")
            & CommitReport.fingerprint.is_null(False)
        )
        .order_by(Commit.committed_at.desc())
        .first()
    )
    return newest


def _remember(pull: PullFacts | None, base: Base) -> Base:
    if pull is not None:
        compared = base.commit.sha if base.commit is not None else None
        rows.Pull.update(compared_to_sha=compared, base_method=base.method).where(rows.Pull.id == pull.row.id).execute()
    return base
