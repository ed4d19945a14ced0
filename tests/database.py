"""A real PostgreSQL for the tests: the server of TEST_DATABASE_URL, else the embedded one in a temporary folder."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg2
from psycopg2 import sql

from app.models import ALL_MODELS
from app.models.database import Database, open_database
from app.models.migrate import migrate


@cache
def provide_database() -> str:
    """URL of a migrated database of this test process; it is dropped when the process ends."""
    url = create_database()
    atexit.register(drop_database, url)
    database = open_database(url, pool_size=1)
    migrate(database)
    return url


def create_database(template: str | None = None) -> str:
    """URL of a new database: an empty one, or a copy of the one `template` names, which nobody may be using."""
    name = f"coverage_test_{uuid4().hex}"
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(_name_of(template)))
    _administer(statement)
    return urlunsplit(urlsplit(_server())._replace(path=f"/{name}"))


def drop_database(url: str) -> None:
    """Remove a database, whoever may still be connected to it."""
    _administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name_of(url))))


@contextmanager
def temporary_database() -> Iterator[Database]:
    """A pool for an empty database that lives as long as the block."""
    url = create_database()
    database = open_database(url, pool_size=8)
    try:
        yield database
    finally:
        database.close_all()
        drop_database(url)


def clean(database: Database) -> None:
    """Delete all rows, children first: much faster than TRUNCATE on small tables."""
    with database.connection_context():
        for model in reversed(ALL_MODELS):
            database.execute_sql(f'DELETE FROM "{model._meta.table_name}"')


@cache
def _server() -> str:
    """URL of a database on the server whose user may create databases."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    from app.helpers.embedded_postgres import start  # noqa: PLC0415  # not installed where a server is given

    # One server for all processes of a parallel run.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"coverage-test-{run}"
    atexit.register(_remove, folder)
    url = start(folder)
    _administer(sql.SQL("ALTER SYSTEM SET fsync = off"), url)
    _administer(sql.SQL("ALTER SYSTEM SET synchronous_commit = off"), url)
    _administer(sql.SQL("ALTER SYSTEM SET full_page_writes = off"), url)
    _administer(sql.SQL("SELECT pg_reload_conf()"), url)
    return url


def _remove(folder: Path) -> None:
    """Runs after the server gave up this process; the last one finds it stopped."""
    if not (folder / "postmaster.pid").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _administer(statement: sql.Composable, url: str | None = None) -> None:
    connection = psycopg2.connect(url or _server())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
