"""Process one upload: claim it, parse its raw object, store the parsed report, ask for assembly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from app.clients.storage import ObjectMissing, ObjectStorage, ObjectTooLarge, StorageError
from app.helpers.memory import trim
from app.logic.coverage import codec, measure
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.report import Report
from app.logic.uploads import events, object_names, problems
from app.logic.uploads.envelope import Limits
from app.logic.uploads.lease import kept
from app.logic.uploads.parse import PARSER_VERSION, ParsedUpload, parse_upload
from app.logic.uploads.problems import UploadProblem
from app.models.database import db, now
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Upload, UploadError

# Attempts that killed their worker or ended in a passing fault; then the upload is taken for poison.
MAX_ATTEMPTS = 10
OPEN_STATES = ("received", "processing")
BUCKET = "archive"
TRIM_ABOVE = 50 << 20  # raw bytes; a smaller job leaves too little behind to be worth a trim


@dataclass(frozen=True, slots=True)
class ProcessPolicy:
    """Values from the settings: how long a claim holds, how long assembly waits for more uploads, limits of content."""

    lease: timedelta
    debounce: timedelta
    limits: Limits


@dataclass(frozen=True, slots=True)
class Processed:
    """What follows: assembly of this report; None = nothing, somebody else has the upload or it is unknown.

    `held_for` is how long another worker's lease may still hold.
    """

    report_id: int | None
    outcome: str
    formats: tuple[str, ...] = ()
    error_code: str | None = None
    held_for: timedelta | None = None


def process_upload(storage: ObjectStorage, upload_id: int, policy: ProcessPolicy, owner: str) -> Processed:
    """Bring an upload from `received` to `processed` or `error`; repeating it changes nothing.

    Raises ObjectMissing while the object may still be on its way, and StorageError for passing faults: the lease is
    given back first, so the retry of the message can claim again.
    """
    _require_object(storage, upload_id)
    upload = Upload.claim(upload_id, policy.lease, owner)
    if upload is None:
        return _not_claimed(upload_id)
    if upload.attempts > MAX_ATTEMPTS:
        problem = UploadProblem(problems.PROCESSING_TIMEOUT, {"attempts": MAX_ATTEMPTS})
        fail_upload(upload, problem, (), policy.debounce)
        return Processed(upload.report_id, "error", (), problem.code)
    sha = upload.report.commit.sha
    events.record(upload.repo_id, sha, events.PROCESSING, [upload.id], extra={"attempt": upload.attempts})
    try:
        with kept(upload, policy.lease):
            parsed = _parse(storage, upload, policy)
            if parsed.report is not None:
                _store(storage, upload, parsed, parsed.report, policy)
                return Processed(upload.report_id, "ok", parsed.formats)
    except BaseException:
        # The retry of the message, or another worker, must not wait for the lease to run out.
        Upload.settle(upload.id, upload.attempts, "received")
        raise
    problem = parsed.problem or UploadProblem(problems.REPORT_EMPTY)
    fail_upload(upload, problem, parsed.notes, policy.debounce)
    return Processed(upload.report_id, "error", parsed.formats, problem.code)


def _not_claimed(upload_id: int) -> Processed:
    upload = Upload.get_or_none(Upload.id == upload_id)
    if upload is None:
        return Processed(None, "unknown")
    if upload.state == "processing" and upload.lease_until is not None:
        return Processed(None, "held", held_for=max(timedelta(0), upload.lease_until - now()))
    # A repeated message of finished work may stand for a lost wake-up: asking for assembly again is harmless.
    return Processed(upload.report_id if upload.state == "processed" else None, "not_claimed")


def _require_object(storage: ObjectStorage, upload_id: int) -> None:
    """Raise ObjectMissing before anything is claimed: a client may still be sending, which is no attempt of ours."""
    upload = Upload.get_or_none((Upload.id == upload_id) & (Upload.state == "received"))
    if upload is not None and storage.stat(upload.object_path or "") is None:
        raise ObjectMissing(f"upload {upload_id}: {upload.object_path}")


def _parse(storage: ObjectStorage, upload: Upload, policy: ProcessPolicy) -> ParsedUpload:
    try:
        body = storage.get(upload.object_path or "", max_bytes=policy.limits.raw_bytes)
    except ObjectTooLarge as error:
        params = {"reason": "too_large", "limit": policy.limits.raw_bytes, "detail": str(error)}
        return ParsedUpload(None, UploadProblem(problems.UNKNOWN_PROCESSING, params))
    parsed = parse_upload(body, policy.limits, FormatOptions())
    if len(body) > TRIM_ABOVE:
        del body
        trim()
    return parsed


def _store(storage: ObjectStorage, upload: Upload, parsed: ParsedUpload, report: Report, policy: ProcessPolicy) -> None:
    commit = upload.report.commit
    totals = measure.totals(report)
    path = object_names.parsed_upload(commit.repo.storage_prefix, commit.sha, str(upload.external_id), upload.attempts)
    storage.put(path, codec.encode(report, {"formats": list(parsed.formats)}), compress=False)
    with db.atomic():
        kept = Upload.settle(
            upload.id,
            upload.attempts,
            "processed",
            parsed_path=path,
            parsed_at=fn.now(),
            parser_version=PARSER_VERSION,
            totals=totals.as_dict() | {"sessions": 1},
            notes=[dict(note) for note in parsed.notes],
            error_code=None,
        )
        if kept:
            CommitReport.want_assembly(upload.report_id, _after(policy.debounce))
            events.record(
                upload.repo_id,
                commit.sha,
                events.PROCESSED,
                [upload.id],
                extra={"formats": sorted(set(parsed.formats)), "files": totals.files, "lines": totals.lines},
            )
        else:
            # Another worker took the upload over; its object counts, ours is nobody's.
            ObjectGarbage.discard(BUCKET, [path])


def _after(debounce: timedelta) -> datetime | None:
    return now() + debounce if debounce else None


def fail_upload(
    upload: Upload, problem: UploadProblem, notes: Sequence[Mapping[str, Any]], debounce: timedelta
) -> None:
    """End an upload in `error` with a row a person can see; assembly decides what it means for the commit."""
    with db.atomic():
        Upload.update(
            state="error",
            error_code=problem.code,
            notes=[dict(note) for note in notes],
            lease_until=None,
            lease_owner=None,
        ).where((Upload.id == upload.id) & Upload.state.in_(OPEN_STATES)).execute()
        UploadError.record(upload.id, problem.code, **dict(problem.params))
        CommitReport.want_assembly(upload.report_id, _after(debounce))
        events.record(
            upload.repo_id,
            upload.report.commit.sha,
            events.FAILED,
            [upload.id],
            error=problem.code,
            extra={"text": str(problem)[:500]},
        )


def give_up(upload_id: int, error: BaseException, debounce: timedelta) -> int | None:
    """After the last retry: store why, and return the report whose assembly should go on without this upload."""
    upload = Upload.get_or_none(Upload.id == upload_id)
    if upload is None or upload.state not in OPEN_STATES:
        return None
    params: dict[str, Any] = {"location": upload.object_path}
    if isinstance(error, ObjectMissing):
        code = problems.FILE_NOT_IN_STORAGE
    elif isinstance(error, StorageError):
        code = problems.UNKNOWN_STORAGE
    elif type(error).__name__ == "TimeLimitExceeded":
        code = problems.PROCESSING_TIMEOUT
    else:
        code, params = problems.UNKNOWN_PROCESSING, {"reason": type(error).__name__}
    fail_upload(upload, UploadProblem(code, params), (), debounce)
    return upload.report_id
