"""Fixtures shared by all tests."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from app.models.database import Database, db, open_database
from tests.database import clean, provide_database
from tests.rabbitmq import HINT, provide_amqp

# No test measures time: a busy machine must not fail one.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the broker share one process of a parallel run, because they may have to share one server."""
    for item in items:
        if item.get_closest_marker("amqp"):
            item.add_marker(pytest.mark.xdist_group("amqp"))


@pytest.fixture(scope="session")
def amqp_url() -> str:
    """URL of a real RabbitMQ, for tests marked `amqp`; CI forbids the skip."""
    url = provide_amqp()
    if url is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(HINT)
    return url


@pytest.fixture(scope="session")
def database_url() -> str:
    """URL of a migrated PostgreSQL database of this test process."""
    return provide_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The models bound to the test database; its rows are deleted afterwards."""
    database = open_database(database_url, pool_size=8, pool_wait=10)
    db.initialize(database)
    yield database
    if not database.is_closed():
        database.close()
    clean(database)
    database.close_all()
