"""Assemble the commit report from its parsed uploads and publish it under a new generation."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from secrets import token_hex
from typing import Any

import structlog
from peewee import fn

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.helpers.memory import trim
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, Session, open_assembled
from app.logic.coverage.incremental import Extended, Previous, extend
from app.logic.uploads import events, finish, object_names, objects
from app.logic.uploads.problems import PARSED_OBJECT_LOST, UploadProblem
from app.logic.uploads.process import fail_upload, parse_again
from app.logic.uploads.published import layer_paths, open_published, report_path
from app.logic.uploads.sessions import USABLE, Chosen, choose_uploads
from app.models.database import db, now
from app.models.git import CommitError
from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Upload
from app.models.repositories import Repository

log = structlog.get_logger(__name__)

FAILED = "assembly_failed"  # commit error while the report of a commit cannot be assembled
MAX_INTEGER = 2**31 - 1  # of the database's integer columns
TRIM_ABOVE = 1_000_000  # lines; a smaller merge leaves too little behind to be worth a trim
ACTIVE_AGAIN = timedelta(hours=1)  # lists of repositories are ordered by activity; finer would be a hot row


@dataclass(frozen=True, slots=True)
class Published:
    """The report that was published: bytes as stored, files, sessions."""

    size: int
    files: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Assembled:
    """What an assembly did. `due_in` set = not due yet, come back; `again` = new work arrived meanwhile.

    `settled` = no upload of the commit is pending any more; `notify` = and there is something that people should be
    told now. `uploads` is how many the report has, `read` how many of them had to be read for it, `merged` those that
    have just become part of it; `published` None = its contents did not change.
    """

    outcome: str
    commit_id: int | None = None
    due_in: timedelta | None = None
    again: bool = False
    settled: bool = False
    notify: bool = False
    reprocess: tuple[int, ...] = ()
    uploads: int = 0
    read: int = 0
    merged: tuple[Upload, ...] = ()
    published: Published | None = None


class _Lost(Exception):
    """A parsed report is missing or damaged."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(f"upload {upload.id}: {upload.parsed_path}")
        self.upload = upload


def assemble_report(storage: ObjectStorage, report_id: int, *, incremental: bool = True) -> Assembled:
    """Bring the commit report up to date with its uploads.

    1. Note how much assembly is wanted and which generation is current. 2. Merge every usable upload, outside any
    transaction; what the current report and its layers hold already is not read again, unless `incremental` is False.
    3. Publish with a compare-and-set on the generation: a slower assembler loses and starts over. Repeating it, or
    running it twice at once, gives the same report byte for byte.
    """
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None:
        return Assembled("unknown")
    if report.assembly_done >= report.assembly_wanted:
        return _standing(report, "up_to_date")
    if report.assembly_not_before is not None and (wait := report.assembly_not_before - now()) > timedelta(0):
        return Assembled("not_due", due_in=wait)
    # The uploads are read after `assembly_wanted`: whatever was wanted by then is among them.
    chosen = choose_uploads(report)
    uploads = _Uploads(storage, chosen)
    try:
        merged = _merge(storage, report, chosen, uploads, incremental)
    except codec.ReportVersionUnknown as error:
        # A newer worker wrote it while the installation is being upgraded: a sweeper's message will meet one of those.
        log.info("report.newer_version", report_id=report_id, error=str(error))
        return Assembled("newer_version")
    except _Lost as lost:
        return _reprocess(report, uploads.lost() or [lost.upload])
    settled = _publish(storage, report, merged, chosen)
    if settled is None:
        return Assembled("superseded", again=True)
    standing = _standing(CommitReport.get_by_id(report_id), "assembled")
    fresh, published = settled
    return replace(standing, uploads=len(chosen.uploads), read=uploads.read, merged=fresh, published=published)


def assemble_anew(storage: ObjectStorage, report: CommitReport) -> bytes | None:
    """Return what the report of a commit must be, made from all its uploads, and publish nothing.

    Raises ObjectMissing or codec.CodecError for a parsed report that is lost.
    """
    chosen = choose_uploads(report)
    try:
        return _merge(storage, report, chosen, _Uploads(storage, chosen), incremental=False).report
    except _Lost as lost:
        raise ObjectMissing(str(lost)) from lost


