"""Rows are locked in one order, the report before its uploads, so that workers on one commit never wait in a circle."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.process import process_upload
from app.models.database import Database
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload

WAITS_FOR_US = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)


def wait_until_somebody_waits_for_us(database: Database) -> None:
    deadline = time.monotonic() + 30
    while not database.execute_sql(WAITS_FOR_US).fetchone()[0]:
        assert time.monotonic() < deadline, "nobody came to wait for the lock"
        time.sleep(0.01)


@pytest.mark.parametrize("body", [lcov_upload(), b"no upload"], ids=["read well", "refused"])
def test_a_worker_that_waits_for_the_report_does_not_hold_the_upload(
    database: Database, storage: ObjectStorage, repository: Repository, body: bytes
) -> None:
    upload_id, report_id = accept(storage, repository, body)

    def work() -> str:
        with database.connection_context():
            return process_upload(storage, upload_id, POLICY, "other").outcome

    with ThreadPoolExecutor(1) as pool:
        with database.atomic():
            CommitReport.lock(report_id)
            worker = pool.submit(work)
            wait_until_somebody_waits_for_us(database)
            free = list(Upload.select().where(Upload.id == upload_id).for_update(skip_locked=True))
        outcome = worker.result(30)

    assert free == [Upload.get_by_id(upload_id)]
    assert outcome in ("ok", "error")
