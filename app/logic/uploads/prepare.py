"""Prepare a commit before its first upload is processed: what the Git host knows about it, and pinned settings."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from peewee import fn

from app.clients.git.base import GitError, GitProvider
from app.logic.uploads import events
from app.models.git import Commit, CommitError
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository

log = structlog.get_logger(__name__)

GitFor = Callable[[Repository], GitProvider]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The uploads that can be processed now."""

    outcome: str
    upload_ids: tuple[int, ...] = ()


def prepare_report(git_for: GitFor, report_id: int) -> Prepared:
    """Fetch the commit's details once, pin the settings of its report, and name the uploads that wait.

    Raises a temporary GitError (the message is retried); a permanent one becomes a commit error that people see, and
    the uploads go on without the details.
    """
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return Prepared("unknown")
    commit = report.commit
    if commit.details_at is None:
        try:
            _fetch_details(git_for(commit.repo), commit)
        except GitError as error:
            if not error.permanent:
                raise
            CommitError.record(commit.id, error.code, text=str(error)[:200])
            log.info("commit.details.unavailable", commit_id=commit.id, code=error.code)
    return dispatch(report)


def dispatch(report: CommitReport) -> Prepared:
    """Pin what processing needs and return the waiting uploads; also the way on when details cannot be had at all."""
    if report.config is None:
        CommitReport.update(config={}, base_state="none").where(
            (CommitReport.id == report.id) & CommitReport.config.is_null()
        ).execute()
        events.record(report.commit.repo_id, report.commit.sha, events.PREPARED)
    waiting = (
        Upload.select(Upload.id)
        .where((Upload.report == report.id) & (Upload.state == "received"))
        .order_by(Upload.session_index)
    )
    return Prepared("prepared", tuple(upload.id for upload in waiting))


def dispatch_report(report_id: int) -> tuple[int, ...]:
    """Go on without details: the uploads of a report that wait to be processed."""
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    return () if report is None else dispatch(report).upload_ids


def _fetch_details(git: GitProvider, commit: Commit) -> None:
    found = git.get_commit(commit.sha)
    pull = commit.pull_number or git.find_pull(commit.sha, commit.branch)
    Commit.update(
        message=found.message.replace("\x00", "")[:10_000],
        committed_at=found.timestamp,
        parent_sha=found.parents[0] if found.parents else None,
        pull_number=pull,
        details_at=fn.now(),
    ).where(Commit.id == commit.id).execute()
