"""Which commit a head is compared with: the real base of its pull request, or its parent, if they have a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.clients.git.base import GitProvider, ObjectNotFound, Pull
from app.helpers.text import storable
from app.logic.uploads.commit_details import fetch_details, note_pull
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
    """Read the pull request of a commit from the host and update its row; None = the commit has none.

    Details of the commit that could not be had when its uploads were prepared are fetched here, because its parent
    and its pull request decide about the base.
    """
    if commit.details_at is None:
        fetch_details(git, commit)
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
        title=storable(pull.title, 1000),
        base_branch=storable(pull.base.branch),
        base_sha=pull.base.sha,
        head_branch=storable(pull.head.branch),
        head_sha=pull.head.sha,
    ).where(rows.Pull.id == row.id).execute()
    if commit.pull_number is None:
        note_pull(commit, number)
    return PullFacts(rows.Pull.get_by_id(row.id), pull)


def choose_base(git: GitProvider, commit: Commit, pull: PullFacts | None) -> Base:
    """Find the project base: the start itself, its nearest ancestor with a report, or the target branch's newest."""
    start = pull.pull.base.sha if pull is not None else commit.parent_sha
    if start is None:
        return Base(None, None, None)
    exact = _with_report(commit, [start])
    if exact:
        return _remember(pull, Base(start, exact[start], "exact"))
    ancestors = _ancestors(git, start)
    known = _with_report(commit, ancestors)
    nearest = next((known[sha] for sha in ancestors if sha in known), None)
    if nearest is not None:
        return _remember(pull, Base(start, nearest, "ancestor"))
    newest = _newest_on_branch(commit, pull.pull.base.branch) if pull is not None else None
    return _remember(pull, Base(start, newest, "branch" if newest is not None else None))


def _ancestors(git: GitProvider, start: str) -> list[str]:
    try:
        return [sha for sha, _ in git.get_ancestors(start, MAX_ANCESTORS)]
    except ObjectNotFound:
        # History that the host has lost, or a clone that does not reach so far: the branch may still help.
        return []


def _with_report(head: Commit, shas: Sequence[str]) -> dict[str, Commit]:
    """Return the commits among these that have a report; a head is never its own base, even if it holds no change."""
    query = (
        Commit.select()
        .join(CommitReport, on=(CommitReport.commit == Commit.id))
        .where(
            (Commit.repo == head.repo_id)
            & (Commit.id != head.id)
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