class _Uploads:
    """The parsed reports of the chosen uploads in storage."""

    def __init__(self, storage: ObjectStorage, chosen: Chosen) -> None:
        self._storage = storage
        self._uploads = {session.index: row for session, row in zip(chosen.sessions, chosen.uploads, strict=True)}
        self.read = 0

    def load(self, session: Session) -> codec.StoredReport:
        self.read += 1
        return self._open(self._uploads[session.index])

    def lost(self) -> list[Upload]:
        """Return all uploads whose parsed report is missing or damaged, rows included."""
        return [upload for upload in self._uploads.values() if self._is_lost(upload)]

    def _open(self, upload: Upload) -> codec.StoredReport:
        try:
            if upload.parsed_path is None:
                raise _Lost(upload)
            return codec.open_report(self._storage.get(upload.parsed_path, max_bytes=objects.MAX_OBJECT))
        except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt) as error:
            raise _Lost(upload) from error

    def _is_lost(self, upload: Upload) -> bool:
        try:
            self._open(upload).load()
        except (_Lost, codec.ReportCorrupt):
            return True
        return False


@dataclass(frozen=True, slots=True)
class _Merged:
    """A commit report in bytes, None = there is no coverage; with the layers it brings, and keeps, by key."""

    report: bytes | None = None
    layers: Mapping[str, bytes] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


def _merge(
    storage: ObjectStorage, report: CommitReport, chosen: Chosen, uploads: _Uploads, incremental: bool
) -> _Merged:
    if not chosen.sessions:
        return _Merged()
    sessions = [_identified(session, uploads) for session in chosen.sessions]
    previous = open_previous(storage, report) if incremental else None
    try:
        extended = extend(sessions, uploads.load, previous)
    except codec.ReportCorrupt:
        # Rows are read only now, and those of the current report may be the damaged ones.
        extended = _from_uploads(sessions, uploads)
    if open_assembled(extended.report).totals.lines > TRIM_ABOVE:
        trim()
    return _Merged(extended.report, extended.layers, extended.kept_layers)


def _identified(session: Session, uploads: _Uploads) -> Session:
    """Rows of an older release do not know what their objects hold."""
    return session if session.content else replace(session, content=uploads.load(session).identity)


def _from_uploads(sessions: list[Session], uploads: _Uploads) -> Extended:
    try:
        return extend(sessions, uploads.load, None)
    except codec.ReportCorrupt:
        if lost := uploads.lost():
            raise _Lost(lost[0]) from None
        raise


