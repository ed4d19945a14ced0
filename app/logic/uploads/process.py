"""Process one upload: claim it, parse its raw object, store the parsed report, ask for assembly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage, ObjectTooLarge, StorageError
from app.helpers.memory import trim
from app.helpers.text import storable_json
from app.logic.coverage import codec, measure
from app.logic.coverage.report import Report
from app.logic.uploads import events, object_names, objects, problems, raw, waiting
from app.logic.uploads.finish import tells_of_failures
from app.logic.uploads.lease import kept
from app.logic.uploads.limits import Limits
from app.logic.uploads.parse import PARSER_VERSION, ParsedUpload, ParserRun, UploadFacts, parse_upload
from app.logic.uploads.problems import UploadProblem
from app.logic.uploads.sessions import flags_of
from app.logic.uploads.transport import fetch_raw
from app.models.database import db, now
from app.models.reports import CommitReport, Upload, UploadError

# Attempts that killed their worker or ended in a passing fault; then the upload is taken for poison.
MAX_ATTEMPTS = 10
STORAGE_PATIENCE = timedelta(days=7)  # since its arrival an upload waits for a storage that does not answer
OPEN_STATES = ("received", "processing")
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

    `held_for` is how long another worker's lease may still hold. `claimed_at` and what was read are there when this
    run brought the upload to its end.
    """

    report_id: int | None
    outcome: str
    formats: tuple[str, ...] = ()
    error_code: str | None = None
    held_for: timedelta | None = None
    claimed_at: datetime | None = None
    runs: tuple[ParserRun, ...] = ()
    dropped_paths: Mapping[str, int] = field(default_factory=dict)


def process_upload(storage: ObjectStorage, upload_id: int, policy: ProcessPolicy, owner: str) -> Processed:
    """Bring an upload from `received` to `processed` or `error`; repeating it changes nothing.

    Raises ObjectMissing while the object may still be on its way, and StorageError for passing faults: the claim is
    given back first, so the retry of the message can claim again.
    """
    try:
        _require_object(storage, upload_id)
    except StorageError as error:
        if not error.permanent:
            _note_silence(upload_id)
        raise
    upload = Upload.claim(upload_id, policy.lease, owner)
    if upload is None:
        return _not_claimed(upload_id)
    try:
        with kept(upload, policy.lease):
            return _process(storage, upload, policy)
    except BaseException as error:
        # The retry of the message, or another worker, must not wait for the lease to run out.
        if _is_silence(error):
            # Says nothing about the upload, which must not be taken for poison.
            Upload.settle(upload.id, upload.attempts, "received", lease_until=fn.now(), attempts=upload.next_round)
            _note_silence(upload_id)
        else:
            Upload.release(upload.id, upload.attempts)
        raise


def _process(storage: ObjectStorage, upload: Upload, policy: ProcessPolicy) -> Processed:
    if upload.tries > MAX_ATTEMPTS:
        problem = UploadProblem(problems.PROCESSING_TIMEOUT, {"attempts": MAX_ATTEMPTS})
        return _failed(upload, ParsedUpload(None, problem), policy)
    sha = upload.report.commit.sha
    events.record(upload.repo_id, sha, events.PROCESSING, [upload.id], extra={"attempt": upload.tries})
    parsed = _parse(storage, upload, policy)
    if parsed.report is None:
        return _failed(upload, parsed, policy)
    if not _store(storage, upload, parsed, parsed.report, policy):
        return Processed(None, "overtaken")
    return _ended(upload, parsed, "ok")


def _failed(upload: Upload, parsed: ParsedUpload, policy: ProcessPolicy) -> Processed:
    problem = parsed.problem or UploadProblem(problems.REPORT_EMPTY)
    if not fail_upload(upload, problem, parsed.notes, policy.debounce, **_env(parsed)):
        return Processed(None, "overtaken")
    return _ended(upload, parsed, "error", problem.code)


def _ended(upload: Upload, parsed: ParsedUpload, outcome: str, error_code: str | None = None) -> Processed:
    return Processed(
        upload.report_id,
        outcome,
        parsed.formats,
        error_code,
        claimed_at=upload.updated_at,
        runs=parsed.runs,
        dropped_paths=parsed.dropped_paths,
    )


def _not_claimed(upload_id: int) -> Processed:
    upload = Upload.get_or_none(Upload.id == upload_id)
    if upload is None:
        return Processed(None, "unknown")
    if upload.state == "processing" and upload.lease_until is not None:
        return Processed(None, "held", held_for=max(timedelta(0), upload.lease_until - now()))
    # A repeated message of finished work may stand for a lost wake-up: asking for assembly again is harmless.
    return Processed(upload.report_id if upload.state in ("processed", "error") else None, "not_claimed")


