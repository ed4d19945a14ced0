"""Named locks in the database. They only spare double work: correctness rests on rows and compare-and-set."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.models.database import db


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
        if held and not db.is_closed():
            db.execute_sql(f"SELECT pg_advisory_unlock({key})", (name,))