def open_previous(storage: ObjectStorage, report: CommitReport) -> Previous | None:
    """Open the current report of a commit to assemble upon; None if there is none, or it cannot be used."""
    try:
        current = open_published(storage, report)
    except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
        return None
    if current is None:
        return None
    paths = layer_paths(report)

    def layer(key: str) -> codec.StoredReport | None:
        try:
            return codec.open_report(storage.get(paths[key], max_bytes=objects.MAX_OBJECT))
        except (KeyError, ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
            return None

    return Previous(current, layer)


def _reprocess(report: CommitReport, lost: list[Upload]) -> Assembled:
    """Parsed objects that vanished are made again from the raw ones: nothing is merged without its data.

    A carried-forward upload has no raw object: without its data it is left out, as if it had not been carried.
    """
    for upload in lost:
        log.warning("upload.parsed_object.lost", upload_id=upload.id, path=upload.parsed_path)
        if upload.kind == "uploaded":
            parse_again(upload)
        else:
            problem = UploadProblem(PARSED_OBJECT_LOST, {"location": upload.parsed_path})
            fail_upload(upload, problem, (), timedelta(0), states=USABLE)
    again = tuple(upload.id for upload in lost if upload.kind == "uploaded")
    return Assembled("parsed_object_lost", commit_id=report.commit_id, again=not again, reprocess=again)


def _publish(
    storage: ObjectStorage, report: CommitReport, merged: _Merged, chosen: Chosen
) -> tuple[tuple[Upload, ...], Published | None] | None:
    """Switch readers to the new contents; equal contents only settle the uploads. None = another assembler won.

    Returns the uploads that became part of the report, and what was published, if anything.
    """
    commit = report.commit
    fingerprint = hashlib.sha256(merged.report or b"").digest()
    paths: dict[str, Any] = {}
    values: dict[str, Any] = {}
    published: Published | None = None
    if merged.report is not None and not _is_published(storage, report, fingerprint):
        assembled = open_assembled(merged.report)
        published = Published(len(merged.report), assembled.totals.files, len(assembled.sessions))
        paths = _write_objects(storage, report, merged)
        values = _columns(assembled) | {"object_paths": paths, "fingerprint": fingerprint}
    with db.atomic():
        # The lock of the row keeps new uploads out until it is decided whether any is pending.
        locked = CommitReport.lock(report.id)
        if locked is None or locked.generation != report.generation:
            return None
        fresh = _settle_uploads(chosen)
        pending = _has_uploads(report.id, OPEN_UPLOAD_STATES)
        hold = finish.decide(finish.read_facts(locked, has_report=merged.report is not None), locked.config or {}).hold
        CommitReport.update(
            state=_state(pending=pending, skipped=hold == "ci_skip", has_report=merged.report is not None),
            finished_at=None if pending else fn.now(),
            notify_hold=hold,
        ).where(CommitReport.id == report.id).execute()
        CommitReport.assembled(report.id, report.assembly_wanted)
        CommitError.delete().where((CommitError.commit == commit.id) & (CommitError.code == FAILED)).execute()
        if published is not None:
            CommitReport.publish(report.id, report.generation, **values)
            CommitReport.want_notification(report.id)
            _swap_objects(locked, paths)
            _touch(commit.repo)
            extra = {"generation": report.generation + 1, "uploads": len(chosen.uploads)}
            merged_ids = [upload.id for upload in chosen.uploads]
            events.record(commit.repo_id, commit.sha, events.MERGED, merged_ids, extra=extra)
    return fresh, published


def _settle_uploads(chosen: Chosen) -> tuple[Upload, ...]:
    """Mark what the report is made of, and return what is new in it; a carried upload that was replaced may return."""
    fresh: list[Upload] = []
    for uploads, state in ((chosen.uploads, "merged"), (chosen.superseded, "superseded")):
        ids = [upload.id for upload in uploads if upload.state != state]
        values: dict[str, Any] = {"state": state} | ({"merged_at": fn.now()} if state == "merged" else {})
        movable = Upload.id.in_(ids) & Upload.state.in_((*USABLE, "superseded"))
        rows = Upload.update(**values).where(movable).returning(Upload).execute()
        fresh += rows if state == "merged" else ()
    return tuple(fresh)


def _write_objects(storage: ObjectStorage, report: CommitReport, merged: _Merged) -> dict[str, Any]:
    """Store the new report and its new layers; returns the paths of all that belong to it."""
    commit = report.commit
    path = object_names.commit_report(
        commit.repo.storage_prefix, commit.sha, str(report.external_id), report.generation + 1, token_hex(8)
    )
    assert merged.report is not None, "there is nothing to store"
    objects.put(storage, path, merged.report, compress=False)
    layers = {key: value for key, value in layer_paths(report).items() if key in merged.kept}
    for key, content in merged.layers.items():
        layers[key] = object_names.report_layer(path, key)
        objects.put(storage, layers[key], content, compress=False)
    return {"report": path, "layers": layers}


def _swap_objects(locked: CommitReport, paths: Mapping[str, Any]) -> None:
    """Keep the objects of the new report and let go of those of the old one that it does not use."""
    old = {report_path(locked), *layer_paths(locked).values()} - {None}
    new = {paths["report"], *paths["layers"].values()}
    for path in new - old:
        objects.adopt(path)
    for path in old - new:
        objects.replace(path)


def _is_published(storage: ObjectStorage, report: CommitReport, fingerprint: bytes) -> bool:
    """Say whether readers get these contents already; a report whose object was lost or damaged is written again."""
    path = report_path(report)
    if path is None or report.fingerprint is None or bytes(report.fingerprint) != fingerprint:
        return False
    try:
        return hashlib.sha256(storage.get(path, max_bytes=objects.MAX_OBJECT)).digest() == fingerprint
    except (ObjectMissing, ObjectCorrupt):
        return False


def _has_uploads(report_id: int, states: tuple[str, ...]) -> bool:
    return bool(Upload.select().where((Upload.report == report_id) & Upload.state.in_(states)).exists())


def _touch(repository: Repository) -> None:
    stale = Repository.last_activity_at.is_null() | (Repository.last_activity_at < fn.now() - ACTIVE_AGAIN)
    Repository.update(last_activity_at=fn.now()).where((Repository.id == repository.id) & stale).execute()


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


def _state(*, pending: bool, skipped: bool, has_report: bool) -> str:
    if pending:
        return "processing"
    if skipped:
        return "skipped"
    return "complete" if has_report else "error"


def _standing(report: CommitReport, outcome: str) -> Assembled:
    pending = _has_uploads(report.id, OPEN_UPLOAD_STATES)
    return Assembled(
        outcome,
        commit_id=report.commit_id,
        again=report.assembly_done < report.assembly_wanted,
        settled=not pending,
        notify=not pending and report.notify_hold is None and report.notify_done < report.notify_wanted,
    )
