"""Coverage taken over by another commit: complete, its own, once."""

from threading import Barrier, Thread

import pytest

from app.clients.storage import ObjectStorage, StorageUnavailable
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.logic.uploads.published import load_report
from app.logic.uploads.transplant import Transplanted, give_up, transplant
from app.models.database import Database
from app.models.git import Commit, CommitError
from app.models.machinery import ObjectGarbage, UploadEvent
from app.models.reports import FIRST_TRANSPLANTED_INDEX, CommitReport, Flag, Upload, UploadFlag
from app.models.repositories import Repository
from tests.factories import make_commit
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload

SOURCE, TARGET = "a" * 40, "c" * 40
SECOND = b"TN:\nSF:src/b.py\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\n"


@pytest.fixture
def source(storage: ObjectStorage, repository: Repository) -> int:
    """The report of a commit with two merged uploads; returns its id."""
    report_id = 0
    for body, flag in ((lcov_upload(), "unit"), (lcov_upload(SECOND), "e2e")):
        upload_id, report_id = accept(storage, repository, body, flags=(flag,))
        process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)
    return report_id


@pytest.fixture
def target(repository: Repository) -> Commit:
    return make_commit(repo=repository, sha=TARGET)


def sessions(report_id: int | None) -> list[Upload]:
    return list(Upload.select().where(Upload.report == report_id).order_by(Upload.session_index))


def garbage() -> set[str]:
    return {row.path for row in ObjectGarbage.select()}


