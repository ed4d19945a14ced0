"""Prepare a commit before its first upload is processed: what the Git host knows about it, and pinned settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.clients.git.base import GitError, GitProvider
from app.helpers.text import storable
from app.logic.uploads import events
from app.logic.uploads.commit_details import fetch_details
from app.models.database import now
from app.models.git import CommitError
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository

log = structlog.get_logger(__name__)

GitFor = Callable[[Repository], GitProvider]


PATIENCE = timedelta(minutes=5)  # how long uploads wait for a Git host that does not answer


@dataclass(frozen=True, slots=True)
class Prepared:
    """The uploads that can be processed now; whoever has sent for them notes so with `Upload.called`."""

    outcome: str
    upload_ids: tuple[int, ...] = ()


def prepare_report(git_for: GitFor, report_id: int) -> Prepared:
    """Fetch the commit's details once, pin the settings of its report, and name the uploads that wait.

    Raises a temporary GitError (the message is retried) as long as the uploads can wait. After that, and after a
    permanent one, which becomes a commit error that people see, they go on without the details; the comparison asks
    for them again.
    """
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return Prepared("unknown")
    commit = report.commit
    if commit.details_at is None:
        try:
            fetch_details(git_for(commit.repo), commit)
        except GitError as error:
            if not error.permanent and now() - report.created_at < PATIENCE:
                raise
            if error.permanent:
                CommitError.record(commit.id, error.code, text=storable(str(error), 200))
            events.record(commit.repo_id, commit.sha, events.DETAILS_MISSING, error=error.code)
            log.info("commit.details.unavailable", commit_id=commit.id, code=error.code)
    return _dispatch(report)


def dispatch_report(report_id: int) -> tuple[int, ...]:
    """Go on without details: the uploads of a report that wait to be processed."""
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    return () if report is None else _dispatch(report).upload_ids


def _dispatch(report: CommitReport) -> Prepared:
    """Pin what processing needs and return the uploads that nobody has sent for yet."""
    if report.config is None:
        CommitReport.update(config={}, base_state="none").where(
            (CommitReport.id == report.id) & CommitReport.config.is_null()
        ).execute()
        events.record(report.commit.repo_id, report.commit.sha, events.PREPARED)
    waiting = (
        Upload.select(Upload.id)
        .where((Upload.report == report.id) & (Upload.state == "received") & Upload.lease_until.is_null())
        .order_by(Upload.session_index)
    )
    return Prepared("prepared", tuple(upload.id for upload in waiting))
