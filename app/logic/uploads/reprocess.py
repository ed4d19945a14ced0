"""Have uploads processed afresh: after a fixed parser, a storage that was away, or an error that was mended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any, Literal
from uuid import UUID

from peewee import Tuple

from app.clients.storage import ObjectStorage
from app.logic.uploads import events
from app.models.database import db
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload, UploadError

BATCH = 100
FINISHED = ("processed", "merged", "error")

Outcome = Literal["reset", "raw_gone", "under_way", "not_ours", "unknown"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which uploads are meant; what is None does not narrow. Times are those of arrival, `until` is exclusive."""

    upload_id: int | None = None
    external_id: UUID | None = None
    commit_id: int | None = None
    repo_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    only_errors: bool = False
    code: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """What became of one upload. `report_id` is None unless it is `reset` (or would be, in a dry run).

    `raw_gone`: its raw object was deleted, so it stays as it is. `under_way`: it is, or is about to be, processed
    anyhow. `not_ours`: a carried-forward or superseded session, which has no raw object of its own to read.
    """

    upload_id: int
    outcome: Outcome
    report_id: int | None = None
    prepared: bool = True


def find_uploads(selection: Selection, batch: int = BATCH) -> Iterator[list[int]]:
    """Yield the ids of the selected uploads in batches, oldest first; each batch is one short query."""
    last: tuple[datetime, int] | None = None
    while True:
        query = Upload.select(Upload.id, Upload.created_at).where(_meant(selection))
        if last is not None:
            query = query.where(Tuple(Upload.created_at, Upload.id) > last)
        rows = list(query.order_by(Upload.created_at, Upload.id).limit(batch))
        if not rows:
            return
        last = (rows[-1].created_at, rows[-1].id)
        ids = [row.id for row in rows]
        yield ids if selection.format is None else _of_format(ids, selection.format)


def _meant(selection: Selection) -> Any:
    conditions = [
        getattr(Upload, name) == value
        for name, value in {
            "id": selection.upload_id,
            "external_id": selection.external_id,
            "repo": selection.repo_id,
            "error_code": selection.code,
        }.items()
        if value is not None
    ]
    if selection.only_errors:
        conditions.append(Upload.state == "error")
    if selection.commit_id is not None:
        reports = CommitReport.select(CommitReport.id).where(CommitReport.commit == selection.commit_id)
        conditions.append(Upload.report.in_(reports))
    if selection.since is not None:
        conditions.append(Upload.created_at >= selection.since)
    if selection.until is not None:
        conditions.append(Upload.created_at < selection.until)
    return reduce(and_, conditions, Upload.kind == "uploaded")


def _of_format(ids: Sequence[int], name: str) -> list[int]:
    """Keep the uploads in which a worker found a file of this format, as the timeline says."""
    uploads = Upload.select().where(Upload.id.in_(list(ids)))
    commits = {(upload.repo_id, upload.report.commit.sha) for upload in uploads}
    found: set[int] = set()
    for repo_id, sha in commits:
        for event in UploadEvent.select().where(
            (UploadEvent.repo_id == repo_id)
            & (UploadEvent.commit_sha == sha)
            & (UploadEvent.milestone == events.PROCESSED)
        ):
            if name in (event.extra or {}).get("formats", ()):
                found.update(event.upload_ids)
    return [upload_id for upload_id in ids if upload_id in found]


def reset_upload(storage: ObjectStorage, upload_id: int, *, dry_run: bool = False) -> Reset:
    """Set a finished upload back to `received`; repeating it, or doing it while a worker has it, changes nothing.

    The upload keeps its number in the report, and its parsed object until the new one replaces it. Its tries begin
    anew. Raises StorageError if the raw object cannot be looked for.
    """
    upload = Upload.get_or_none(Upload.id == upload_id)
    if upload is None:
        return Reset(upload_id, "unknown")
    if upload.kind != "uploaded" or upload.state == "superseded":
        return Reset(upload_id, "not_ours")
    if upload.state not in FINISHED:
        return Reset(upload_id, "under_way")
    if upload.object_path is None or storage.stat(upload.object_path) is None:
        return Reset(upload_id, "raw_gone")
    report = upload.report
    reset = Reset(upload_id, "reset", report.id, prepared=report.config is not None)
    if dry_run:
        return reset
    as_read = (Upload.id == upload_id) & (Upload.state == upload.state) & (Upload.attempts == upload.attempts)
    # The raw object may have expired since it was looked for; then the row does not name it any more.
    as_read &= Upload.object_path == upload.object_path
    with db.atomic():
        # Before the upload: an assembler that holds the report settles its uploads under the same lock.
        CommitReport.lock(report.id)
        set_back = {"state": "received", "attempts": upload.next_round, "error_code": None, "merged_at": None}
        if Upload.update(**set_back, lease_until=None, lease_owner=None).where(as_read).execute() == 0:
            return Reset(upload_id, "under_way")
        UploadError.delete().where(UploadError.upload == upload_id).execute()
        CommitReport.update(state="processing", finished_at=None).where(CommitReport.id == report.id).execute()
        events.record(upload.repo_id, report.commit.sha, events.REPROCESSED, [upload_id])
    return reset
