"""RabbitMQ is killed with a thousand messages on their way, 200 of them delayed: no upload is lost, none done twice."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dramatiq
import pytest

from app.broker import rabbitmq_broker
from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.envelope import write_envelope
from app.models.database import Database
from app.models.reports import CommitReport, Upload
from tests.e2e.conftest import Cluster, cluster_on, wait_until
from tests.factories import make_owner, make_repository, make_sha
from tests.rabbitmq_node import NodeUnavailable, RabbitNode

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]

COMMITS, UPLOADS, REPEATS = 4, 50, 5  # a thousand messages
DELAY = 8_000  # milliseconds, of the last message about each upload
LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


@pytest.fixture
def node() -> Iterator[RabbitNode]:
    try:
        node = RabbitNode()
    except NodeUnavailable as error:
        pytest.skip(str(error))
    try:
        node.start()
        yield node
    finally:
        node.remove()


@pytest.fixture
def cluster(database: Database, database_url: str, node: RabbitNode) -> Iterator[Cluster]:
    with cluster_on(database_url, node.url) as cluster:
        yield cluster


def test_a_killed_broker_loses_no_upload(cluster: Cluster, node: RabbitNode) -> None:
    storage = ObjectStorage.from_url(cluster.environment["CW__STORAGE__URL"])
    repository = make_repository(owner=make_owner())
    body = write_envelope({"lcov.info": LCOV}, ("src/a.py",))
    uploads = [
        accept_upload(storage, NewUpload(repository.id, make_sha(commit), datetime.now(UTC)), body, datetime.now(UTC))
        for commit in range(COMMITS)
        for _ in range(UPLOADS)
    ]
    CommitReport.update(config={}).execute()
    send(node.url, [one.upload_id for one in uploads])
    workers = [cluster.start_worker() for _ in range(2)]

    def parsed() -> int:
        return int(Upload.select().where(Upload.state.in_(("processed", "merged"))).count())

    wait_until(lambda: parsed() >= len(uploads) // 10, 60, cluster.logs)
    node.kill()
    survived = parsed()
    node.start()
    wait_until(lambda: parsed() == len(uploads), 120, lambda: f"{parsed()} parsed; {cluster.logs()[-3000:]}")

    done_again = sum(upload.attempts - 1 for upload in Upload.select())
    assert survived < len(uploads)
    assert done_again == 0
    assert all(worker.poll() is None for worker in workers)


def send(url: str, upload_ids: list[int]) -> None:
    """Publish every wake-up five times, the last time delayed, as a producer of its own would."""
    broker = rabbitmq_broker(url)
    broker.declare_queue("uploads", ensure=True)
    for repeat in range(REPEATS):
        for upload_id in upload_ids:
            message = dramatiq.Message("uploads", "uploads.process", (), {"upload_id": upload_id}, {})
            broker.enqueue(message, delay=DELAY if repeat == REPEATS - 1 else None)
    broker.close()
