"""Let go of raw uploads that are not needed any more: by the repository's own configuration, or by age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import fn

from app.logic.uploads import events, objects
from app.models.database import db
from app.models.git import Commit
from app.models.reports import CommitReport, Upload

BATCH = 500
ERROR_GRACE = timedelta(days=7)  # somebody may still look into why an upload failed


@dataclass(frozen=True, slots=True)
class Expired:
    """One batch: how many raw objects were let go, and whether there may be more."""

    count: int
    more: bool


def keeps_raw(config: Mapping[str, Any] | None) -> bool:
    """Say whether a repository wants its raw uploads kept: `codecov.archive.uploads` of its pinned configuration."""
    value: Any = config or {}
    for key in ("codecov", "archive", "uploads"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value is not False


def discard_raw(upload: Upload) -> None:
    """Let go of the raw object of an upload, in the transaction that makes its parsed report durable."""
    Upload.update(object_path=None).where(Upload.id == upload.id).execute()
    objects.replace(upload.object_path)


def discard_unwanted(upload: Upload) -> None:
    """Let go of the raw object, in the same transaction, if the pinned configuration of the report says so."""
    config = CommitReport.select(CommitReport.config).where(CommitReport.id == upload.report_id).scalar()
    if not keeps_raw(config):
        discard_raw(upload)


def expire(age: timedelta, batch: int = BATCH) -> Expired:
    """Let go of the raw objects of one batch of finished uploads that are older than `age`, oldest first.

    0 = right after the merge. Uploads in `error` keep theirs for seven days at least, and unfinished ones always.
    """
    is_old = Upload.created_at <= fn.now() - age
    is_done = Upload.state.in_(("merged", "superseded"))
    is_lost = (Upload.state == "error") & (Upload.created_at <= fn.now() - max(age, ERROR_GRACE))
    due = Upload.object_path.is_null(False) & is_old & (Upload.kind == "uploaded") & (is_done | is_lost)
    with db.atomic():
        query = Upload.select(Upload, CommitReport, Commit).join(CommitReport).join(Commit).where(due)
        uploads = list(query.order_by(Upload.created_at).limit(batch).for_update(of=Upload, skip_locked=True))
        for upload in uploads:
            discard_raw(upload)
            events.record(upload.repo_id, upload.report.commit.sha, events.EXPIRED, [upload.id])
    return Expired(len(uploads), more=len(uploads) == batch)
