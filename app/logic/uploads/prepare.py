"""Prepare a commit before its first upload is processed: what the Git host knows about it, and pinned settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from app.clients.git.base import GitError, GitProvider
from app.helpers.text import storable
from app.logic.repository_yaml.effective import effective_config
from app.logic.repository_yaml.pin import pin_config
from app.logic.uploads import events
from app.logic.uploads.commit_details import fetch_details
from app.logic.uploads.synthetic_merge import rebook_synthetic_merge
from app.models.database import now
from app.models.git import CommitError
from app.models.locks import try_lock
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository

log = structlog.get_logger(__name__)

GitFor = Callable[[Repository], GitProvider]
# Something else that is due when a commit is first prepared, such as looking after the repository's webhook.
Step = Callable[[GitProvider, CommitReport], object]


PATIENCE = timedelta(minutes=5)  # how long uploads wait for a Git host that does not answer


@dataclass(frozen=True, slots=True)
class Prepared:
    """The uploads that can be processed now; whoever has sent for them notes so with `Upload.called`.

    `moved_to` is the report that the uploads belong to instead, and which is to be prepared.
    """

    outcome: str
    upload_ids: tuple[int, ...] = ()
    moved_to: int | None = None


def prepare_report(git_for: GitFor, report_id: int, site: Mapping[str, Any], steps: Sequence[Step] = ()) -> Prepared:
    """Fetch the commit's details once, pin the configuration of its report, and name the uploads that wait.

    `site` is the configuration that the installation gives every repository. `steps` follow the first time, in order;
    one that fails is logged and stops nothing. Raises a temporary GitError (the message is retried) as long as the
    uploads can wait. After that, and after a permanent one, which becomes a commit error that people see, they go on
    without the details; the comparison asks for them again.
    """
    # Many uploads arrive at once, and each sends for preparation: one worker asks the Git host for all of them.
    with try_lock(f"prepare:{report_id}") as held:
        report = CommitReport.get_or_none(CommitReport.id == report_id)
        if report is None:
            return Prepared("unknown")
        if not held and report.config is None:
            # Whoever has the lock looks for waiting uploads after letting go of it, and so finds ours.
            return Prepared("prepared_elsewhere")
        target = _prepare(git_for, report, site, steps)
    if target is not None:
        return Prepared("rebooked", moved_to=target)
    return Prepared("prepared", _waiting(report))


def _prepare(git_for: GitFor, report: CommitReport, site: Mapping[str, Any], steps: Sequence[Step]) -> int | None:
    """Do what is still to be done; returns the report that the uploads belong to instead, if there is one."""
    commit = report.commit
    may_retry = now() - report.created_at < PATIENCE
    git: GitProvider | None = None
    try:
        git = git_for(commit.repo)
        if commit.details_at is None:
            fetch_details(git, commit)
    except GitError as error:
        if not error.permanent and may_retry:
            raise
        _record(report, error)
    if git is not None and (target := rebook_synthetic_merge(git, report)) is not None:
        return target
    if report.config is None:
        pin_config(git, report, site, may_retry=may_retry)
        events.record(commit.repo_id, commit.sha, events.PREPARED)
        if git is not None:
            _follow(steps, git, report)
    return None


def dispatch_report(report_id: int, site: Mapping[str, Any]) -> tuple[int, ...]:
    """Go on without the Git host: the uploads of a report that wait to be processed."""
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return ()
    if report.config is None:
        repository = report.commit.repo
        config = effective_config(site, repository.owner.config, repository.config)
        unpinned = (CommitReport.id == report.id) & CommitReport.config.is_null()
        CommitReport.update(config=config).where(unpinned).execute()
    return _waiting(report)


def _follow(steps: Sequence[Step], git: GitProvider, report: CommitReport) -> None:
    for step in steps:
        try:
            step(git, report)
        except Exception as error:  # a help, not a condition: the uploads go on whatever it is
            log.warning("prepare.step.failed", report_id=report.id, error_class=type(error).__name__)


def _record(report: CommitReport, error: GitError) -> None:
    """Tell people why the details of a commit are missing, unless it may yet pass by itself."""
    commit = report.commit
    if error.permanent:
        CommitError.record(commit.id, error.code, text=storable(str(error), 200))
    if report.config is None:
        # Once is enough: every upload of the commit comes by here.
        events.record(commit.repo_id, commit.sha, events.DETAILS_MISSING, error=error.code)
    log.info("commit.details.unavailable", commit_id=commit.id, code=error.code)


def _waiting(report: CommitReport) -> tuple[int, ...]:
    """Return the uploads that nobody has sent for yet."""
    waiting = (
        Upload.select(Upload.id)
        .where((Upload.report == report.id) & (Upload.state == "received") & Upload.lease_until.is_null())
        .order_by(Upload.session_index)
    )
    return tuple(upload.id for upload in waiting)
