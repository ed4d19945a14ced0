"""The sessions of an earlier commit, read for the base layer of a later one, and their reports as they are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.helpers.diff import Diff
from app.helpers.memory import trim
from app.logic.coverage import codec, measure
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.filters import PathFilter
from app.logic.coverage.report import Report
from app.logic.coverage.shift import shift_lines
from app.logic.uploads import object_names, objects
from app.logic.uploads.base_source import Candidate, GitFor, find_source
from app.logic.uploads.carryforward import Carry
from app.logic.uploads.process import parse_again
from app.models.git import Commit
from app.models.reports import OPEN_UPLOAD_STATES, Flag, Upload, UploadFlag

log = structlog.get_logger(__name__)

TRIM_ABOVE: Final = 1_000_000  # rows; less leaves too little behind to be worth a trim


class NotCarried(Exception):
    """Nothing can be carried, for now or (`permanent`) for good; `code` is stable and shown to people.

    `awaits` is the SHA of the commit whose report must become ready first.
    """

    def __init__(self, code: str, *, permanent: bool, awaits: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.awaits = awaits


@dataclass(frozen=True, slots=True)
class Source:
    """The commit to carry from and its sessions, in their order, with their flags by upload id."""

    candidate: Candidate
    uploads: Sequence[Upload]
    flags: Mapping[int, Sequence[Flag]]


@dataclass(frozen=True, slots=True)
class Carried:
    """A session as it is at the later commit: its source, and the object of its filtered and shifted report."""

    source: Upload
    external_id: UUID
    path: str
    identity: str
    totals: Mapping[str, Any]


def read_source(git_for: GitFor, commit: Commit, oldest: datetime | None) -> Source:
    """Find the commit to carry from and its sessions; those that came before `oldest` are left out.

    Raises NotCarried and GitError.
    """
    choice = find_source(git_for, commit)
    if choice.candidate is None:
        raise NotCarried("no_ancestor_with_report", permanent=True)
    uploads = list(
        Upload.select()
        .where((Upload.report == choice.candidate.report_id) & Upload.state.in_(("merged", *OPEN_UPLOAD_STATES)))
        .order_by(Upload.session_index)
    )
    if choice.outcome == "not_ready" or any(upload.state != "merged" for upload in uploads):
        raise NotCarried("ancestor_not_ready", permanent=False, awaits=choice.candidate.sha)
    young = [upload for upload in uploads if oldest is None or upload.created_at >= oldest]
    flags: dict[int, list[Flag]] = {upload.id: [] for upload in young}
    # A flag that somebody deleted is not brought back.
    for row in (
        UploadFlag.select(UploadFlag, Flag)
        .join(Flag)
        .where(UploadFlag.upload.in_(list(flags)) & Flag.deleted_at.is_null())
        .order_by(Flag.name)
    ):
        flags[row.upload_id].append(row.flag)
    return Source(choice.candidate, young, flags)


def carry_sessions(storage: ObjectStorage, source: Source, carry: Carry, diff: Diff, commit: Commit) -> list[Carried]:
    """Store the reports of the chosen sessions as they are at `commit`; those without a line left are dropped.

    Each object is garbage until `objects.adopt`. Raises NotCarried and StorageError.
    """
    carried: list[Carried] = []
    rows = 0
    for upload in source.uploads:
        if upload.id not in carry.sessions:
            continue
        meta, report = _read(storage, upload, carry.paths)
        rows += len(report.line)
        report = shift_lines(report, diff)
        if not report.files:
            continue
        external_id = uuid4()
        path = object_names.carried_upload(commit.repo.storage_prefix, commit.sha, str(external_id))
        encoded = codec.encode(report, meta)
        objects.put(storage, path, encoded, compress=False)
        totals = measure.totals(report).as_dict() | {"sessions": 1}
        carried.append(Carried(upload, external_id, path, codec.open_report(encoded).identity, totals))
    if rows > TRIM_ABOVE:
        trim()
    return carried


def _read(storage: ObjectStorage, upload: Upload, paths: PathFilter) -> tuple[Mapping[str, Any], Report]:
    """Read the files that are carried of a parsed upload. A lost object can be made again if there is a raw one."""
    try:
        if upload.parsed_path is None:
            raise ObjectMissing(f"upload {upload.id} has no parsed report")
        stored = codec.open_report(storage.get(upload.parsed_path, max_bytes=objects.MAX_OBJECT))
        return stored.meta, _load(stored, paths)
    except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
        log.warning("base_layer.parsed_object.lost", upload_id=upload.id, path=upload.parsed_path)
        if upload.object_path is not None:
            parse_again(upload)
        awaits = str(upload.report.commit.sha)
        raise NotCarried("parsed_report_lost", permanent=upload.object_path is None, awaits=awaits) from None
    except codec.ReportVersionUnknown:
        # A newer worker wrote it while the installation is being upgraded.
        raise NotCarried("newer_version", permanent=False) from None


def _load(stored: StoredReport, paths: PathFilter) -> Report:
    kept = [path for path in stored.files if paths.matches(path)]
    return stored.load() if len(kept) == len(stored.files) else stored.load_files(kept)
