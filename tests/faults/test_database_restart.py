"""PostgreSQL restarts under busy workers, as after a crash: only retries follow."""

from collections.abc import Iterator

import pytest

from app.clients.storage import ObjectStorage
from app.models.database import Database, db, open_database
from app.models.reports import CommitReport, Upload
from tests.e2e.conftest import Cluster, cluster_on, wait_until
from tests.e2e.test_cluster import send_prepare
from tests.example import Uploader, clone, example
from tests.expected import Raw, commit_report
from tests.factories import make_owner, make_repository
from tests.open_work import open_work
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]

UPLOADS = 12


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def own_database(server: PostgresServer) -> Iterator[Database]:
    database = open_database(server.url, pool_size=2)
    db.initialize(database)
    yield database
    database.close_all()


@pytest.fixture
def cluster(own_database: Database, server: PostgresServer, amqp_url: str) -> Iterator[Cluster]:
    with cluster_on(server.url, amqp_url) as cluster:
        yield cluster


def test_a_restarted_database_costs_only_retries(
    cluster: Cluster, server: PostgresServer, own_database: Database, amqp_url: str
) -> None:
    checkout = clone(cluster.folder)
    owner = make_owner(provider="local", provider_id="acme", username="acme")
    repository = make_repository(owner=owner, provider="local", provider_id=str(checkout), name="rocket")
    storage = ObjectStorage.from_url(cluster.environment["CW__STORAGE__URL"])
    uploader = Uploader(storage, checkout, repository.id)
    accepted = [uploader.send(example.head, number, pull=example.pull) for number in range(UPLOADS)]
    report_id = accepted[0].report_id
    workers = [cluster.start_worker(), cluster.start_worker()]
    send_prepare(amqp_url, report_id)

    for parsed in (1, UPLOADS // 3, 2 * UPLOADS // 3):
        wait_until(lambda enough=parsed: states(own_database, "received") <= UPLOADS - enough, 60, cluster.logs)
        own_database.close_all()
        server.restart("immediate")
    wait_until(lambda: not open_work(), 120, lambda: f"{open_work()} {cluster.logs()[-3000:]}")

    report = CommitReport.get_by_id(report_id)
    raw = [
        Raw(storage.get(str(u.object_path), max_bytes=1 << 30), u.session_index or 0, flags_of(u), u.name)
        for u in Upload.select()
    ]
    assert states(own_database, "merged") == UPLOADS
    assert storage.get(report.object_paths["report"], max_bytes=1 << 30) == commit_report(raw)
    assert all(worker.poll() is None for worker in workers)
    assert '"event": "message_retried"' in cluster.logs() or '"outcome": "retry"' in cluster.logs()
    assert "message_failed" not in cluster.logs()


def states(database: Database, state: str) -> int:
    with database.connection_context():
        return int(Upload.select().where(Upload.state == state).count())


def flags_of(upload: Upload) -> tuple[str, ...]:
    return tuple(example.uploads[(upload.session_index or 0) % len(example.uploads)].flags)
