"""Classes of errors and what each deserves: whether to try again, when, and when to give up."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import peewee
from dramatiq.errors import BrokerConnectionError, Retry
from dramatiq.middleware import Shutdown, TimeLimitExceeded

MAX_DELAY = 900.0  # a longer wait is a row with a due time, not a message held by a worker
MAX_WAIT = 7200.0
UNIQUE_VIOLATION = "23505"  # PostgreSQL documentation, appendix A: error codes
OBJECT_MISSING = "object_missing"


class ErrorClass(StrEnum):
    """The closed set of labels of `covworker_actor_retries_total`."""

    DATABASE = "database"
    UNIQUE = "unique_violation"
    DATA = "data"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    STORAGE_MISSING = "storage_missing"
    PERMANENT = "permanent"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    SHUTDOWN = "shutdown"
    REQUESTED = "requested"
    OTHER = "other"


class PayloadRejected(Exception):
    """The payload of a message does not fit the schema of its actor; trying again cannot help."""

    permanent = True
    code = "payload_rejected"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again after an error of a class.

    `delays` are the seconds before the first, second, … retry; after the last one the message has failed. Each is
    stretched by a random share of up to `jitter`. With `wait` the error says itself when to come back: up to `spread`
    random seconds are added, the retry does not count as an attempt, and MAX_WAIT after the first such error the
    message has failed.
    """

    error_class: ErrorClass
    delays: tuple[float, ...] = ()
    jitter: float = 0.0
    wait: float | None = None
    spread: float = 0.0

    def delay(
        self, done: int, waited: float, uniform: Callable[[float, float], float] = random.uniform
    ) -> float | None:
        """Seconds until the next retry after `done` retries of this class; None = give up.

        `waited` is the seconds since the first error that named its own wait.
        """
        if self.wait is not None:
            if waited >= MAX_WAIT:
                return None
            return min(MAX_DELAY, max(0.0, self.wait) + uniform(0, self.spread))
        if done >= len(self.delays):
            return None
        return min(MAX_DELAY, self.delays[done] * (1 + uniform(0, self.jitter)))


POLICIES = {
    policy.error_class: policy
    for policy in (
        RetryPolicy(ErrorClass.DATABASE, tuple(2.0**n for n in range(10)), jitter=1),
        # A lost race is won at the second try; anything else is a bug.
        RetryPolicy(ErrorClass.UNIQUE, (0,)),
        RetryPolicy(ErrorClass.DATA),
        RetryPolicy(ErrorClass.UNAVAILABLE, (10, 25, 60, 150, 300, 600), jitter=0.5),
        RetryPolicy(ErrorClass.STORAGE_MISSING, (10, 20, 40, 80, 160, 290)),
        RetryPolicy(ErrorClass.PERMANENT),
        RetryPolicy(ErrorClass.REJECTED),
        RetryPolicy(ErrorClass.TIMEOUT, (60,)),
        # The hungry one may have been a neighbour in the same process.
        RetryPolicy(ErrorClass.MEMORY, (30, 120), jitter=1),
        RetryPolicy(ErrorClass.SHUTDOWN, wait=1),
        RetryPolicy(ErrorClass.OTHER, (30, 60, 120), jitter=0.5),
    )
}


def classify(error: BaseException, now: datetime | None = None) -> RetryPolicy:
    """The policy for an error, by its type and by the attributes our own errors carry.

    `reset_at` (aware datetime) says when a rate limit ends, `permanent` whether a retry can help, `code` what happened.
    """
    if isinstance(error, PayloadRejected):
        return POLICIES[ErrorClass.REJECTED]
    if isinstance(error, Retry):
        return RetryPolicy(ErrorClass.REQUESTED, wait=(error.delay or 0) / 1000)
    if isinstance(error, peewee.PeeweeException):
        return POLICIES[_database_class(error)]
    reset_at: Any = getattr(error, "reset_at", None)
    if isinstance(reset_at, datetime):
        wait = (reset_at - (now or datetime.now(UTC))).total_seconds()
        return RetryPolicy(ErrorClass.RATE_LIMITED, wait=wait, spread=60)
    if getattr(error, "code", None) == OBJECT_MISSING:
        return POLICIES[ErrorClass.STORAGE_MISSING]
    permanent: Any = getattr(error, "permanent", None)
    if isinstance(permanent, bool):
        return POLICIES[ErrorClass.PERMANENT if permanent else ErrorClass.UNAVAILABLE]
    return POLICIES[_CLASS_BY_TYPE.get(_known_type(error), ErrorClass.OTHER)]


_CLASS_BY_TYPE: dict[type[BaseException] | None, ErrorClass] = {
    TimeLimitExceeded: ErrorClass.TIMEOUT,
    Shutdown: ErrorClass.SHUTDOWN,
    MemoryError: ErrorClass.MEMORY,
    BrokerConnectionError: ErrorClass.UNAVAILABLE,
    ConnectionError: ErrorClass.UNAVAILABLE,
    TimeoutError: ErrorClass.UNAVAILABLE,
}


def _known_type(error: BaseException) -> type[BaseException] | None:
    return next((known for known in type(error).__mro__ if known in _CLASS_BY_TYPE), None)


def _database_class(error: peewee.PeeweeException) -> ErrorClass:
    if isinstance(error, peewee.IntegrityError):
        return ErrorClass.UNIQUE if _sqlstate(error) == UNIQUE_VIOLATION else ErrorClass.DATA
    if isinstance(error, peewee.DataError):
        return ErrorClass.DATA
    # Lost connections, administrative shutdown, deadlock, serialization failure, lock and statement timeouts.
    if isinstance(error, peewee.OperationalError | peewee.InterfaceError):
        return ErrorClass.DATABASE
    return ErrorClass.OTHER


def _sqlstate(error: peewee.PeeweeException) -> str | None:
    """The code of the driver's error, which Peewee keeps beside its own."""
    state = getattr(getattr(error, "orig", None), "pgcode", None)
    return state if isinstance(state, str) else None
