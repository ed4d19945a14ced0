"""Assemble the commit report from its parsed uploads and publish it under a new generation."""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.helpers.memory import trim
from app.logic.coverage import codec
from app.logic.coverage.assembled import Session, open_assembled
from app.logic.coverage.incremental import Extended, Previous, extend
from app.logic.uploads import objects
from app.logic.uploads.problems import PARSED_OBJECT_LOST, UploadProblem
from app.logic.uploads.process import fail_upload, parse_again
from app.logic.uploads.publish import Merged, Published, has_open_uploads, publish
from app.logic.uploads.published import layer_paths, open_published
from app.logic.uploads.sessions import USABLE, Chosen, choose_uploads
from app.models.database import now
from app.models.reports import CommitReport, Upload

log = structlog.get_logger(__name__)

TRIM_ABOVE = 1_000_000  # lines; a smaller merge leaves too little behind to be worth a trim


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
    settled = publish(storage, report, merged, chosen)
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


def _merge(
    storage: ObjectStorage, report: CommitReport, chosen: Chosen, uploads: _Uploads, incremental: bool
) -> Merged:
    if not chosen.sessions:
        return Merged()
    sessions = [_identified(session, uploads) for session in chosen.sessions]
    previous = open_previous(storage, report) if incremental else None
    try:
        extended = extend(sessions, uploads.load, previous)
    except codec.ReportCorrupt:
        # Rows are read only now, and those of the current report may be the damaged ones.
        extended = _from_uploads(sessions, uploads)
    if open_assembled(extended.report).totals.lines > TRIM_ABOVE:
        trim()
    return Merged(extended.report, extended.layers, extended.kept_layers)


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


def _standing(report: CommitReport, outcome: str) -> Assembled:
    pending = has_open_uploads(report.id)
    return Assembled(
        outcome,
        commit_id=report.commit_id,
        again=report.assembly_done < report.assembly_wanted,
        settled=not pending,
        notify=not pending and report.notify_hold is None and report.notify_done < report.notify_wanted,
    )
