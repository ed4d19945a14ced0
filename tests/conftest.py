"""Fixtures shared by all tests."""

from collections.abc import Iterator

import pytest

from app.models.database import Database, db, open_database
from tests.database import clean, provide_database


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
