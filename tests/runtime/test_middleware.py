"""Database connections and waiting times around a message."""

from collections.abc import Iterator
from typing import Any

import dramatiq
import peewee
import pytest
from dramatiq.brokers.stub import StubBroker
from marshmallow import Schema
from prometheus_client import REGISTRY

from app.actors.base import actor
from app.broker import stub_broker
from app.middleware import standard_middleware
from app.middleware.database_connection import DatabaseConnection
from app.middleware.errors import ErrorClass, classify
from app.models.database import Database, db, unit_of_work
from app.models.machinery import CronRun
from tests.runtime.running import eventually, running


class Empty(Schema):
    pass


def in_use(database: Database) -> int:
    return len(database._in_use)


@pytest.fixture
def broker(database: Database) -> Iterator[StubBroker]:
    broker = stub_broker(middleware=standard_middleware(db))
    former = dramatiq.broker.global_broker
    dramatiq.set_broker(broker)
    yield broker
    broker.close()
    dramatiq.set_broker(former or broker)


def test_the_connection_goes_back_to_the_pool_after_every_message(broker: StubBroker, database: Database) -> None:
    during: list[int] = []

    @actor(name="tests.query", queue="reports", schema=Empty, time_limit=5_000, max_retries=0)
    def query() -> None:
        db.execute_sql("SELECT 1")
        during.append(in_use(database))
        raise ValueError("a bug")

    query.send()
    with running(broker):
        eventually(lambda: broker.dead_letters)
        eventually(lambda: in_use(database) == 0)

    assert during == [1]


def test_the_connection_of_the_final_hook_goes_back_as_well(broker: StubBroker, database: Database) -> None:
    hooked: list[int] = []

    def record(payload: dict[str, Any], error: BaseException) -> None:
        db.execute_sql("SELECT 1")
        hooked.append(in_use(database))

    @actor(name="tests.hook", queue="reports", schema=Empty, time_limit=5_000, max_retries=0, on_exhausted=record)
    def fail() -> None:
        raise ValueError("a bug")

    fail.send()
    with running(broker):
        eventually(lambda: broker.dead_letters)
        eventually(lambda: in_use(database) == 0)

    assert hooked == [1]


def test_a_transaction_left_open_is_rolled_back(database: Database) -> None:
    transaction = db.atomic()
    transaction.__enter__()
    CronRun.create(name="half")

    DatabaseConnection(db).release()

    assert db.is_closed()
    assert not CronRun.select().where(CronRun.name == "half").exists()


def test_a_lost_race_for_a_unique_key_is_told_from_bad_data(database: Database) -> None:
    CronRun.create(name="taken")

    with pytest.raises(peewee.IntegrityError) as duplicate:
        CronRun.create(name="taken")
    with pytest.raises(peewee.IntegrityError) as refused:
        CronRun.create(name="other", status="nonsense")

    assert classify(duplicate.value).error_class is ErrorClass.UNIQUE
    assert classify(refused.value).error_class is ErrorClass.DATA


def test_a_killed_connection_is_an_error_of_the_database_and_the_next_message_works(
    broker: StubBroker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.middleware.errors.RetryPolicy.delay", lambda *_: 0.001)
    done: list[int] = []

    @actor(name="tests.killed", queue="reports", schema=Empty, time_limit=5_000)
    def killed() -> None:
        with unit_of_work():
            pid = db.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
            if not done:
                done.append(pid)
                db.execute_sql("SELECT pg_terminate_backend(pg_backend_pid())")
            done.append(pid)

    before = _sample("covworker_actor_retries_total", actor="tests.killed", error_class="database")
    killed.send()
    with running(broker):
        broker.join("reports", timeout=10_000)

    assert len(done) == 2
    assert done[0] != done[1]
    assert _sample("covworker_actor_retries_total", actor="tests.killed", error_class="database") == before + 1


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_waiting_is_measured_from_the_moment_a_message_is_due(broker: StubBroker) -> None:
    @actor(name="tests.due", queue="ingest", schema=Empty, time_limit=5_000)
    def due() -> None: ...

    count, total = (_sample(f"covworker_queue_wait_seconds_{part}", queue="ingest") for part in ("count", "sum"))
    due.send_with_options(delay=400)
    with running(broker):
        broker.join("ingest", timeout=10_000)

    assert _sample("covworker_queue_wait_seconds_count", queue="ingest") == count + 1
    assert _sample("covworker_queue_wait_seconds_sum", queue="ingest") - total < 0.3
