"""Find work that waits too long: its message was lost, or the worker that had it died."""

from dataclasses import dataclass, fields
from datetime import timedelta

from peewee import fn

from app.logic.uploads.problems import PROCESSING_TIMEOUT, UploadProblem
from app.logic.uploads.process import MAX_ATTEMPTS, fail_upload
from app.models.git import Commit
from app.models.reports import CommitReport, Upload
from app.models.results import Comparison

PATIENCE = timedelta(minutes=5)
MERGE_PATIENCE = timedelta(minutes=2)
BATCH = 100


@dataclass(frozen=True, slots=True)
class Overdue:
    """Ids of rows to wake, by what they wait for. `uploads` and `unprepared` are the same wait at two stages."""

    uploads: tuple[int, ...] = ()
    unprepared: tuple[int, ...] = ()
    reports: tuple[int, ...] = ()
    comparisons: tuple[int, ...] = ()
    commits: tuple[int, ...] = ()

    def counts(self) -> dict[str, int]:
        return {field.name: len(getattr(self, field.name)) for field in fields(self)}


def find_overdue(patience: timedelta = PATIENCE, merge_patience: timedelta = MERGE_PATIENCE) -> Overdue:
    """Return what to wake. An upload that killed its worker MAX_ATTEMPTS times ends in an error instead."""
    uploads, unprepared = _overdue_uploads(patience)
    reports = [r for r in CommitReport.due_for_assembly(BATCH) if _older(CommitReport, r.id, merge_patience)]
    return Overdue(
        uploads=uploads,
        unprepared=unprepared,
        reports=tuple(dict.fromkeys([*(r.id for r in reports), *_unmerged(merge_patience)])),
        comparisons=_overdue_comparisons(2 * patience),
        commits=_untold(patience),
    )


def _older(model: type[CommitReport], row_id: int, age: timedelta) -> bool:
    return bool(model.select().where((model.id == row_id) & (model.updated_at < fn.now() - age)).exists())


def _overdue_uploads(patience: timedelta) -> tuple[tuple[int, ...], tuple[int, ...]]:
    wake: list[int] = []
    unprepared: list[int] = []
    for upload in Upload.overdue(patience, BATCH):
        if upload.state == "processed":
            continue
        if upload.attempts >= MAX_ATTEMPTS:
            problem = UploadProblem(PROCESSING_TIMEOUT, {"attempts": upload.attempts})
            fail_upload(upload, problem, (), timedelta(0))
        elif upload.report.config is None:
            unprepared.append(upload.report_id)
        else:
            wake.append(upload.id)
    return tuple(wake), tuple(dict.fromkeys(unprepared))


def _unmerged(patience: timedelta) -> tuple[int, ...]:
    """Reports with a parsed upload that is not merged; its request is in the same transaction, so none is normal."""
    query = (
        Upload.select(Upload.report)
        .where((Upload.state == "processed") & (Upload.parsed_at < fn.now() - patience))
        .distinct()
        .limit(BATCH)
    )
    ids = [row.report_id for row in query]
    for report_id in ids:
        CommitReport.want_assembly(report_id)
    return tuple(ids)


def _overdue_comparisons(patience: timedelta) -> tuple[int, ...]:
    since = fn.COALESCE(Comparison.lease_until, Comparison.created_at)
    query = (
        Comparison.select(Comparison.id)
        .where((Comparison.state == "pending") & (since < fn.now() - patience))
        .order_by(since)
        .limit(BATCH)
    )
    return tuple(row.id for row in query)


def _untold(patience: timedelta) -> tuple[int, ...]:
    """Commits with something unsaid, unless one of their uploads is still on its way: its end will speak for all."""
    pending = Upload.select().where((Upload.report == CommitReport.id) & Upload.state.in_(("received", "processing")))
    due = CommitReport.notify_not_before.is_null() | (CommitReport.notify_not_before <= fn.now())
    query = (
        CommitReport.select(CommitReport.commit)
        .join(Commit)
        .where(
            (CommitReport.notify_done < CommitReport.notify_wanted)
            & (CommitReport.updated_at < fn.now() - patience)
            & due
            & ~fn.EXISTS(pending)
        )
        .order_by(CommitReport.updated_at)
        .limit(BATCH)
    )
    return tuple(row.commit_id for row in query)
