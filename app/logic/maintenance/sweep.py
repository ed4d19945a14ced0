"""Find work that waits too long: its message was lost, or the worker that had it died.

Taking a row also moves the moment from which its wait counts, in the same transaction. So a row is woken once per
patience, however often the sweepers run, and a row that keeps failing does not keep the others out.
"""

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from peewee import fn

from app.logic.uploads.finish import COMPLETION_PATIENCE
from app.logic.uploads.problems import PROCESSING_TIMEOUT, UploadProblem
from app.logic.uploads.process import MAX_ATTEMPTS, OPEN_STATES, fail_upload
from app.models.database import db
from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Upload
from app.models.results import Comparison

PATIENCE = timedelta(minutes=5)
MERGE_PATIENCE = timedelta(minutes=2)
KEEP_TRYING = timedelta(days=7)  # since the last upload of a commit came or was processed afresh
BATCH = 100


@dataclass(frozen=True, slots=True)
class Overdue:
    """Ids of rows to wake, by what they wait for. `uploads` and `unprepared` are the same wait at two stages.

    `baseless` are reports for which it is not decided what they carry from an earlier commit; `given_up` is the number
    of uploads that ended in an error instead.
    """

    uploads: tuple[int, ...] = ()
    unprepared: tuple[int, ...] = ()
    baseless: tuple[int, ...] = ()
    reports: tuple[int, ...] = ()
    comparisons: tuple[int, ...] = ()
    commits: tuple[int, ...] = ()
    given_up: int = 0

    def counts(self) -> dict[str, int]:
        return {field.name: len(getattr(self, field.name)) for field in fields(self) if field.name != "given_up"}


def take_overdue(patience: timedelta = PATIENCE, merge_patience: timedelta = MERGE_PATIENCE) -> Overdue:
    """Return what to wake. What killed its worker MAX_ATTEMPTS times ends in an error instead.

    Comparisons, which may take long, wait twice the patience; between two wake-ups for one notification pass three.
    """
    uploads, unprepared, given_up = _take_uploads(patience)
    return Overdue(
        uploads=uploads,
        unprepared=unprepared,
        baseless=_take_baseless(merge_patience),
        reports=_take_reports(merge_patience),
        comparisons=_take_comparisons(2 * patience),
        commits=_take_untold(patience),
        given_up=given_up,
    )


def _take(model: Any, waiting: Any, since: Any, **mark: Any) -> list[Any]:
    """Mark up to a batch of waiting rows, longest waiting first, and return them; those of other sweepers are left."""
    query = model.select(model.id).where(waiting).order_by(since).limit(BATCH).for_update(skip_locked=True)
    with db.atomic():
        # Not as a subquery of the update: a plan may run that once for every row, and the limit would limit nothing.
        ids = [row.id for row in query]
        return list(model.update(**mark).where(model.id.in_(ids)).returning(model).execute())


def _take_uploads(patience: timedelta) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    since = fn.COALESCE(Upload.lease_until, Upload.created_at)
    waiting = Upload.state.in_(OPEN_STATES) & (since < fn.now() - patience)
    wake: list[int] = []
    unprepared: list[int] = []
    given_up = 0
    for upload in _take(Upload, waiting, since, lease_until=fn.now()):
        if upload.tries >= MAX_ATTEMPTS:
            problem = UploadProblem(PROCESSING_TIMEOUT, {"attempts": upload.tries})
            given_up += fail_upload(upload, problem, (), timedelta(0))
        elif upload.report.config is None:
            unprepared.append(upload.report_id)
        else:
            wake.append(upload.id)
    return tuple(wake), tuple(dict.fromkeys(unprepared)), given_up


def _take_baseless(patience: timedelta) -> tuple[int, ...]:
    """Prepared reports whose next try is due; the tries themselves come to an end (base_layer.RETRIES)."""
    due = CommitReport.base_not_before.is_null() | (CommitReport.base_not_before <= fn.now())
    waiting = (
        (CommitReport.base_state == "unknown")
        & CommitReport.config.is_null(False)
        & due
        & _is_recent()
        & (CommitReport.updated_at < fn.now() - patience)
    )
    return tuple(row.id for row in _take(CommitReport, waiting, CommitReport.updated_at, updated_at=fn.now()))


def _take_reports(patience: timedelta) -> tuple[int, ...]:
    _want_unmerged(patience)
    due = CommitReport.assembly_not_before.is_null() | (CommitReport.assembly_not_before <= fn.now())
    waiting = (
        (CommitReport.assembly_done < CommitReport.assembly_wanted)
        & due
        & _is_recent()
        & (CommitReport.updated_at < fn.now() - patience)
    )
    return tuple(row.id for row in _take(CommitReport, waiting, CommitReport.updated_at, updated_at=fn.now()))


def _want_unmerged(patience: timedelta) -> None:
    """Ask for assembly where nobody has: a parsed upload asks in the same transaction, so none is normal."""
    query = (
        Upload.select(Upload.report)
        .join(CommitReport)
        .where(
            (Upload.state == "processed")
            & (Upload.parsed_at < fn.now() - patience)
            & (CommitReport.assembly_done >= CommitReport.assembly_wanted)
        )
        .distinct()
        .limit(BATCH)
    )
    for row in query:
        CommitReport.want_assembly(row.report_id)


def _take_comparisons(patience: timedelta) -> tuple[int, ...]:
    since = fn.COALESCE(Comparison.lease_until, Comparison.created_at)
    waiting = (Comparison.state == "pending") & (since < fn.now() - patience)
    wake = []
    for row in _take(Comparison, waiting, since, lease_until=fn.now()):
        if row.attempts >= MAX_ATTEMPTS:
            Comparison.settle(row.id, row.attempts, "error", error="too_many_attempts")
        else:
            wake.append(row.id)
    return tuple(wake)


def _take_untold(patience: timedelta) -> tuple[int, ...]:
    """Commits with something unsaid, unless it is held back.

    One whose uploads are still on their way is left alone, too, because its end will speak for all; unless somebody
    asked long ago to tell what is there.
    """
    pending = Upload.select().where((Upload.report == CommitReport.id) & Upload.state.in_(OPEN_UPLOAD_STATES))
    asked = CommitReport.completion_requested_at
    is_last_word = CommitReport.last_upload_at.is_null() | (asked >= CommitReport.last_upload_at)
    asked_long_ago = (asked < fn.now() - COMPLETION_PATIENCE) & is_last_word
    due = CommitReport.notify_not_before.is_null() | (CommitReport.notify_not_before <= fn.now())
    waiting = (
        (CommitReport.notify_done < CommitReport.notify_wanted)
        & due
        & _is_recent()
        & (CommitReport.updated_at < fn.now() - patience)
        & CommitReport.notify_hold.is_null()
        & (~fn.EXISTS(pending) | asked_long_ago)
    )
    taken = _take(CommitReport, waiting, CommitReport.updated_at, notify_not_before=fn.now() + 3 * patience)
    return tuple(row.commit_id for row in taken)


def _is_recent() -> Any:
    """Say whether an upload of a report came, or was worked on, lately: old ones may be processed afresh."""
    since = fn.now() - KEEP_TRYING
    # A single value, because a plan may answer EXISTS by reading all uploads there are.
    worked_on = Upload.select(fn.MAX(Upload.updated_at)).where(Upload.report == CommitReport.id)
    arrived = fn.COALESCE(CommitReport.last_upload_at, CommitReport.created_at)
    # Whatever happens to uploads touches their report: the index leaves out those that were held back long ago.
    return (CommitReport.updated_at > since) & ((arrived > since) | (worked_on > since))
