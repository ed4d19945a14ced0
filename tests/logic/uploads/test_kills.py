"""A worker killed before any statement or any access to storage: redelivery and sweepers bring the same report."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clients.storage import ObjectStorage
from app.logic.maintenance.sweep import take_overdue
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.prepare import dispatch_report
from app.logic.uploads.process import process_upload
from app.models.database import Database, now
from app.models.git import Commit
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY

LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"
LIMIT = 200  # steps; far more than the pipeline takes
AT_ONCE = timedelta(0)


class Killed(BaseException):
    """What no handler of the pipeline can stop, as SIGKILL."""


class Countdown:
    """Kills at the n-th step, a statement or an access to storage, and counts nothing after that."""

    def __init__(self) -> None:
        self.left = 0

    def step(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                raise Killed


class CountedStorage:
    """Storage whose every access is a step."""

    def __init__(self, real: ObjectStorage, countdown: Countdown) -> None:
        self.real = real
        self.countdown = countdown

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.real, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.countdown.step()
            return method(*args, **options)

        return counted


@pytest.fixture
def countdown(monkeypatch: pytest.MonkeyPatch) -> Countdown:
    countdown = Countdown()
    execute = Database.execute_sql

    def counted(self: Database, sql: str, params: Any = None) -> Any:
        countdown.step()
        return execute(self, sql, params)

    monkeypatch.setattr(Database, "execute_sql", counted)
    # A killed worker gives nothing back.
    monkeypatch.setattr(Upload, "release", lambda *_: False)
    return countdown


def accept(storage: ObjectStorage, repository: Repository) -> list[Any]:
    new = NewUpload(repo_id=repository.id, sha="a" * 40, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    body = write_envelope({"lcov.info": LCOV}, ("src/a.py",))
    return [accept_upload(storage, new, body, datetime.now(UTC)) for _ in range(2)]


def work(storage: ObjectStorage, accepted: list[Any]) -> None:
    for one in accepted:
        process_upload(storage, one.upload_id, POLICY, "victim")
    assemble_report(storage, accepted[0].report_id)


def recover(storage: ObjectStorage) -> None:
    """Do what the sweepers say until they find nothing, as time goes by."""
    for _ in range(10):
        Upload.update(lease_until=now() - timedelta(minutes=1)).where(Upload.state == "processing").execute()
        found = take_overdue(AT_ONCE, AT_ONCE)
        if not (found.uploads or found.unprepared or found.reports):
            return
        for report_id in found.unprepared:
            for upload_id in dispatch_report(report_id):
                process_upload(storage, upload_id, POLICY, "rescuer")
        for upload_id in found.uploads:
            process_upload(storage, upload_id, POLICY, "rescuer")
        for report_id in found.reports:
            assemble_report(storage, report_id)


def stored_bytes(storage: ObjectStorage, report_id: int) -> bytes:
    return storage.get(CommitReport.get_by_id(report_id).object_paths["report"], max_bytes=1 << 30)


def objects_of_rows() -> set[str]:
    uploads = list(Upload.select())
    reports = {report.object_paths["report"] for report in CommitReport.select()}
    return reports | {upload.object_path for upload in uploads} | {upload.parsed_path for upload in uploads}


def test_a_kill_at_any_step_changes_nothing_but_time(
    storage: ObjectStorage, repository: Repository, countdown: Countdown
) -> None:
    accepted = accept(storage, repository)
    work(storage, accepted)
    expected = stored_bytes(storage, accepted[0].report_id)
    counted: Any = CountedStorage(storage, countdown)

    for steps in range(1, LIMIT):
        start_over(storage)
        accepted = accept(storage, repository)
        countdown.left = steps
        try:
            work(counted, accepted)
        except Killed:
            pass
        else:
            countdown.left = 0
            break
        recover(storage)

        report = CommitReport.get_by_id(accepted[0].report_id)
        assert [upload.state for upload in Upload.select()] == ["merged", "merged"], steps
        assert (report.state, report.assembly_done) == ("complete", report.assembly_wanted), steps
        assert stored_bytes(storage, report.id) == expected, steps
        assert report.notify_wanted > 0, steps
        # What a row names is never garbage, and what none names always is.
        garbage = {row.path for row in ObjectGarbage.select()}
        assert {*storage.list()} - garbage == objects_of_rows(), steps
    assert 30 < steps < LIMIT - 1


def start_over(storage: ObjectStorage) -> None:
    Commit.delete().execute()
    ObjectGarbage.delete().execute()
    for path in [*storage.list()]:
        storage.delete(path)
