"""Work that failed for good this time: its commit says so, and the sweepers try again later instead of every minute."""

from datetime import timedelta

from peewee import fn

from app.helpers.text import storable
from app.logic.uploads import events
from app.logic.uploads.publish import FAILED as ASSEMBLY_FAILED
from app.models.git import Commit, CommitError
from app.models.reports import CommitReport

PAUSE = timedelta(hours=1)
PASSING_PAUSE = timedelta(minutes=10)  # after an error that says itself that it may pass
# Nearly as long as the longest pause between two tries of a message: only then is it noticed that the message was lost.
RETRYING = timedelta(minutes=12)
NOTIFY_FAILED = "notify_failed"


def postpone_assembly(report_id: int, error: BaseException) -> None:
    """Note that a report cannot be assembled; a new upload asks again at once."""
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return
    CommitReport.update(assembly_not_before=fn.now() + _pause(error)).where(CommitReport.id == report_id).execute()
    _tell(report.commit_id, ASSEMBLY_FAILED, events.MERGE_FAILED, error)


def leave_to_retry(commit_id: int) -> None:
    """Keep the sweepers from notifying about a commit while the message that failed is retried."""
    _hold(commit_id, RETRYING)


def postpone_notification(commit_id: int, error: BaseException) -> None:
    """Note that people cannot be told about a commit."""
    if _hold(commit_id, _pause(error)):
        _tell(commit_id, NOTIFY_FAILED, events.NOTIFY_FAILED, error)


def notification_worked(commit_id: int) -> None:
    """Take back what `postpone_notification` noted."""
    CommitError.delete().where((CommitError.commit == commit_id) & (CommitError.code == NOTIFY_FAILED)).execute()


def _pause(error: BaseException) -> timedelta:
    return PASSING_PAUSE if getattr(error, "permanent", None) is False else PAUSE


def _hold(commit_id: int, time: timedelta) -> bool:
    mine = (CommitReport.commit == commit_id) & (CommitReport.report_type == "coverage")
    return bool(CommitReport.update(notify_not_before=fn.now() + time).where(mine).execute())


def _tell(commit_id: int, code: str, milestone: str, error: BaseException) -> None:
    text = storable(f"{type(error).__name__}: {error}", 200)
    CommitError.record(commit_id, code, error=text)
    commit = Commit.get_by_id(commit_id)
    events.record(commit.repo_id, commit.sha, milestone, error=code, extra={"text": text})
