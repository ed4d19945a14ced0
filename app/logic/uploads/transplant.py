"""Give a commit the coverage of another one: after a rebase, or in a merge queue where the tests do not run again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from app.clients.storage import ObjectMissing, ObjectStorage
from app.helpers.text import storable
from app.logic.uploads import events, object_names, objects
from app.models.database import database_now, db, now
from app.models.git import Commit, CommitError
from app.models.reports import FIRST_TRANSPLANTED_INDEX, CommitReport, Flag, Upload, UploadFlag

FAILED = "transplant_failed"  # commit error of the target
USABLE = ("processed", "merged")

Outcome = Literal["transplanted", "unknown_source", "unknown_target", "same_commit", "no_report", "report_lost"]

TEXTS: dict[Outcome, str] = {
    "transplanted": "The coverage was taken over.",
    "unknown_source": "No upload for the commit to take the coverage from is known here.",
    "unknown_target": "The commit that should get the coverage is not known here.",
    "same_commit": "Both are the same commit.",
    "no_report": "The commit to take the coverage from has no upload that was read.",
    "report_lost": "A parsed upload of the source is not in storage; `reprocess` makes it again.",
}


@dataclass(frozen=True, slots=True)
class Transplanted:
    """What was done. `upload_ids` are the new sessions of the report `report_id`, which wants to be assembled."""

    outcome: Outcome
    report_id: int | None = None
    upload_ids: tuple[int, ...] = ()


def transplant(storage: ObjectStorage, repo_id: int, from_sha: str, to_sha: str) -> Transplanted:
    """Copy the usable uploads of a commit to another commit of the repository, as carried-forward sessions.

    Nothing is shared: each session gets a copy of its parsed object, so either commit may be processed afresh or
    deleted without the other. Repeating it adds only what the source has got since. What cannot be done is a problem of
    the target that people see.
    """
    source, target = _commit(repo_id, from_sha), _commit(repo_id, to_sha)
    if target is None:
        return Transplanted("unknown_target")
    result = _transplant(storage, source, target)
    failed = (CommitError.commit == target.id) & (CommitError.code == FAILED)
    if result.report_id is None:
        CommitError.record(target.id, FAILED, text=TEXTS[result.outcome])
    else:
        CommitError.delete().where(failed).execute()
    return result


def give_up(repo_id: int, to_sha: str, error: BaseException) -> None:
    """After the last retry: a problem of the target that people see."""
    target = _commit(repo_id, to_sha)
    if target is not None:
        CommitError.record(target.id, FAILED, text=storable(f"{type(error).__name__}: {error}", 200))


def _transplant(storage: ObjectStorage, source: Commit | None, target: Commit) -> Transplanted:
    if source is None:
        return Transplanted("unknown_source")
    if source.id == target.id:
        return Transplanted("same_commit")
    uploads = _usable(source)
    if not uploads:
        return Transplanted("no_report")
    present = _present(target, uploads)
    try:
        copies = {upload.id: _copy(storage, upload, target) for upload in uploads if upload.id not in present}
    except ObjectMissing:
        return Transplanted("report_lost")
    report_id = CommitReport.ensure(target.id, "coverage").id
    return Transplanted("transplanted", report_id, _insert(report_id, uploads, copies, source, target))


def _commit(repo_id: int, sha: str) -> Commit | None:
    found: Commit | None = Commit.get_or_none((Commit.repo == repo_id) & (Commit.sha == sha.lower()))
    return found


def _usable(source: Commit) -> list[Upload]:
    query = (
        Upload.select()
        .join(CommitReport)
        .where(
            (CommitReport.commit == source.id)
            & (CommitReport.report_type == "coverage")
            & Upload.state.in_(USABLE)
            & Upload.parsed_path.is_null(False)
        )
    )
    return list(query.order_by(Upload.session_index))


def _present(target: Commit, uploads: Sequence[Upload]) -> set[int | None]:
    """Return which of the uploads the target has got already."""
    mine = (CommitReport.commit == target.id) & Upload.carried_from_upload.in_([upload.id for upload in uploads])
    return {
        row.carried_from_upload_id for row in Upload.select(Upload.carried_from_upload).join(CommitReport).where(mine)
    }


def _copy(storage: ObjectStorage, upload: Upload, target: Commit) -> tuple[UUID, str]:
    """Copy a parsed object under a name that nobody else has."""
    external_id = uuid4()
    path = object_names.parsed_upload(target.repo.storage_prefix, target.sha, str(external_id), 0)
    data = storage.get(upload.parsed_path or "", max_bytes=objects.MAX_OBJECT)
    objects.put(storage, path, data, compress=False)
    return external_id, path


def _insert(
    report_id: int, uploads: Sequence[Upload], copies: dict[int, tuple[UUID, str]], source: Commit, target: Commit
) -> tuple[int, ...]:
    """Write the rows of the copies that the report still lacks; what another transplant has copied is garbage."""
    ids = []
    with db.atomic():
        CommitReport.lock(report_id)
        missing = [upload for upload in uploads if upload.id in copies.keys() - _present(target, uploads)]
        for upload in missing:
            external_id, path = copies[upload.id]
            objects.adopt(path)
            ids.append(_insert_one(report_id, upload, external_id, path, source))
        if ids:
            CommitReport.want_assembly(report_id)
            CommitReport.update(last_upload_at=database_now()).where(CommitReport.id == report_id).execute()
            extra = {"from": source.sha, "sessions": len(ids)}
            events.record(target.repo_id, target.sha, events.TRANSPLANTED, ids, extra=extra)
    return tuple(ids)


def _insert_one(report_id: int, upload: Upload, external_id: UUID, path: str, source: Commit) -> int:
    index = Upload.next_session_index(report_id, first=FIRST_TRANSPLANTED_INDEX)
    copy = Upload.carry(
        upload,
        report_id,
        index,
        external_id=external_id,
        state="merged",
        carried_from_sha=source.sha,
        name=upload.name,
        format_version=upload.format_version,
        parsed_path=path,
        parsed_identity=upload.parsed_identity,
        parsed_at=upload.parsed_at,
        totals=upload.totals,
        merged_at=now(),
    )
    flags = Flag.select().join(UploadFlag).where(UploadFlag.upload == upload.id)
    UploadFlag.link(copy.id, flags)
    return int(copy.id)
