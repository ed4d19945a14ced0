"""Fifty big uploads of one commit over four workers at once: one report with all of them, and people are told once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads import events
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.envelope import write_envelope
from app.models.database import Database
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload
from tests.e2e.conftest import Cluster, cluster_on, wait_until
from tests.e2e.test_cluster import send_prepare
from tests.example import clone, example
from tests.expected import Raw, commit_report
from tests.factories import make_owner, make_repository
from tests.open_work import open_work

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]

UPLOADS, WORKERS = 50, 4
FILES, LINES = 60, 2_000  # of each upload; parsing one takes far longer than sending a message


@pytest.fixture
def cluster(database: Database, database_url: str, amqp_url: str) -> Iterator[Cluster]:
    with cluster_on(database_url, amqp_url) as cluster:
        yield cluster


def test_many_big_uploads_at_once_give_one_report(cluster: Cluster, amqp_url: str) -> None:
    checkout = clone(cluster.folder)
    owner = make_owner(provider="local", provider_id="acme", username="acme")
    repository = make_repository(owner=owner, provider="local", provider_id=str(checkout), name="rocket")
    storage = ObjectStorage.from_url(cluster.environment["CW__STORAGE__URL"])
    new = NewUpload(repository.id, example.head, datetime.now(UTC), pull_number=example.pull)
    bodies = [document(number) for number in range(UPLOADS)]
    accepted = [accept_upload(storage, new, body, datetime.now(UTC)) for body in bodies]
    cluster.environment["CW__UPLOADS__LEASE"] = "60s"  # nobody dies here

    for _ in range(WORKERS):
        cluster.start_worker("--threads", "1")
    send_prepare(amqp_url, accepted[0].report_id)
    wait_until(lambda: not open_work() and notified(), 120, lambda: f"{open_work()} {cluster.logs()[-3000:]}")

    report = CommitReport.get_by_id(accepted[0].report_id)
    uploads = list(Upload.select().order_by(Upload.id))
    assert (report.state, report.sessions) == ("complete", UPLOADS)
    assert {(upload.state, upload.attempts) for upload in uploads} == {("merged", 1)}
    assert 1 <= notified() <= 3
    stored = storage.get(report.object_paths["report"], max_bytes=1 << 30)
    assert stored == commit_report(Raw(body, number) for number, body in enumerate(bodies))


def document(number: int) -> bytes:
    """Every upload covers other lines of the same files."""
    hits = "\n".join(f"DA:{line},{(line + number) % 7}" for line in range(1, LINES + 1))
    files = "\n".join(f"SF:src/file{file}.py\n{hits}\nend_of_record" for file in range(FILES))
    return write_envelope({"lcov.info": files.encode()}, tuple(f"src/file{file}.py" for file in range(FILES)))


def notified() -> int:
    return int(UploadEvent.select().where(UploadEvent.milestone == events.NOTIFIED).count())
