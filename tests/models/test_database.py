"""Connections, session settings and units of work."""

import threading
from datetime import UTC, datetime

import psycopg2
import pytest
from peewee import InterfaceError, OperationalError

from app.models import Owner
from app.models.database import (
    Database,
    DatabaseUrlInvalid,
    PoolExhausted,
    db,
    lost_wake_hooks,
    open_database,
    unit_of_work,
)
from tests.factories import make_owner


class FakeActor:
    """An actor that remembers what it was sent and whether the sender's transaction was over by then."""

    actor_name = "process_upload"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[dict[str, object]] = []

    def send(self, **payload: object) -> None:
        assert not db.in_transaction()
        if self.error is not None:
            raise self.error
        self.sent.append(payload)


def test_every_session_runs_in_utc_with_the_given_timeouts(database_url: str) -> None:
    pool = open_database(
        database_url, statement_timeout=7, lock_timeout=1.5, idle_in_transaction_timeout=0, application_name="tests"
    )

    names = "TimeZone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name"
    settings = [pool.execute_sql(f"SHOW {name}").fetchone()[0] for name in names]
    pool.close()
    pool.close_all()

    assert settings == ["UTC", "7s", "1500ms", "0", "tests"]


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        (
            "postgres://worker:p%40ss%2Fword@db.example:6432/coverage?sslmode=require",
            {
                "host": "db.example",
                "port": "6432",
                "user": "worker",
                "password": "p@ss/word",
                "sslmode": "require",
            },
        ),
        ("postgresql://postgres:@/coverage?host=/run/data", {"host": "/run/data", "user": "postgres"}),
        ("postgresql://db/coverage?application_name=mine&connect_timeout=9", {"application_name": "mine"}),
    ],
)
def test_all_parts_of_the_url_reach_the_driver(url: str, parameters: dict[str, str]) -> None:
    pool = open_database(url)

    assert pool.database == "coverage"
    assert parameters.items() <= pool.connect_params.items()


