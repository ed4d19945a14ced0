"""Keep a claimed row ours while we work: a short lease, renewed as long as this process lives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from peewee import PeeweeException

from app.models.database import db
from app.models.reports import Upload
from app.models.results import Comparison

log = structlog.get_logger(__name__)


@contextmanager
def kept(claimed: Upload | Comparison, lease: timedelta) -> Iterator[None]:
    """Renew the claim of a row every third of its lease until the block ends.

    Renewal that fails is logged and tried again: losing the lease costs double work, never a wrong result, because the
    number of the attempt guards every write.
    """
    finished = threading.Event()
    thread = threading.Thread(target=_renew, args=(claimed, lease, finished), name=f"lease-{claimed.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _renew(claimed: Upload | Comparison, lease: timedelta, finished: threading.Event) -> None:
    while not finished.wait(lease.total_seconds() / 3):
        try:
            with db.connection_context():
                if not type(claimed).renew(claimed.id, claimed.attempts, lease):
                    return  # the claim has ended or is another worker's
        except PeeweeException as error:
            kind = type(claimed).__name__.lower()
            log.warning("lease.not_renewed", kind=kind, id=claimed.id, error_class=type(error).__name__)