def _require_object(storage: ObjectStorage, upload_id: int) -> None:
    """Raise ObjectMissing before anything is claimed: a client may still be sending, which is no attempt of ours."""
    upload = Upload.get_or_none((Upload.id == upload_id) & (Upload.state == "received"))
    if upload is None or (upload.object_path is not None and storage.stat(upload.object_path) is not None):
        return
    if not waiting.awaits_object(upload):
        still = (Upload.id == upload_id) & (Upload.state == "received")
        Upload.update(notes=[waiting.OBJECT_AWAITED]).where(still).execute()
        events.record(upload.repo_id, upload.report.commit.sha, events.WAITING, [upload_id])
    raise ObjectMissing(f"upload {upload_id}: {upload.object_path}")


def _is_silence(error: BaseException) -> bool:
    """Say whether storage did not answer, in contrast to an answer that nobody wants to hear."""
    return isinstance(error, StorageError) and not error.permanent


def _note_silence(upload_id: int) -> None:
    """Tell people what a received upload waits for. One that is processed afresh keeps the notes of its result."""
    upload = Upload.get_or_none((Upload.id == upload_id) & (Upload.state == "received") & Upload.parsed_path.is_null())
    if upload is None or waiting.awaits_storage(upload):
        return
    still = (Upload.id == upload_id) & (Upload.state == "received")
    Upload.update(notes=[waiting.STORAGE_AWAITED]).where(still).execute()
    sha = upload.report.commit.sha
    events.record(upload.repo_id, sha, events.WAITING_FOR_STORAGE, [upload_id], error=problems.UNKNOWN_STORAGE)


def _parse(storage: ObjectStorage, upload: Upload, policy: ProcessPolicy) -> ParsedUpload:
    try:
        body = fetch_raw(storage, upload.object_path or "", policy.limits)
    except ObjectTooLarge as error:
        size = upload.size_bytes if error.size is None else error.size
        params = {"reason": "too_large", "size": size, "limit": error.limit, "detail": str(error)}
        return ParsedUpload(None, UploadProblem(problems.UNKNOWN_PROCESSING, params))
    except ObjectCorrupt as error:
        params = {"reason": "bad_compression", "detail": str(error)}
        return ParsedUpload(None, UploadProblem(problems.UNKNOWN_PROCESSING, params))
    facts = UploadFacts(
        created_at=upload.created_at,
        format_version=upload.format_version,
        config=upload.report.config or {},
        flags=flags_of([upload.id]).get(upload.id, ()),
        repository_name=upload.repo.name,
    )
    parsed = parse_upload(body, facts, policy.limits)
    if len(body) > TRIM_ABOVE:
        del body
        trim()
    return parsed


def _store(storage: ObjectStorage, upload: Upload, parsed: ParsedUpload, report: Report, policy: ProcessPolicy) -> bool:
    """Store the parsed report; False = another worker took the upload over, and its object counts."""
    commit = upload.report.commit
    totals = measure.totals(report)
    path = object_names.parsed_upload(commit.repo.storage_prefix, commit.sha, str(upload.external_id), upload.attempts)
    encoded = codec.encode(report, {"formats": list(parsed.formats)})
    objects.put(storage, path, encoded, compress=False)
    with db.atomic():
        _lock_report(upload)
        settled = Upload.settle(
            upload.id,
            upload.attempts,
            "processed",
            parsed_path=path,
            parsed_at=fn.now(),
            parser_version=PARSER_VERSION,
            parsed_identity=codec.open_report(encoded).identity,
            totals=totals.as_dict() | {"sessions": 1},
            notes=_notes(parsed.notes),
            error_code=None,
            **_env(parsed),
        )
        if not settled:
            return False
        objects.adopt(path)
        objects.replace(upload.parsed_path)
        raw.discard_unwanted(upload)
        CommitReport.want_assembly(upload.report_id, _after(policy.debounce))
        events.record(
            upload.repo_id,
            commit.sha,
            events.PROCESSED,
            [upload.id],
            extra={"formats": sorted(set(parsed.formats)), "files": totals.files, "lines": totals.lines},
        )
    return True


def _lock_report(upload: Upload) -> None:
    """Lock the report before its upload, as those do who move, reset and assemble uploads: nobody waits in a circle."""
    CommitReport.lock(upload.report_id)


