"""Uploads that are processed afresh: after success, after an error, twice, and while a worker has them."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from app.clients.storage import ObjectMissing, ObjectStorage, StorageUnavailable
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import MAX_ATTEMPTS, give_up, process_upload
from app.logic.uploads.reprocess import Selection, find_uploads, reset_upload
from app.models.database import Database, now
from app.models.machinery import ObjectGarbage
from app.models.reports import TRIES_PER_ROUND, CommitReport, Upload, UploadError
from app.models.repositories import Repository
from tests.factories import make_report, make_upload
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import LCOV, accept, lcov_upload, milestones, stored_bytes

Merged = Callable[..., tuple[int, int]]


@pytest.fixture
def merged(storage: ObjectStorage, repository: Repository) -> Merged:
    """Bring an upload through the pipeline and return its id and that of its report."""

    def make(body: bytes = lcov_upload()) -> tuple[int, int]:
        upload_id, report_id = accept(storage, repository, body)
        work(storage, upload_id, report_id)
        return upload_id, report_id

    return make


def work(storage: ObjectStorage, upload_id: int, report_id: int) -> None:
    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)


def test_a_merged_upload_gives_the_same_report_again(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    before = CommitReport.get_by_id(report_id)
    old = stored_bytes(storage, report_id)

    reset = reset_upload(storage, upload_id)
    state = Upload.get_by_id(upload_id).state
    work(storage, upload_id, report_id)

    after = CommitReport.get_by_id(report_id)
    assert (reset.outcome, reset.report_id, state) == ("reset", report_id, "received")
    assert Upload.get_by_id(upload_id).state == "merged"
    assert stored_bytes(storage, report_id) == old
    assert (after.state, after.generation, after.notify_wanted) == ("complete", 1, before.notify_wanted)
    assert "reprocessed" in milestones()


def test_an_upload_whose_raw_object_is_gone_stays_as_it_is(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    before = stored_bytes(storage, report_id)
    storage.delete(Upload.get_by_id(upload_id).object_path)

    result = reset_upload(storage, upload_id)
    assemble_report(storage, report_id)

    assert (result.outcome, result.report_id) == ("raw_gone", None)
    assert Upload.get_by_id(upload_id).state == "merged"
    assert stored_bytes(storage, report_id) == before


def test_the_parsed_object_is_let_go_only_when_there_is_a_new_one(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    old = Upload.get_by_id(upload_id).parsed_path

    reset_upload(storage, upload_id)
    garbage_before = {row.path for row in ObjectGarbage.select()}
    work(storage, upload_id, report_id)

    new = Upload.get_by_id(upload_id).parsed_path
    assert old not in garbage_before
    assert new != old
    assert {row.path for row in ObjectGarbage.select()} == {old}


def test_an_upload_in_error_gets_another_chance(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged(lcov_upload(b"no coverage"))
    path = Upload.get_by_id(upload_id).object_path
    failed = Upload.get_by_id(upload_id).state
    storage.put(path, lcov_upload())

    reset_upload(storage, upload_id)
    errors = UploadError.select().where(UploadError.upload == upload_id).count()
    work(storage, upload_id, report_id)

    upload = Upload.get_by_id(upload_id)
    assert (failed, errors) == ("error", 0)
    assert (upload.state, upload.error_code, upload.totals["lines"]) == ("merged", None, 2)
    assert CommitReport.get_by_id(report_id).state == "complete"


def test_resetting_twice_resets_once(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, _ = merged()

    first, second = reset_upload(storage, upload_id), reset_upload(storage, upload_id)

    assert (first.outcome, second.outcome) == ("reset", "under_way")
    assert milestones().count("reprocessed") == 1


def test_two_operators_at_once_reset_once(database: Database, storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    outcomes: list[str] = []
    barrier = Barrier(2)

    def operate() -> None:
        with database.connection_context():
            barrier.wait()
            outcomes.append(reset_upload(storage, upload_id).outcome)

    threads = [Thread(target=operate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(storage, upload_id, report_id)

    assert sorted(outcomes) == ["reset", "under_way"]
    assert Upload.get_by_id(upload_id).state == "merged"


def test_a_worker_that_holds_the_upload_is_not_disturbed(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, _ = merged()
    reset_upload(storage, upload_id)
    claim = Upload.claim(upload_id, timedelta(minutes=1), "worker")
    assert claim is not None

    result = reset_upload(storage, upload_id)
    still_mine = Upload.renew(upload_id, claim.attempts, timedelta(minutes=1))

    assert (result.outcome, still_mine) == ("under_way", True)


def test_a_worker_of_an_earlier_life_cannot_write_into_the_new_one(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, _ = merged()
    attempt_of_old_worker = Upload.get_by_id(upload_id).attempts

    reset_upload(storage, upload_id)
    new = Upload.claim(upload_id, timedelta(minutes=1), "new")

    assert new is not None and new.attempts == TRIES_PER_ROUND + 1 and new.tries == 1
    assert not Upload.settle(upload_id, attempt_of_old_worker, "processed")


def test_the_tries_of_a_poisoned_upload_begin_anew(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    Upload.update(attempts=MAX_ATTEMPTS).where(Upload.id == upload_id).execute()
    work(storage, upload_id, report_id)
    poisoned = Upload.get_by_id(upload_id).error_code

    reset_upload(storage, upload_id)
    work(storage, upload_id, report_id)

    assert poisoned == "processing_timeout"
    assert Upload.get_by_id(upload_id).state == "merged"


@pytest.mark.parametrize("error", [ObjectMissing("gone"), StorageUnavailable("503")])
def test_storage_that_fails_meanwhile_costs_no_data(storage: ObjectStorage, merged: Merged, error: Exception) -> None:
    upload_id, report_id = merged()
    before = stored_bytes(storage, report_id)
    reset_upload(storage, upload_id)

    again = give_up(upload_id, error, timedelta(0))
    assemble_report(storage, report_id)

    assert again == report_id
    assert Upload.get_by_id(upload_id).state == "merged"
    assert stored_bytes(storage, report_id) == before


def test_an_upload_that_turns_out_bad_leaves_the_report(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    old = Upload.get_by_id(upload_id).parsed_path
    storage.put(Upload.get_by_id(upload_id).object_path, lcov_upload(b"no coverage"))

    reset_upload(storage, upload_id)
    work(storage, upload_id, report_id)

    upload = Upload.get_by_id(upload_id)
    assert (upload.state, upload.parsed_path) == ("error", None)
    assert old in {row.path for row in ObjectGarbage.select()}


def test_a_dry_run_changes_nothing(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()

    result = reset_upload(storage, upload_id, dry_run=True)

    assert (result.outcome, result.report_id) == ("reset", report_id)
    assert Upload.get_by_id(upload_id).state == "merged"


def test_sessions_without_a_raw_object_of_their_own_are_left_alone(
    storage: ObjectStorage, repository: Repository
) -> None:
    carried = make_upload(kind="carried_forward", state="merged", object_path=None)
    replaced = make_upload(state="superseded")

    assert reset_upload(storage, carried.id).outcome == "not_ours"
    assert reset_upload(storage, replaced.id).outcome == "not_ours"
    assert reset_upload(storage, 0).outcome == "unknown"


def test_uploads_are_found_by_what_is_known_of_them(database: Database) -> None:
    old = now() - timedelta(days=3)
    report = make_report()
    ok = make_upload(report=report, state="merged", session_index=0)
    broken = make_upload(report=report, state="error", error_code="report_empty", session_index=1)
    older = make_upload(state="error", error_code="unknown_storage", created_at=old)
    make_upload(report=report, kind="carried_forward", state="merged", session_index=10_000)

    def found(**values: object) -> list[int]:
        return [upload_id for batch in find_uploads(Selection(**values), batch=1) for upload_id in batch]  # type: ignore[arg-type]

    assert found(upload_id=ok.id) == [ok.id]
    assert found(external_id=broken.external_id) == [broken.id]
    assert found(commit_id=report.commit_id) == [ok.id, broken.id]
    assert found(commit_id=report.commit_id, only_errors=True) == [broken.id]
    assert found(since=old, only_errors=True) == [older.id, broken.id]
    assert found(since=old, until=now() - timedelta(days=1)) == [older.id]
    assert found(since=old, code="unknown_storage") == [older.id]
    assert found(since=old, repo_id=older.repo_id) == [older.id]
    assert found(since=now() + timedelta(days=1)) == []


def test_uploads_are_found_by_their_format(storage: ObjectStorage, merged: Merged) -> None:
    upload_id, report_id = merged()
    commit_id = CommitReport.get_by_id(report_id).commit_id

    def found(name: str) -> list[list[int]]:
        return list(find_uploads(Selection(commit_id=commit_id, format=name)))

    assert LCOV.startswith(b"TN:")
    assert found("lcov") == [[upload_id]]
    assert found("jacoco") == [[]]
