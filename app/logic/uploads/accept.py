"""Accept an upload: keep its bytes, then write the rows that make it pending work."""

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.clients.storage import ObjectStorage
from app.helpers.text import storable
from app.logic.uploads import events, object_names, objects
from app.logic.uploads.envelope import JSON_VERSION
from app.logic.uploads.environment import clean_env
from app.logic.uploads.identity import clean_branch, pull_of_branch
from app.models.database import database_now, db
from app.models.git import Commit
from app.models.reports import FIRST_CARRIED_INDEX, CommitReport, Flag, Upload, UploadFlag
from app.models.repositories import Repository

MAX_TEXT = 1024
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class UploadRefused(Exception):
    """The upload is not taken; `code` is stable: bad_commit, too_many_uploads, repository_deleted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a producer says about an upload. `committed_at` may be a guess: preparation reads the commit itself.

    `build_code` and `job_code` are the CI's names of the run; `env` are variables the user wants to see with it.
    `format_version` is `v1` for the JSON form of the raw object, anything else for the text form.
    """

    repo_id: int
    sha: str
    committed_at: datetime
    flags: Sequence[str] = ()
    name: str | None = None
    branch: str | None = None
    pull_number: int | None = None
    parent_sha: str | None = None
    ci_provider: str | None = None
    build_code: str | None = None
    build_url: str | None = None
    job_code: str | None = None
    env: Mapping[str, str] | None = None
    format_version: str | None = JSON_VERSION


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rows of an accepted upload."""

    upload_id: int
    report_id: int
    commit_id: int


def accept_upload(storage: ObjectStorage, new: NewUpload, body: bytes, now: datetime) -> Accepted:
    """Store the raw object and create commit, report and upload rows; raises UploadRefused.

    The object comes first: a row never points at nothing. Not to be called inside a transaction, which would stay open
    while the object is sent; the pipeline is woken after it.
    """
    sha = new.sha.lower()
    if not _SHA.fullmatch(sha):
        raise UploadRefused("bad_commit", f"{sha[:80]!r} is not the full SHA of a commit")
    try:
        return _accept(storage, new, sha, body, now)
    except UploadRefused as refusal:
        # After the transaction, which took back everything else.
        events.record(new.repo_id, sha, events.REFUSED, error=refusal.code, extra={"text": str(refusal)})
        raise


def _accept(storage: ObjectStorage, new: NewUpload, sha: str, body: bytes, now: datetime) -> Accepted:
    repository = Repository.get_by_id(new.repo_id)
    if repository.deleted_at is not None or repository.owner.deletion_requested_at is not None:
        raise UploadRefused("repository_deleted", f"repository {repository.name} was deleted")
    external_id = uuid.uuid4()
    path = object_names.raw_upload(now.date(), repository.storage_prefix, sha, str(external_id))
    objects.put(storage, path, body)
    branch = clean_branch(new.branch)
    pull_in_branch = pull_of_branch(branch)
    with db.atomic():
        commit = Commit.upsert(
            new.repo_id,
            sha,
            committed_at=new.committed_at,
            # A ref of a pull request names no branch.
            branch=_text(branch) if pull_in_branch is None else None,
            pull_number=new.pull_number or pull_in_branch,
            parent_sha=_text(new.parent_sha),
        )
        # The row lock orders the uploads of a commit: each gets its number once, whatever arrives at the same time.
        report = CommitReport.lock(CommitReport.ensure(commit.id, "coverage").id)
        assert report is not None, "the row was made in this transaction"
        index = _free_index(report, repository)
        objects.adopt(path)
        upload = Upload.create(
            external_id=external_id,
            report=report,
            repo=repository,
            session_index=index,
            name=_text(new.name, 100),
            ci_provider=_text(new.ci_provider),
            build_code=_text(new.build_code),
            build_url=_text(new.build_url),
            job_code=_text(new.job_code),
            env=clean_env(new.env.items()) if new.env else None,
            format_version=_text(new.format_version),
            object_path=path,
            size_bytes=len(body),
            content_sha256=hashlib.sha256(body).digest(),
            created_at=now,
        )
        UploadFlag.link(upload.id, Flag.ensure(new.repo_id, _clean_flags(new.flags)).values())
        state = "processing" if report.state != "pending" else "pending"
        CommitReport.update(last_upload_at=database_now(), state=state).where(CommitReport.id == report.id).execute()
        if repository.first_upload_at is None:
            Repository.update(first_upload_at=now).where(Repository.id == repository.id).execute()
        events.record(new.repo_id, commit.sha, events.ACCEPTED, [upload.id], extra={"bytes": len(body)})
    return Accepted(upload.id, report.id, commit.id)


def _free_index(report: CommitReport, repository: Repository) -> int:
    """Return the number of the next upload of a report; raises UploadRefused when it has as many as it may."""
    counted = Upload.select().where((Upload.report == report) & (Upload.kind == "uploaded") & (Upload.state != "error"))
    count, limit = counted.count(), repository.owner.max_uploads_per_commit
    index = Upload.next_session_index(report.id)
    if count >= limit or index >= FIRST_CARRIED_INDEX:
        raise UploadRefused("too_many_uploads", f"the commit already has {count} uploads; the limit is {limit}")
    return index


def _clean_flags(flags: Sequence[str]) -> list[str]:
    clean = (storable(flag.replace("\x00", "").strip(), MAX_TEXT) for flag in flags)
    return list(dict.fromkeys(flag for flag in clean if flag))


def _text(text: str | None, limit: int = MAX_TEXT) -> str | None:
    return storable(text, limit) if text else None
