"""Gives the database connection of a thread back to the pool after every message."""

from typing import Any, Protocol

import structlog
from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.worker import WorkerThread

log = structlog.get_logger(__name__)


class Connection(Protocol):
    """What is needed of a Peewee database; its state belongs to the calling thread."""

    def is_closed(self) -> bool: ...
    def in_transaction(self) -> bool: ...
    def pop_transaction(self) -> Any: ...
    def close(self) -> Any: ...
    def manual_close(self) -> Any: ...


class DatabaseConnection(Middleware):
    """Releases the connection the actor used; the first query of the next message takes one again.

    Nothing is opened here: Dramatiq would swallow the error and run the actor anyway.
    """

    def __init__(self, database: Connection) -> None:
        self.database = database

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        self.release()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self.release()

    def before_nack(self, broker: Broker, message: MessageProxy) -> None:
        self.release()  # the hook that records a final error may have connected again

    def before_worker_thread_shutdown(self, broker: Broker, thread: WorkerThread) -> None:
        self.release()

    def release(self) -> None:
        """Return the connection of this thread; with a transaction left open it is closed, so the server rolls back."""
        database = self.database
        if database.is_closed():
            return
        if not database.in_transaction():
            database.close()
            return
        log.error("transaction_left_open")
        while database.in_transaction():
            database.pop_transaction()
        database.manual_close()