def _notes(notes: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [storable_json(dict(note)) for note in notes]


def _after(debounce: timedelta) -> datetime | None:
    return now() + debounce if debounce else None


def _env(parsed: ParsedUpload) -> dict[str, Any]:
    """Return the column for the variables of the envelope; what the producer sent beside it stays if it has none."""
    return {"env": dict(parsed.env)} if parsed.env else {}


def fail_upload(
    upload: Upload,
    problem: UploadProblem,
    notes: Sequence[Mapping[str, Any]],
    debounce: timedelta,
    *,
    states: Sequence[str] = OPEN_STATES,
    **values: Any,
) -> bool:
    """End an upload in `error` with a row a person can see; assembly decides what it means for the commit.

    `values` are further columns of the upload. False, and nothing is written, when somebody claimed or ended it since
    this row was read: it is not in one of the `states` any more.
    """
    as_read = (Upload.id == upload.id) & Upload.state.in_(states) & (Upload.attempts == upload.attempts)
    ended = values | {"state": "error", "error_code": problem.code, "notes": _notes(notes), "parsed_path": None}
    with db.atomic():
        _lock_report(upload)
        if Upload.update(**ended, lease_until=None, lease_owner=None).where(as_read).execute() == 0:
            return False
        objects.replace(upload.parsed_path)
        UploadError.record(upload.id, problem.code, **storable_json(dict(problem.params)))
        CommitReport.want_assembly(upload.report_id, _after(debounce))
        if tells_of_failures(upload.report.config or {}):
            CommitReport.want_notification(upload.report_id)
        events.record(
            upload.repo_id,
            upload.report.commit.sha,
            events.FAILED,
            [upload.id],
            error=problem.code,
            extra={"text": str(problem)},
        )
    return True


def parse_again(upload: Upload) -> None:
    """Let an upload whose parsed object was lost be made again from its raw one, unless it has moved on since."""
    parsed = Upload.state.in_(("processed", "merged")) & (Upload.attempts == upload.attempts)
    with db.atomic():
        if Upload.update(state="received", parsed_path=None).where((Upload.id == upload.id) & parsed).execute():
            objects.replace(upload.parsed_path)


def give_up(upload_id: int, error: BaseException, debounce: timedelta) -> int | None:
    """After the last retry: store why, and return the report whose assembly should go on without this upload.

    None when there is nothing to give up: the upload has ended, another message has a worker on it, or storage did not
    answer. The upload then waits for it, in the care of the sweepers, and ends in an error after STORAGE_PATIENCE.
    """
    upload = Upload.get_or_none(Upload.id == upload_id)
    if upload is None or upload.state not in OPEN_STATES:
        return None
    if upload.state == "processing" and upload.lease_until is not None and upload.lease_until > now():
        return None
    if upload.parsed_path is not None and isinstance(error, StorageError):
        return _keep_earlier(upload, error, debounce)
    if _is_silence(error) and now() - upload.created_at < STORAGE_PATIENCE:
        return None
    return upload.report_id if fail_upload(upload, _problem_of(upload, error), (), debounce) else None


def _keep_earlier(upload: Upload, error: StorageError, debounce: timedelta) -> int | None:
    """An upload that was to be processed afresh keeps what it had: storage says nothing about its content."""
    as_read = (Upload.id == upload.id) & Upload.state.in_(OPEN_STATES) & (Upload.attempts == upload.attempts)
    with db.atomic():
        _lock_report(upload)
        kept_one = Upload.update(state="processed", lease_until=None, lease_owner=None).where(as_read).execute()
        if not kept_one:
            return None
        CommitReport.want_assembly(upload.report_id, _after(debounce))
        extra = {"kept": "the earlier result", "reason": error.code}
        events.record(upload.repo_id, upload.report.commit.sha, events.PROCESSED, [upload.id], extra=extra)
    return upload.report_id


def _problem_of(upload: Upload, error: BaseException) -> UploadProblem:
    location = {"location": upload.object_path}
    if isinstance(error, ObjectMissing):
        return UploadProblem(problems.FILE_NOT_IN_STORAGE, location)
    if isinstance(error, StorageError):
        return UploadProblem(problems.UNKNOWN_STORAGE, location)
    if type(error).__name__ == "TimeLimitExceeded":  # Dramatiq's, which this layer does not know
        return UploadProblem(problems.PROCESSING_TIMEOUT, location)
    return UploadProblem(problems.UNKNOWN_PROCESSING, {"reason": type(error).__name__})
