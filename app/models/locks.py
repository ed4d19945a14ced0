"""Named locks in the database. They only spare double work: correctness rests on rows and compare-and-set."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from peewee import PeeweeException

from app.models.database import db

log = structlog.get_logger(__name__)


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Hold an advisory lock of this connection while the block runs; yields False at once if somebody else has it.

    The lock goes with the connection, so a dead worker never keeps it. It needs a session of its own: behind a proxy
    that shares connections between transactions it may be lost early, which costs double work and nothing else.
    """
    key = "hashtextextended(%s, 0)"
    held = bool(db.execute_sql(f"SELECT pg_try_advisory_lock({key})", (name,)).fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _unlock(f"SELECT pg_advisory_unlock({key})", name)


def _unlock(statement: str, name: str) -> None:
    if db.is_closed():
        return
    try:
        db.execute_sql(statement, (name,))
    except PeeweeException as error:
        # The connection has taken the lock with it; what the block raised matters more.
        log.info("lock.lost", name=name, error_class=type(error).__name__)
