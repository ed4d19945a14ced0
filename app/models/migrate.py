"""Bring the database to the schema of this release."""

import time
from pathlib import Path

from peewee import OperationalError
from playhouse.migrations import Migration, Runner

from app.models.database import Database

MIGRATIONS = Path(__file__).parents[2] / "migrations"

# Any fixed number will do, as long as every process that migrates takes the same lock.
ADVISORY_LOCK = 7_166_083_104_455

POLL = 0.1  # seconds


def migrate(database: Database, *, wait: float = 600, lock_timeout: float = 10) -> list[str]:
    """Apply the pending migrations in order and return their names; each one is a transaction of its own.

    Processes that migrate at the same time take turns: one that waits longer than `wait` seconds for the others fails
    with OperationalError. A statement that waits longer than `lock_timeout` seconds for a lock fails, rather than
    queueing up all readers of its table behind itself. Uses and then closes the connection of this thread.
    """
    database.connect(reuse_if_open=True)
    try:
        _set(database, "statement_timeout", 0)
        _take_turn(database, wait)
        _set(database, "lock_timeout", lock_timeout)
        applied: list[str] = _runner(database).up()
        return applied
    finally:
        # Thrown away instead of going back to the pool: its settings differ, and the lock ends with it.
        database.manual_close()


def _take_turn(database: Database, wait: float) -> None:
    """Ask for the lock again and again: CREATE INDEX CONCURRENTLY waits for every statement that waits itself."""
    deadline = time.monotonic() + wait
    while not database.execute_sql("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)).fetchone()[0]:
        if time.monotonic() > deadline:
            raise OperationalError(f"another process has been migrating for {wait:.0f} s")
        time.sleep(POLL)


def pending(database: Database) -> list[str]:
    """Names of the migrations that are not applied yet."""
    applied = _runner(database).applied()
    return [name for name in _names() if name not in applied]


def expected_version() -> str:
    """Name of the newest migration of this release."""
    return _names()[-1]


def current_version(database: Database) -> str | None:
    """Name of the newest applied migration; None for an empty database."""
    return max(_runner(database).applied(), default=None)


def _names() -> list[str]:
    return [migration.name for migration in Migration.load_directory(str(MIGRATIONS))]


def _runner(database: Database) -> Runner:
    return Runner(database, str(MIGRATIONS))


def _set(database: Database, setting: str, seconds: float) -> None:
    database.execute_sql("SELECT set_config(%s, %s, false)", (setting, f"{round(seconds * 1000)}ms"))
