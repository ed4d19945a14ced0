"""Accepting an upload: numbers are given once, hostile words are made storable, and a refusal leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import Accepted, NewUpload, UploadRefused, accept_upload
from app.models.database import db, now
from app.models.git import Commit
from app.models.identity import Owner
from app.models.machinery import ObjectGarbage, UploadEvent
from app.models.reports import CommitReport, Flag, Upload, UploadFlag
from app.models.repositories import Repository
from tests.factories import make_upload

SHA = "a" * 40


def accept(storage: ObjectStorage, repository: Repository, **changes: object) -> Accepted:
    new = NewUpload(repo_id=repository.id, sha=SHA, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    return accept_upload(storage, replace(new, **changes), b"raw", datetime.now(UTC))  # type: ignore[arg-type]


def test_uploads_that_arrive_at_once_get_distinct_numbers(storage: ObjectStorage, repository: Repository) -> None:
    def work(number: int) -> Accepted:
        try:
            return accept(storage, repository, flags=["unit", f"flag-{number % 3}"])
        finally:
            db.close()

    with ThreadPoolExecutor(6) as pool:
        accepted = list(pool.map(work, range(18)))

    assert sorted(upload.session_index for upload in Upload.select()) == list(range(18))
    assert len({one.report_id for one in accepted}) == 1
    assert {flag.name for flag in Flag.select()} == {"unit", "flag-0", "flag-1", "flag-2"}


def test_words_that_the_database_refuses_are_mended(storage: ObjectStorage, repository: Repository) -> None:
    hostile = "nul\x00 half\ud800 \U0001f680"

    accepted = accept(
        storage,
        repository,
        flags=[hostile, "\x00", "x" * 5000, "\udfff"],
        name=hostile * 20,
        branch=hostile,
        ci_provider=hostile,
        build_url="https://ci.example.org/" + "x" * 10_000,
    )

    upload = Upload.get_by_id(accepted.upload_id)
    names = {row.flag.name for row in UploadFlag.select().where(UploadFlag.upload == upload)}
    assert upload.name.startswith("nul\ufffd half\ufffd \U0001f680") and len(upload.name) == 100
    assert names == {"nul half\ufffd \U0001f680", "x" * 1024, "\ufffd"}
    assert Commit.get_by_id(accepted.commit_id).branch == "nul\ufffd half\ufffd \U0001f680"
    assert len(upload.build_url) == 1024


def test_what_the_producer_knows_of_the_ci_job_is_kept(storage: ObjectStorage, repository: Repository) -> None:
    accepted = accept(
        storage,
        repository,
        ci_provider="github-actions",
        build_code="1234",
        build_url="https://ci.example.org/1234",
        job_code="unit (3.11)",
        env={"OS": "linux", "BAD\x00": "\ud800", "": "nameless"},
        format_version="v4",
    )

    upload = Upload.get_by_id(accepted.upload_id)
    assert (upload.ci_provider, upload.build_code, upload.job_code) == ("github-actions", "1234", "unit (3.11)")
    assert (upload.build_url, upload.format_version) == ("https://ci.example.org/1234", "v4")
    assert upload.env == {"OS": "linux", "BAD\ufffd": "\ufffd"}


def test_an_upload_is_of_version_one_unless_its_producer_says_otherwise(
    storage: ObjectStorage, repository: Repository
) -> None:
    plain, text = accept(storage, repository), accept(storage, repository, format_version=None)

    assert Upload.get_by_id(plain.upload_id).format_version == "v1"
    assert Upload.get_by_id(plain.upload_id).env is None
    assert Upload.get_by_id(text.upload_id).format_version is None


@pytest.mark.parametrize("sha", ["", "main", "a" * 39, "../" * 14, "g" * 40, "a" * 10_000, "a" * 40 + "\n"])
def test_what_is_no_commit_is_refused(storage: ObjectStorage, repository: Repository, sha: str) -> None:
    with pytest.raises(UploadRefused) as caught:
        accept(storage, repository, sha=sha)

    assert caught.value.code == "bad_commit"


def test_a_sha_in_capitals_is_the_same_commit(storage: ObjectStorage, repository: Repository) -> None:
    first, second = accept(storage, repository), accept(storage, repository, sha=SHA.upper())

    assert first.commit_id == second.commit_id


def test_a_deleted_repository_takes_nothing(storage: ObjectStorage, repository: Repository) -> None:
    Repository.update(deleted_at=now()).execute()

    with pytest.raises(UploadRefused) as caught:
        accept(storage, repository)

    assert caught.value.code == "repository_deleted"
    assert list(storage.list()) == []


def test_an_owner_that_is_to_be_deleted_takes_nothing(storage: ObjectStorage, repository: Repository) -> None:
    Owner.update(deletion_requested_at=now()).execute()

    with pytest.raises(UploadRefused) as caught:
        accept(storage, repository)

    assert caught.value.code == "repository_deleted"
    assert list(storage.list()) == []


def test_the_object_of_a_refused_upload_becomes_garbage(storage: ObjectStorage, repository: Repository) -> None:
    Owner.update(max_uploads_per_commit=1).execute()
    first = Upload.get_by_id(accept(storage, repository).upload_id)

    with pytest.raises(UploadRefused):
        accept(storage, repository)

    assert {row.path for row in ObjectGarbage.select()} == {*storage.list()} - {first.object_path}
    assert ObjectGarbage.select().count() == Upload.select().count() == 1


def test_uploads_never_take_the_numbers_of_carried_sessions(storage: ObjectStorage, repository: Repository) -> None:
    first = Upload.get_by_id(accept(storage, repository).upload_id)
    make_upload(report=first.report, session_index=10_000, kind="carried_forward", state="merged")

    second = Upload.get_by_id(accept(storage, repository).upload_id)
    Upload.update(session_index=9_999).where(Upload.id == second.id).execute()
    with pytest.raises(UploadRefused) as caught:
        accept(storage, repository)

    assert second.session_index == 1
    assert caught.value.code == "too_many_uploads"


def test_the_object_of_an_accepted_upload_is_kept(storage: ObjectStorage, repository: Repository) -> None:
    accepted = accept(storage, repository)

    assert list(storage.list()) == [Upload.get_by_id(accepted.upload_id).object_path]
    assert ObjectGarbage.select().count() == 0


def test_an_upload_of_a_complete_commit_opens_its_report_again(storage: ObjectStorage, repository: Repository) -> None:
    report_id = accept(storage, repository).report_id
    CommitReport.update(state="complete").execute()

    accept(storage, repository)

    assert CommitReport.get_by_id(report_id).state == "processing"


@pytest.mark.parametrize(
    ("given", "branch", "pull"),
    [
        ({"branch": "refs/heads/origin/fuel"}, "fuel", None),
        ({"branch": "HEAD"}, None, None),
        ({"branch": "foo/pull/12/head"}, None, 12),
        ({"branch": "pull/12/merge", "pull_number": 7}, None, 7),
        ({"branch": "fuel", "pull_number": 7}, "fuel", 7),
    ],
)
def test_names_of_branches_and_pull_requests_are_made_uniform(
    storage: ObjectStorage, repository: Repository, given: dict[str, object], branch: str | None, pull: int | None
) -> None:
    accepted = accept(storage, repository, **given)

    commit = Commit.get_by_id(accepted.commit_id)
    assert (commit.branch, commit.pull_number) == (branch, pull)


def test_a_refusal_is_on_the_timeline_of_its_commit(storage: ObjectStorage, repository: Repository) -> None:
    Owner.update(max_uploads_per_commit=1).execute()
    accept(storage, repository)

    with pytest.raises(UploadRefused):
        accept(storage, repository)

    event = UploadEvent.get(UploadEvent.milestone == "refused")
    assert (event.commit_sha, event.error) == (SHA, "too_many_uploads")
    assert "the limit is 1" in event.extra["text"]
