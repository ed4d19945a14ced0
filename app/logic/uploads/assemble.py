"""Assemble the commit report from its parsed uploads and publish it under a new generation."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import fn

from app.clients.storage import ObjectMissing, ObjectStorage
from app.helpers.memory import trim
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, Session, assemble, open_assembled
from app.logic.coverage.totals import Totals
from app.logic.uploads import events, object_names
from app.models.database import db, now
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Flag, Upload, UploadFlag

PENDING = ("received", "processing")
USABLE = ("processed", "merged")
MAX_OBJECT = 4 << 30  # bytes; only bounds what a damaged header may claim
KEEP_REPLACED = timedelta(days=1)  # readers that hold the old name finish in peace
BUCKET = "archive"


@dataclass(frozen=True, slots=True)
class Assembled:
    """What an assembly did. `due_in` set = not due yet, come back; `again` = new work arrived meanwhile.

    `settled` = no upload of the commit is pending any more; `notify` = and there is something unsaid.
    """

    outcome: str
    commit_id: int | None = None
    due_in: timedelta | None = None
    again: bool = False
    settled: bool = False
    notify: bool = False
    reprocess: tuple[int, ...] = ()


def assemble_report(storage: ObjectStorage, report_id: int) -> Assembled:
    """Bring the commit report up to date with its uploads.

    1. Note how much assembly is wanted and which generation is current. 2. Merge every usable upload, outside any
    transaction. 3. Publish with a compare-and-set on the generation: a slower assembler loses and starts over.
    Repeating it, or running it twice at once, gives the same report byte for byte.
    """
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return Assembled("unknown")
    if report.assembly_done >= report.assembly_wanted:
        return _standing(report, "up_to_date")
    if report.assembly_not_before is not None and (wait := report.assembly_not_before - now()) > timedelta(0):
        return Assembled("not_due", due_in=wait)
    wanted = report.assembly_wanted
    uploads = list(
        Upload.select().where((Upload.report == report_id) & Upload.state.in_(USABLE)).order_by(Upload.session_index)
    )
    flags = flags_of([upload.id for upload in uploads])
    sources: list[tuple[Session, codec.StoredReport]] = []
    lost: list[int] = []
    for upload in uploads:
        try:
            data = storage.get(upload.parsed_path or "", max_bytes=MAX_OBJECT)
        except ObjectMissing:
            lost.append(upload.id)
            continue
        sources.append((_session(upload, flags.get(upload.id, ())), codec.open_report(data)))
    if lost:
        return _reprocess(report, lost)
    encoded = assemble(sources) if sources else None
    rows = sum(stored.rows for _, stored in sources)
    del sources
    published = _publish(storage, report, encoded, [u.id for u in uploads], wanted)
    if rows > 1_000_000:
        trim()
    if not published:
        return Assembled("superseded", again=True)
    return _standing(CommitReport.get_by_id(report_id), "assembled")


def flags_of(upload_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Return the flag names of uploads, sorted."""
    query = UploadFlag.select(UploadFlag, Flag).join(Flag).where(UploadFlag.upload.in_(upload_ids)).order_by(Flag.name)
    flags: dict[int, tuple[str, ...]] = {}
    for row in query:
        flags[row.upload_id] = (*flags.get(row.upload_id, ()), str(row.flag.name))
    return flags


def _session(upload: Upload, flags: tuple[str, ...]) -> Session:
    return Session(
        index=upload.session_index or 0,
        flags=flags,
        name=upload.name,
        kind="uploaded" if upload.kind == "uploaded" else "carried_forward",
        carried_from=upload.carried_from_sha,
        totals=Totals.from_dict(upload.totals or {}),
    )


def _reprocess(report: CommitReport, lost: list[int]) -> Assembled:
    """Parsed objects that vanished are made again from the raw ones: nothing is merged without its data."""
    Upload.update(state="received", parsed_path=None).where(Upload.id.in_(lost)).execute()
    return Assembled("parsed_object_missing", commit_id=report.commit_id, reprocess=tuple(lost))


def _publish(
    storage: ObjectStorage, report: CommitReport, encoded: bytes | None, upload_ids: list[int], wanted: int
) -> bool:
    """Switch readers to the new contents; equal contents only settle the uploads. False = another assembler won."""
    fingerprint = hashlib.sha256(encoded or b"").digest()
    changed = encoded is not None and fingerprint != _stored_fingerprint(report)
    values: dict[str, Any] = {}
    commit = report.commit
    if changed and encoded is not None:
        path = object_names.commit_report(
            commit.repo.storage_prefix, commit.sha, str(report.external_id), report.generation + 1, fingerprint
        )
        storage.put(path, encoded, compress=False)
        values = _columns(open_assembled(encoded)) | {"object_paths": {"report": path}, "fingerprint": fingerprint}
    with db.atomic():
        if changed and not CommitReport.publish(report.id, report.generation, **values):
            return False
        Upload.update(state="merged", merged_at=fn.now()).where(
            Upload.id.in_(upload_ids) & (Upload.state == "processed")
        ).execute()
        pending = _has_uploads(report.id, PENDING)
        CommitReport.update(
            state=_state(pending=pending, has_report=encoded is not None),
            finished_at=None if pending else fn.now(),
        ).where(CommitReport.id == report.id).execute()
        CommitReport.assembled(report.id, wanted)
        if changed:
            CommitReport.want_notification(report.id)
            if replaced := (report.object_paths or {}).get("report"):
                ObjectGarbage.discard(BUCKET, [replaced], now() + KEEP_REPLACED)
            extra = {"generation": report.generation + 1}
            events.record(commit.repo_id, commit.sha, events.MERGED, upload_ids, extra=extra)
    return True


def _has_uploads(report_id: int, states: tuple[str, ...]) -> bool:
    return bool(Upload.select().where((Upload.report == report_id) & Upload.state.in_(states)).exists())


def _stored_fingerprint(report: CommitReport) -> bytes | None:
    return None if report.fingerprint is None else bytes(report.fingerprint)


def _columns(assembled: AssembledReport) -> dict[str, Any]:
    totals = assembled.totals
    return {
        "coverage": totals.percent,
        "files": totals.files,
        "lines": totals.lines,
        "hits": totals.hits,
        "misses": totals.misses,
        "partials": totals.partials,
        "branches": totals.branches,
        "methods": totals.methods,
        "sessions": len(assembled.sessions),
        "complexity": totals.complexity,
        "complexity_total": totals.complexity_total,
    }


def _state(*, pending: bool, has_report: bool) -> str:
    if pending:
        return "processing"
    return "complete" if has_report else "error"


def _standing(report: CommitReport, outcome: str) -> Assembled:
    pending = _has_uploads(report.id, (*PENDING, "processed"))
    return Assembled(
        outcome,
        commit_id=report.commit_id,
        again=report.assembly_done < report.assembly_wanted,
        settled=not pending,
        notify=not pending and report.notify_done < report.notify_wanted,
    )


def load_report(storage: ObjectStorage, report: CommitReport) -> AssembledReport | None:
    """Open the current commit report; None if there is none yet."""
    path = (report.object_paths or {}).get("report")
    if path is None:
        return None
    return open_assembled(storage.get(path, max_bytes=MAX_OBJECT))
