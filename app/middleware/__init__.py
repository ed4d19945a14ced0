"""Dramatiq middleware, one module each, and the order in which they work."""

from pathlib import Path

from dramatiq import Middleware
from dramatiq.middleware import CurrentMessage, ShutdownNotifications, TimeLimit

from app.middleware.actor_metrics import ActorMetrics
from app.middleware.age_limit import AgeLimit
from app.middleware.database_connection import Connection, DatabaseConnection
from app.middleware.errors import MAX_DELAY
from app.middleware.heartbeat import Heartbeat
from app.middleware.log_context import LogContext
from app.middleware.memory_cap import MemoryCap, RecycleAbove
from app.middleware.retries import Retries

TIME_LIMIT_MS = 600_000


def standard_middleware(
    database: Connection | None = None,
    *,
    memory_cap: int = 0,
    recycle_above: int = 0,
    heartbeat_folder: Path | None = None,
    max_retry_delay: float = MAX_DELAY,
) -> list[Middleware]:
    """The middleware of every broker; hooks before a message run from first to last, hooks after it from last to first.

    `memory_cap` and `recycle_above` are bytes, 0 = off, and meant for worker processes of their own, as is
    `heartbeat_folder`. `max_retry_delay` is in seconds.
    """
    stack: list[Middleware] = [
        LogContext(),  # outermost: everything below logs with its context
        ActorMetrics(),  # after everything that decides about the outcome
        AgeLimit(),
        CurrentMessage(),
        ShutdownNotifications(),
        Retries(max_retry_delay),
    ]
    if database is not None:
        stack.append(DatabaseConnection(database))  # released before a retry is published
    if memory_cap:
        stack.append(MemoryCap(memory_cap))
    if recycle_above:
        stack.append(RecycleAbove(recycle_above))
    if heartbeat_folder is not None:
        stack.append(Heartbeat(heartbeat_folder))
    # Innermost: its interrupt must not hit the hooks above, which decide what becomes of the message.
    stack.append(TimeLimit(time_limit=TIME_LIMIT_MS))
    return stack
