"""Assemble the commit report from its parsed uploads and publish it under a new generation."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

import structlog
from peewee import fn

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.helpers.memory import trim
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, Session, assemble, open_assembled
from app.logic.coverage.totals import Totals
from app.logic.uploads import events, object_names, objects
from app.models.database import db, now
from app.models.git import CommitError
from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Flag, Upload, UploadFlag

log = structlog.get_logger(__name__)

USABLE = ("processed", "merged")
FAILED = "assembly_failed"  # commit error while the report of a commit cannot be assembled
MAX_INTEGER = 2**31 - 1  # of the database's integer columns
TRIM_ABOVE = 1_000_000  # rows; a smaller merge leaves too little behind to be worth a trim

Source = tuple[Session, codec.StoredReport]


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
    # The uploads are read after `assembly_wanted`: whatever was wanted by then is among them.
    uploads = list(
        Upload.select().where((Upload.report == report_id) & Upload.state.in_(USABLE)).order_by(Upload.session_index)
    )
    try:
        sources, lost = _load_sources(storage, uploads)
    except codec.ReportVersionUnknown as error:
        # A newer worker wrote it while the installation is being upgraded: a sweeper's message will meet one of those.
        log.info("report.newer_version", report_id=report_id, error=str(error))
        return Assembled("newer_version")
    if lost:
        return _reprocess(report, lost)
    try:
        encoded = _merge(sources)
    except codec.ReportCorrupt:
        # The rows of a parsed report are read only now.
        lost = [upload for upload, source in zip(uploads, sources, strict=True) if _is_broken(source)]
        if not lost:
            raise
        return _reprocess(report, lost)
    del sources
    if not _publish(storage, report, encoded, [upload.id for upload in uploads]):
        return Assembled("superseded", again=True)
    return _standing(CommitReport.get_by_id(report_id), "assembled")


def _load_sources(storage: ObjectStorage, uploads: Sequence[Upload]) -> tuple[list[Source], list[Upload]]:
    """Open the parsed reports of uploads; those that are missing or damaged come back as lost."""
    flags = flags_of([upload.id for upload in uploads])
    sources: list[Source] = []
    lost: list[Upload] = []
    for upload in uploads:
        try:
            if upload.parsed_path is None:
                raise ObjectMissing(f"upload {upload.id} has no parsed report")
            stored = codec.open_report(storage.get(upload.parsed_path, max_bytes=objects.MAX_OBJECT))
        except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
            lost.append(upload)
        else:
            sources.append((_session(upload, flags.get(upload.id, ())), stored))
    return sources, lost


def _merge(sources: Sequence[Source]) -> bytes | None:
    if not sources:
        return None
    encoded = assemble(sources)
    if sum(stored.rows for _, stored in sources) > TRIM_ABOVE:
        trim()
    return encoded


def _is_broken(source: Source) -> bool:
    try:
        source[1].load()
    except codec.ReportCorrupt:
        return True
    return False


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


def _reprocess(report: CommitReport, lost: Sequence[Upload]) -> Assembled:
    """Parsed objects that vanished are made again from the raw ones: nothing is merged without its data."""
    for upload in lost:
        log.warning("upload.parsed_object.lost", upload_id=upload.id, path=upload.parsed_path)
        as_read = (Upload.id == upload.id) & Upload.state.in_(USABLE) & (Upload.attempts == upload.attempts)
        with db.atomic():
            if Upload.update(state="received", parsed_path=None).where(as_read).execute():
                objects.replace(upload.parsed_path)
    return Assembled("parsed_object_lost", commit_id=report.commit_id, reprocess=tuple(upload.id for upload in lost))


def _publish(storage: ObjectStorage, report: CommitReport, encoded: bytes | None, upload_ids: list[int]) -> bool:
    """Switch readers to the new contents; equal contents only settle the uploads. False = another assembler won."""
    commit = report.commit
    fingerprint = hashlib.sha256(encoded or b"").digest()
    path = None
    values: dict[str, Any] = {}
    if encoded is not None and not _is_published(storage, report, fingerprint):
        path = object_names.commit_report(
            commit.repo.storage_prefix, commit.sha, str(report.external_id), report.generation + 1, token_hex(8)
        )
        objects.put(storage, path, encoded, compress=False)
        values = _columns(open_assembled(encoded)) | {"object_paths": {"report": path}, "fingerprint": fingerprint}
    with db.atomic():
        # The lock of the row keeps new uploads out until it is decided whether any is pending.
        locked = CommitReport.lock(report.id)
        if locked is None or locked.generation != report.generation:
            return False
        Upload.update(state="merged", merged_at=fn.now()).where(
            Upload.id.in_(upload_ids) & (Upload.state == "processed")
        ).execute()
        pending = _has_uploads(report.id, OPEN_UPLOAD_STATES)
        CommitReport.update(
            state=_state(pending=pending, has_report=encoded is not None),
            finished_at=None if pending else fn.now(),
        ).where(CommitReport.id == report.id).execute()
        CommitReport.assembled(report.id, report.assembly_wanted)
        CommitError.delete().where((CommitError.commit == commit.id) & (CommitError.code == FAILED)).execute()
        if path is not None:
            CommitReport.publish(report.id, report.generation, **values)
            CommitReport.want_notification(report.id)
            objects.adopt(path)
            objects.replace(_report_path(locked))
            extra = {"generation": report.generation + 1}
            events.record(commit.repo_id, commit.sha, events.MERGED, upload_ids, extra=extra)
    return True


def _is_published(storage: ObjectStorage, report: CommitReport, fingerprint: bytes) -> bool:
    """Say whether readers get these contents already; a report whose object was lost or damaged is written again."""
    path = _report_path(report)
    if path is None or report.fingerprint is None or bytes(report.fingerprint) != fingerprint:
        return False
    try:
        return hashlib.sha256(storage.get(path, max_bytes=objects.MAX_OBJECT)).digest() == fingerprint
    except (ObjectMissing, ObjectCorrupt):
        return False


def _report_path(report: CommitReport) -> str | None:
    path: str | None = (report.object_paths or {}).get("report")
    return path


def _has_uploads(report_id: int, states: tuple[str, ...]) -> bool:
    return bool(Upload.select().where((Upload.report == report_id) & Upload.state.in_(states)).exists())


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
        # The only numbers that a tool makes up: a nonsense one must not keep the report from being published.
        "complexity": min(totals.complexity, MAX_INTEGER),
        "complexity_total": min(totals.complexity_total, MAX_INTEGER),
    }


def _state(*, pending: bool, has_report: bool) -> str:
    if pending:
        return "processing"
    return "complete" if has_report else "error"


def _standing(report: CommitReport, outcome: str) -> Assembled:
    pending = _has_uploads(report.id, OPEN_UPLOAD_STATES)
    return Assembled(
        outcome,
        commit_id=report.commit_id,
        again=report.assembly_done < report.assembly_wanted,
        settled=not pending,
        notify=not pending and report.notify_done < report.notify_wanted,
    )


def load_report(storage: ObjectStorage, report: CommitReport) -> AssembledReport | None:
    """Open the current commit report; None if there is none yet.

    Raises ObjectMissing or codec.CodecError for an object that was lost or damaged, which is then assembled again.
    """
    path = _report_path(report)
    if path is None:
        return None
    try:
        return open_assembled(storage.get(path, max_bytes=objects.MAX_OBJECT))
    except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
        current = CommitReport.get_or_none(CommitReport.id == report.id)
        if current is not None and _report_path(current) == path and current.assembly_done >= current.assembly_wanted:
            CommitReport.want_assembly(report.id)
        raise