@pytest.mark.parametrize(
    "url", ["sqlite:///file.db", "postgresql://user:se%zzcret@db/coverage", "postgresql://user:secret@db"]
)
def test_a_bad_url_is_refused_without_repeating_its_secrets(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as caught:
        open_database(url)

    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_exhausted_pool_raises_a_database_error_that_can_be_retried(database_url: str) -> None:
    pool = open_database(database_url, pool_size=1, pool_wait=0.05)
    errors: list[Exception] = []

    def connect() -> None:
        try:
            pool.connect()
        except Exception as error:
            errors.append(error)

    pool.connect()
    other = threading.Thread(target=connect)
    other.start()
    other.join()
    pool.close()
    pool.connect()
    pool.close()
    pool.close_all()

    assert [type(error) for error in errors] == [PoolExhausted]
    assert isinstance(errors[0], OperationalError)


def test_a_connection_killed_while_idle_is_replaced(database: Database, database_url: str) -> None:
    pid = database.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
    database.close()
    killer = psycopg2.connect(database_url)
    killer.cursor().execute("SELECT pg_terminate_backend(%s)", (pid,))
    killer.close()

    assert Owner.select().count() == 0
    assert database.execute_sql("SHOW TimeZone").fetchone()[0] == "UTC"


def test_an_unreachable_server_is_an_operational_error(tmp_path) -> None:
    pool = open_database(f"postgresql://postgres@/coverage?host={tmp_path}")

    with pytest.raises(OperationalError):
        pool.connect()


@pytest.mark.usefixtures("database")
def test_instants_come_back_aware_and_in_utc() -> None:
    instant = datetime.fromisoformat("2024-03-01T12:00:00.123456+05:00")
    owner = make_owner(listing_synced_at=instant)

    stored = Owner.get_by_id(owner.id)

    assert stored.listing_synced_at == instant
    assert stored.listing_synced_at.utcoffset() == UTC.utcoffset(None)


@pytest.mark.usefixtures("database")
def test_naive_datetimes_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        make_owner(listing_synced_at=datetime(2024, 3, 1))


@pytest.mark.usefixtures("database")
def test_every_update_moves_updated_at() -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    saved, updated = make_owner(updated_at=long_ago), make_owner(updated_at=long_ago)

    saved.display_name = "Acme"
    saved.save()
    Owner.update(display_name="Acme").where(Owner.id == updated.id).execute()

    assert all(owner.updated_at > long_ago for owner in Owner.select())


@pytest.mark.usefixtures("database")
def test_saving_a_row_leaves_what_others_changed_meanwhile() -> None:
    owner = make_owner()
    stale = Owner.get_by_id(owner.id)
    Owner.update(email="new@acme.example").where(Owner.id == owner.id).execute()

    stale.display_name = "Acme"
    stale.save()

    assert Owner.get_by_id(owner.id).email == "new@acme.example"


@pytest.mark.usefixtures("database")
def test_wake_ups_are_sent_after_the_commit() -> None:
    actor = FakeActor()

    with unit_of_work() as work:
        work.wake(actor, upload_id=1)
        make_owner()
        assert actor.sent == []

    assert actor.sent == [{"upload_id": 1}]
    assert Owner.select().count() == 1


@pytest.mark.usefixtures("database")
def test_a_rolled_back_unit_sends_nothing() -> None:
    actor = FakeActor()

    with pytest.raises(RuntimeError), unit_of_work() as work:
        work.wake(actor, upload_id=1)
        make_owner()
        raise RuntimeError
    with unit_of_work():
        make_owner()

    assert actor.sent == []
    assert Owner.select().count() == 1


@pytest.mark.usefixtures("database")
def test_equal_wake_ups_of_a_unit_are_sent_once() -> None:
    actor = FakeActor()

    with unit_of_work() as work:
        work.wake(actor, upload_id=1)
        work.wake(actor, upload_id=2)
        work.wake(actor, upload_id=1)

    assert actor.sent == [{"upload_id": 1}, {"upload_id": 2}]


@pytest.mark.usefixtures("database")
def test_wake_ups_of_inner_units_wait_for_the_outermost_commit() -> None:
    actor = FakeActor()

    with unit_of_work() as outer:
        with unit_of_work() as inner:
            inner.wake(actor, upload_id=2)
        outer.wake(actor, upload_id=1)
        assert actor.sent == []

    assert actor.sent == [{"upload_id": 2}, {"upload_id": 1}]


@pytest.mark.usefixtures("database")
def test_an_inner_unit_that_rolled_back_takes_its_wake_ups_with_it() -> None:
    actor = FakeActor()

    with unit_of_work() as outer:
        outer.wake(actor, upload_id=1)
        with pytest.raises(RuntimeError), unit_of_work() as middle:
            middle.wake(actor, upload_id=2)
            with unit_of_work() as inner:
                inner.wake(actor, upload_id=3)
                make_owner()
            raise RuntimeError

    assert actor.sent == [{"upload_id": 1}]
    assert Owner.select().count() == 0


@pytest.mark.usefixtures("database")
def test_a_unit_inside_a_plain_transaction_waits_for_its_commit() -> None:
    actor = FakeActor()

    with db.atomic():
        with unit_of_work() as work:
            work.wake(actor, upload_id=1)
        assert actor.sent == []

    assert actor.sent == [{"upload_id": 1}]


@pytest.mark.usefixtures("database")
def test_a_wake_up_that_cannot_be_published_is_reported_and_stops_nothing(monkeypatch) -> None:
    lost: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "app.models.database.lost_wake_hooks",
        [*lost_wake_hooks, lambda name, error: lost.append((name, str(error)))],
    )
    broken, working = FakeActor(ConnectionError("broker is away")), FakeActor()

    with unit_of_work() as work:
        work.wake(broken, upload_id=1)
        work.wake(working, upload_id=2)
        make_owner()

    assert lost == [("process_upload", "broker is away")]
    assert working.sent == [{"upload_id": 2}]
    assert Owner.select().count() == 1


def test_a_unit_whose_connection_died_sends_nothing(database: Database, database_url: str) -> None:
    actor = FakeActor()
    killer = psycopg2.connect(database_url)
    killer.autocommit = True

    with pytest.raises((OperationalError, InterfaceError)), unit_of_work() as work:
        work.wake(actor, upload_id=1)
        make_owner()
        pid = database.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
        killer.cursor().execute("SELECT pg_terminate_backend(%s)", (pid,))
    killer.close()
    database.close()

    assert actor.sent == []
    assert Owner.select().count() == 0


@pytest.mark.usefixtures("database")
def test_units_of_different_threads_do_not_mix() -> None:
    actor = FakeActor()

    def fail_in_a_thread() -> None:
        with pytest.raises(RuntimeError), unit_of_work() as work:
            work.wake(actor, upload_id=2)
            raise RuntimeError
        db.close()

    with unit_of_work() as work:
        work.wake(actor, upload_id=1)
        thread = threading.Thread(target=fail_in_a_thread)
        thread.start()
        thread.join()

    assert actor.sent == [{"upload_id": 1}]
