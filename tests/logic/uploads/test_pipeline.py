"""The upload pipeline on a real database: states, repetition, faults, and a report that does not depend on order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from threading import Thread

import pytest

from app.clients.git.base import GitProvider, Unauthorized, Unreachable
from app.clients.storage import ObjectMissing, ObjectStorage, StorageUnavailable
from app.logic.uploads import process as process_module
from app.logic.uploads.accept import NewUpload, UploadRefused, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.envelope import Limits, write_envelope
from app.logic.uploads.prepare import Prepared, prepare_report
from app.logic.uploads.process import MAX_ATTEMPTS, give_up, process_upload
from app.logic.uploads.published import load_report
from app.models.database import db
from app.models.git import Commit, CommitError
from app.models.identity import Owner
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload, UploadError
from app.models.repositories import Repository
from tests.example import Uploader, example
from tests.logic.uploads.conftest import POLICY

LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


def accept(storage: ObjectStorage, repository: Repository, body: bytes, **changes: object) -> tuple[int, int]:
    new = NewUpload(repo_id=repository.id, sha="a" * 40, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    accepted = accept_upload(storage, replace(new, **changes), body, datetime.now(UTC))  # type: ignore[arg-type]
    return accepted.upload_id, accepted.report_id


def lcov_upload(content: bytes = LCOV, name: str = "lcov.info") -> bytes:
    return write_envelope({name: content}, ("src/a.py", "src/b.py"))


def stored_bytes(storage: ObjectStorage, report_id: int) -> bytes:
    return storage.get(CommitReport.get_by_id(report_id).object_paths["report"], max_bytes=1 << 30)


def milestones(sha: str = "a" * 40) -> list[str]:
    return [
        event.milestone for event in UploadEvent.select().where(UploadEvent.commit_sha == sha).order_by(UploadEvent.id)
    ]


def test_an_upload_becomes_a_report(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload(), flags=["unit", " ", "unit"], name="ci")

    process_upload(storage, upload_id, POLICY, "test")
    result = assemble_report(storage, report_id)

    upload, report = Upload.get_by_id(upload_id), CommitReport.get_by_id(report_id)
    assert (upload.state, upload.session_index, upload.totals["lines"]) == ("merged", 0, 2)
    assert (report.state, report.generation, report.lines, report.hits) == ("complete", 1, 2, 1)
    assert str(report.coverage) == "50.00000"
    assembled = load_report(storage, report)
    assert assembled is not None
    assert assembled.flags["unit"].lines == 2
    assert [(s.flags, s.name) for s in assembled.sessions] == [(("unit",), "ci")]
    assert result.settled and result.notify
    assert milestones() == ["accepted", "processing", "processed", "merged"]


def test_everything_may_be_repeated(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)
    before = stored_bytes(storage, report_id)

    again = process_upload(storage, upload_id, POLICY, "test")
    CommitReport.want_assembly(report_id)
    assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    assert again.outcome == "not_claimed"
    assert stored_bytes(storage, report_id) == before
    assert (report.generation, report.notify_wanted) == (1, 1)


def test_the_report_is_the_same_whatever_the_order(storage: ObjectStorage, uploader: Uploader) -> None:
    results = set()
    shas = [example.head, example.base]
    del shas[1:]
    for order in list(permutations(range(4)))[::5]:
        Commit.delete().execute()
        accepted = [uploader.send(shas[0], number) for number in range(4)]
        for number in order:
            process_upload(storage, accepted[number].upload_id, POLICY, "test")
            assemble_report(storage, accepted[number].report_id)
        results.add(stored_bytes(storage, accepted[0].report_id))

    assert len(results) == 1


def test_uploads_of_a_commit_merge_and_count_per_flag(storage: ObjectStorage, uploader: Uploader) -> None:
    accepted = [uploader.send(example.head, number) for number in range(len(example.uploads))]

    for one in accepted:
        process_upload(storage, one.upload_id, POLICY, "test")
    assemble_report(storage, accepted[0].report_id)

    assembled = load_report(storage, CommitReport.get_by_id(accepted[0].report_id))
    assert assembled is not None
    assert set(assembled.flags) == {"unit", "integration", "js", "web", "go", "java", "native", "ruby"}
    assert len(assembled.sessions) == len(example.uploads)
    assert "py/rocket/boosters.py" in assembled.stored.files
    presence = assembled.presence()
    assert presence.any(axis=1).all()
    assert presence[list(assembled.stored.files).index("py/rocket/boosters.py")].sum() == 2


@pytest.mark.parametrize(
    ("body", "code", "facts"),
    [
        (b"", "report_empty", {"files": 0}),
        (b"{not json}", "unknown_processing", {"reason": "bad_json"}),
        (b"{}", "unknown_processing", {"reason": "not_an_envelope"}),
        (write_envelope({}, ()), "report_empty", {"files": 0}),
        (write_envelope({"empty.info": b""}, ()), "report_empty", {"files": 1}),
        (write_envelope({"notes.txt": b"hello world"}, ()), "unsupported_file_format", {"files": ["notes.txt"]}),
        (lcov_upload(LCOV.replace(b"src/a.py", b"/elsewhere/z.py")), "report_empty", {"reason": "no_path_matched"}),
        (lcov_upload(LCOV.replace(b"src/a.py", b"../../etc/passwd")), "report_empty", {"reason": "no_path_matched"}),
    ],
)
def test_a_bad_upload_ends_in_a_stored_error(
    storage: ObjectStorage, repository: Repository, body: bytes, code: str, facts: dict[str, object]
) -> None:
    upload_id, report_id = accept(storage, repository, body)

    process_upload(storage, upload_id, POLICY, "test")
    result = assemble_report(storage, report_id)

    upload = Upload.get_by_id(upload_id)
    error = UploadError.get(UploadError.upload == upload_id)
    assert (upload.state, upload.error_code, error.code) == ("error", code, code)
    assert facts.items() <= error.params.items()
    assert CommitReport.get_by_id(report_id).state == "error"
    assert result.settled and not result.notify
    assert "failed" in milestones()


def test_one_bad_file_leaves_the_others_and_a_note(storage: ObjectStorage, repository: Repository) -> None:
    body = write_envelope({"bad.xml": b"<coverage><class", "lcov.info": LCOV, "huge.json": b"{" * 500}, ("src/a.py",))
    upload_id, report_id = accept(storage, repository, body)

    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)

    upload = Upload.get_by_id(upload_id)
    assert (upload.state, upload.totals["lines"]) == ("merged", 2)
    assert {note["file"] for note in upload.notes} == {"bad.xml", "huge.json"}


def test_a_bomb_stops_at_the_limit(storage: ObjectStorage, repository: Repository) -> None:
    policy = replace(POLICY, limits=Limits(file_bytes=1 << 20))
    upload_id, _ = accept(storage, repository, write_envelope({"bomb.info": b"\0" * (64 << 20)}, ()))

    process_upload(storage, upload_id, policy, "test")

    error = UploadError.get(UploadError.upload == upload_id)
    assert error.code == "unknown_processing"
    assert "too_large" in str(Upload.get_by_id(upload_id).notes)


def test_a_raw_object_beyond_the_limit_is_an_error(storage: ObjectStorage, repository: Repository) -> None:
    policy = replace(POLICY, limits=Limits(raw_bytes=10))
    upload_id, _ = accept(storage, repository, lcov_upload())

    process_upload(storage, upload_id, policy, "test")

    assert UploadError.get(UploadError.upload == upload_id).params["reason"] == "too_large"


def test_a_missing_object_waits_and_then_becomes_an_error(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    storage.delete(Upload.get_by_id(upload_id).object_path)

    with pytest.raises(ObjectMissing) as caught:
        process_upload(storage, upload_id, POLICY, "test")
    waiting = Upload.get_by_id(upload_id)
    again = give_up(upload_id, caught.value, timedelta(0))

    assert (waiting.state, waiting.attempts) == ("received", 0)
    assert again == report_id
    assert Upload.get_by_id(upload_id).error_code == "file_not_in_storage"


class FailingStorage:
    """A storage whose writes fail until told otherwise."""

    def __init__(self, real: ObjectStorage) -> None:
        self.real = real
        self.broken = True

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def put(self, path: str, data: bytes, *, compress: bool = True) -> None:
        if self.broken:
            raise StorageUnavailable("503")
        self.real.put(path, data, compress=compress)


def test_a_storage_fault_gives_the_claim_back(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    failing = FailingStorage(storage)

    with pytest.raises(StorageUnavailable):
        process_upload(failing, upload_id, POLICY, "test")  # type: ignore[arg-type]
    given_back = Upload.get_by_id(upload_id).state
    failing.broken = False
    process_upload(failing, upload_id, POLICY, "test")  # type: ignore[arg-type]
    assemble_report(storage, report_id)

    assert given_back == "received"
    assert Upload.get_by_id(upload_id).state == "merged"


def test_an_upload_that_keeps_killing_its_worker_is_given_up(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, _ = accept(storage, repository, lcov_upload())
    Upload.update(attempts=MAX_ATTEMPTS).where(Upload.id == upload_id).execute()

    result = process_upload(storage, upload_id, POLICY, "test")

    assert result.error_code == "processing_timeout"


def test_a_held_upload_is_left_to_its_holder(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, _ = accept(storage, repository, lcov_upload())
    Upload.claim(upload_id, timedelta(minutes=5), "another worker")

    result = process_upload(storage, upload_id, POLICY, "test")

    assert result.outcome == "held"
    assert result.held_for is not None and result.held_for > timedelta(minutes=4)


def test_a_worker_that_lost_its_lease_writes_nothing(
    storage: ObjectStorage, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())

    @contextmanager
    def overtaken(upload: Upload, lease: timedelta) -> Iterator[None]:
        Upload.update(attempts=Upload.attempts + 1).where(Upload.id == upload.id).execute()
        yield

    monkeypatch.setattr(process_module, "kept", overtaken)
    process_upload(storage, upload_id, POLICY, "slow")

    assert Upload.get_by_id(upload_id).state == "processing"
    assert CommitReport.get_by_id(report_id).assembly_wanted == 0


def test_a_lost_parsed_object_is_made_again(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    process_upload(storage, upload_id, POLICY, "test")
    storage.delete(Upload.get_by_id(upload_id).parsed_path)

    result = assemble_report(storage, report_id)
    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)

    assert result.reprocess == (upload_id,)
    assert CommitReport.get_by_id(report_id).lines == 2


def test_a_slower_assembler_loses_and_starts_over(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    process_upload(storage, upload_id, POLICY, "test")

    class Overtaken(FailingStorage):
        def put(self, path: str, data: bytes, *, compress: bool = True) -> None:
            self.real.put(path, data, compress=compress)
            CommitReport.publish(report_id, 0)

    lost = assemble_report(Overtaken(storage), report_id)  # type: ignore[arg-type]
    won = assemble_report(storage, report_id)

    assert (lost.outcome, lost.again) == ("superseded", True)
    assert (won.outcome, CommitReport.get_by_id(report_id).generation) == ("assembled", 2)


def test_assembly_waits_for_its_time(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    process_upload(storage, upload_id, replace(POLICY, debounce=timedelta(seconds=30)), "test")

    result = assemble_report(storage, report_id)

    assert result.outcome == "not_due"
    assert result.due_in is not None and timedelta(seconds=20) < result.due_in <= timedelta(seconds=30)


def test_more_uploads_than_allowed_are_refused(storage: ObjectStorage, repository: Repository) -> None:
    Owner.update(max_uploads_per_commit=2).execute()
    for _ in range(2):
        accept(storage, repository, lcov_upload())

    with pytest.raises(UploadRefused) as caught:
        accept(storage, repository, lcov_upload())

    assert caught.value.code == "too_many_uploads"
    assert Upload.select().count() == 2


def test_preparation_fetches_the_commit_once(
    storage: ObjectStorage, uploader: Uploader, git: GitProvider, repository: Repository
) -> None:
    accepted = uploader.send(example.head, 0)

    prepared = prepare_report(lambda _: git, accepted.report_id, {})

    commit = Commit.get(Commit.sha == example.head)
    assert prepared.upload_ids == (accepted.upload_id,)
    assert commit.details_at is not None
    assert (commit.pull_number, commit.parent_sha) == (42, git.get_commit(example.head).parents[0])
    pinned = CommitReport.get_by_id(accepted.report_id).config
    assert pinned["flags"]["integration"] == {"paths": ["^py/"], "carryforward": True}


def test_one_worker_asks_the_git_host_for_all_uploads_of_a_burst(
    uploader: Uploader, git: GitProvider, repository: Repository
) -> None:
    first = uploader.send(example.head, 0)
    others: list[object] = []

    def arrives_meanwhile(_: GitProvider, __: CommitReport) -> None:
        second = uploader.send(example.head, 1)
        CommitReport.update(config=None).where(CommitReport.id == second.report_id).execute()

        def prepare_it() -> None:
            with db.connection_context():
                others.append(prepare_report(lambda _: git, second.report_id, {}))

        thread = Thread(target=prepare_it)
        thread.start()
        thread.join()

    prepared = prepare_report(lambda _: git, first.report_id, {}, (arrives_meanwhile,))

    assert others == [Prepared("prepared_elsewhere")]
    assert len(prepared.upload_ids) == 2


def test_further_steps_follow_once_and_stop_nothing(
    uploader: Uploader, git: GitProvider, repository: Repository
) -> None:
    accepted = uploader.send(example.head, 0)
    followed: list[int] = []

    def broken(_: GitProvider, __: CommitReport) -> None:
        raise RuntimeError("no webhook today")

    steps = (broken, lambda _, report: followed.append(report.id))
    first = prepare_report(lambda _: git, accepted.report_id, {}, steps)
    second = prepare_report(lambda _: git, accepted.report_id, {}, steps)

    assert followed == [accepted.report_id]
    assert first.upload_ids == second.upload_ids == (accepted.upload_id,)


def refuse(error: Exception) -> Sequence[object]:
    raise error


def test_without_credentials_the_uploads_go_on(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())

    prepared = prepare_report(lambda _: refuse(Unauthorized("401")), report_id, {})  # type: ignore[arg-type,return-value]

    assert prepared.upload_ids == (upload_id,)
    assert CommitError.get(CommitError.code == "unauthorized") is not None
    assert UploadEvent.get(UploadEvent.milestone == "details_missing").error == "unauthorized"


def test_a_host_that_does_not_answer_is_asked_again(storage: ObjectStorage, repository: Repository) -> None:
    _, report_id = accept(storage, repository, lcov_upload())

    with pytest.raises(Unreachable):
        prepare_report(lambda _: refuse(Unreachable("timeout")), report_id, {})  # type: ignore[arg-type,return-value]

    assert CommitReport.get_by_id(report_id).config is None