def test_a_commit_gets_the_numbers_of_another_one(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    result = transplant(storage, repository.id, SOURCE, TARGET)
    assert result.report_id is not None
    assemble_report(storage, result.report_id)

    old, new = (load_report(storage, CommitReport.get_by_id(id)) for id in (source, result.report_id))
    assert old is not None and new is not None
    assert (new.totals, dict(new.flags)) == (old.totals, dict(old.flags))
    assert CommitReport.get_by_id(result.report_id).state == "complete"
    event = UploadEvent.get(UploadEvent.milestone == "transplanted")
    assert (event.commit_sha, event.extra) == (TARGET, {"from": SOURCE, "sessions": 2})


def test_a_commit_with_nothing_but_transplanted_coverage_is_told_of(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    report_id = transplant(storage, repository.id, SOURCE, TARGET).report_id
    assert report_id is not None
    CommitReport.update(config={"codecov": {"notify": {"after_n_builds": 2}}}).where(
        CommitReport.id == report_id
    ).execute()

    result = assemble_report(storage, report_id)

    assert result.notify
    assert CommitReport.get_by_id(report_id).notify_hold is None


def test_sessions_say_where_they_come_from_and_keep_out_of_the_way_of_uploads(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    result = transplant(storage, repository.id, SOURCE, TARGET)
    upload_id, _ = accept(storage, repository, lcov_upload(), sha=TARGET)

    rows = sessions(result.report_id)
    carried = [row for row in rows if row.kind == "carried_forward"]
    assert Upload.get_by_id(upload_id).session_index == 0
    assert [row.session_index for row in carried] == [FIRST_TRANSPLANTED_INDEX, FIRST_TRANSPLANTED_INDEX + 1]
    assert {(row.state, row.carried_from_sha) for row in carried} == {("merged", SOURCE)}
    flags = [Flag.get(Flag.id == UploadFlag.get(UploadFlag.upload == row.id).flag_id).name for row in carried]
    assert flags == ["unit", "e2e"]
    assert [row.totals["lines"] for row in carried] == [2, 3]


def test_nothing_is_shared_with_the_source(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    result = transplant(storage, repository.id, SOURCE, TARGET)
    assert result.report_id is not None
    for upload in sessions(source):
        storage.delete(upload.parsed_path)
        upload.delete_instance()

    assembled = assemble_report(storage, result.report_id)

    assert assembled.outcome == "assembled"
    assert not garbage() & {row.parsed_path for row in sessions(result.report_id)}


def test_repeating_it_adds_nothing(storage: ObjectStorage, repository: Repository, source: int, target: Commit) -> None:
    first = transplant(storage, repository.id, SOURCE, TARGET)
    wanted = CommitReport.get_by_id(first.report_id).assembly_wanted

    again = transplant(storage, repository.id, SOURCE.upper(), TARGET)

    assert again == Transplanted("transplanted", first.report_id, ())
    assert len(sessions(first.report_id)) == 2
    assert CommitReport.get_by_id(first.report_id).assembly_wanted == wanted


def test_a_later_upload_of_the_source_is_added(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    transplant(storage, repository.id, SOURCE, TARGET)
    late, _ = accept(storage, repository, lcov_upload())
    process_upload(storage, late, POLICY, "test")

    result = transplant(storage, repository.id, SOURCE, TARGET)

    (added,) = result.upload_ids
    assert Upload.get_by_id(added).carried_from_upload_id == late
    assert len(sessions(result.report_id)) == 3


def test_two_at_once_copy_once(
    database: Database, storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    barrier = Barrier(2)
    results: list[Transplanted] = []

    def run() -> None:
        with database.connection_context():
            barrier.wait()
            results.append(transplant(storage, repository.id, SOURCE, TARGET))

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = sessions(results[0].report_id)
    assert sorted(len(result.upload_ids) for result in results) == [0, 2]
    assert len(rows) == 2
    # What the slower one copied is named by no row, and so garbage.
    named = {row.parsed_path for row in Upload.select()}
    assert {path for path in storage.list() if path.startswith("parsed/")} - garbage() == named


@pytest.mark.parametrize(
    ("from_sha", "to_sha", "outcome"),
    [
        ("b" * 40, TARGET, "unknown_source"),
        (SOURCE, "d" * 40, "unknown_target"),
        (TARGET, TARGET, "same_commit"),
        (TARGET, SOURCE, "no_report"),
    ],
)
@pytest.mark.usefixtures("source", "target")
def test_what_cannot_be_done_is_said(
    storage: ObjectStorage, repository: Repository, from_sha: str, to_sha: str, outcome: str
) -> None:
    result = transplant(storage, repository.id, from_sha, to_sha)

    assert result == Transplanted(outcome)  # type: ignore[arg-type]
    known = outcome != "unknown_target"
    assert CommitError.select().where(CommitError.code == "transplant_failed").exists() is known


def test_a_lost_object_of_the_source_is_a_problem_until_it_is_back(
    storage: ObjectStorage, repository: Repository, source: int, target: Commit
) -> None:
    path = sessions(source)[0].parsed_path
    content = storage.get(path, max_bytes=1 << 20)
    storage.delete(path)

    lost = transplant(storage, repository.id, SOURCE, TARGET)
    errors = CommitError.select().where(CommitError.commit == target.id).count()
    begun = CommitReport.select().where(CommitReport.commit == target.id).count()
    storage.put(path, content, compress=False)
    mended = transplant(storage, repository.id, SOURCE, TARGET)

    assert (lost.outcome, errors, begun) == ("report_lost", 1, 0)
    assert mended.outcome == "transplanted"
    assert not CommitError.select().exists()


def test_a_fault_that_does_not_pass_is_a_problem_of_the_target(repository: Repository, target: Commit) -> None:
    give_up(repository.id, TARGET, StorageUnavailable("503"))
    give_up(repository.id, "d" * 40, StorageUnavailable("503"))

    assert [error.params["text"] for error in CommitError.select()] == ["StorageUnavailable: 503"]


def test_commits_of_another_repository_are_unknown(storage: ObjectStorage, repository: Repository, source: int) -> None:
    make_commit(sha=TARGET)

    assert transplant(storage, repository.id, SOURCE, TARGET).outcome == "unknown_target"
