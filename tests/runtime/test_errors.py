"""Classes of errors and their schedules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import peewee
import pytest
from dramatiq.errors import ConnectionClosed, Retry
from dramatiq.middleware import Shutdown, TimeLimitExceeded

from app.middleware.errors import MAX_DELAY, MAX_WAIT, ErrorClass, PayloadRejected, RetryPolicy, classify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Carrying(Exception):
    def __init__(self, **attributes: Any) -> None:
        super().__init__("made up")
        vars(self).update(attributes)


class DriverError(Exception):
    def __init__(self, pgcode: str) -> None:
        super().__init__("made up")
        self.pgcode = pgcode


def smallest(low: float, _: float) -> float:
    return low


def largest(_: float, high: float) -> float:
    return high


def schedule(policy: RetryPolicy, uniform: Any = smallest) -> list[float]:
    delays = (policy.delay(done, 0, uniform) for done in range(50))
    return [delay for delay in delays if delay is not None]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (peewee.OperationalError("server closed the connection"), ErrorClass.DATABASE),
        (peewee.InterfaceError("connection already closed"), ErrorClass.DATABASE),
        (peewee.IntegrityError(DriverError("23505")), ErrorClass.UNIQUE),
        (peewee.IntegrityError(DriverError("23514")), ErrorClass.DATA),
        (peewee.IntegrityError("no code"), ErrorClass.DATA),
        (peewee.DataError("too long"), ErrorClass.DATA),
        (peewee.ProgrammingError("no such column"), ErrorClass.OTHER),
        (Carrying(reset_at=NOW, permanent=False), ErrorClass.RATE_LIMITED),
        (Carrying(permanent=True), ErrorClass.PERMANENT),
        (Carrying(permanent=False), ErrorClass.UNAVAILABLE),
        (Carrying(code="object_missing", permanent=True), ErrorClass.STORAGE_MISSING),
        (Carrying(permanent="maybe"), ErrorClass.OTHER),
        (PayloadRejected("bad"), ErrorClass.REJECTED),
        (TimeLimitExceeded(), ErrorClass.TIMEOUT),
        (Shutdown(), ErrorClass.SHUTDOWN),
        (MemoryError(), ErrorClass.MEMORY),
        (ConnectionClosed(OSError()), ErrorClass.UNAVAILABLE),
        (ConnectionResetError(), ErrorClass.UNAVAILABLE),
        (TimeoutError(), ErrorClass.UNAVAILABLE),
        (Retry(delay=5), ErrorClass.REQUESTED),
        (ValueError("a bug"), ErrorClass.OTHER),
    ],
)
def test_errors_are_classified_by_type_and_by_what_they_carry(error: BaseException, expected: ErrorClass) -> None:
    assert classify(error).error_class is expected


@pytest.mark.parametrize(
    ("error", "delays"),
    [
        (peewee.OperationalError("deadlock"), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
        (peewee.IntegrityError(DriverError("23505")), [0]),
        (peewee.DataError("too long"), []),
        (Carrying(code="object_missing"), [10, 20, 40, 80, 160, 290]),
        (Carrying(permanent=False), [10, 25, 60, 150, 300, 600]),
        (Carrying(permanent=True), []),
        (PayloadRejected("bad"), []),
        (ValueError("a bug"), [30, 60, 120]),
        (TimeLimitExceeded(), [60]),
    ],
)
def test_every_class_has_its_own_schedule(error: BaseException, delays: list[float]) -> None:
    assert schedule(classify(error)) == delays


@pytest.mark.parametrize("error", [peewee.OperationalError("x"), Carrying(permanent=False), ValueError("x")])
def test_random_stretching_never_exceeds_the_longest_delay_of_a_message(error: Exception) -> None:
    delays = schedule(classify(error), largest)

    assert max(delays) <= MAX_DELAY
    assert all(stretched > plain for stretched, plain in zip(delays, schedule(classify(error)), strict=True))


def test_a_rate_limit_waits_until_it_is_reset_and_up_to_a_minute_more() -> None:
    policy = classify(Carrying(reset_at=NOW + timedelta(seconds=100)), NOW)

    assert policy.delay(0, 0, smallest) == 100
    assert policy.delay(0, 0, largest) == 160


@pytest.mark.parametrize(("reset", "expected"), [(timedelta(days=1), MAX_DELAY), (-timedelta(hours=1), 0)])
def test_a_wait_is_never_longer_than_a_message_may_be_delayed_nor_negative(reset: timedelta, expected: float) -> None:
    policy = classify(Carrying(reset_at=NOW + reset), NOW)

    assert policy.delay(0, 0, smallest) == expected


def test_waiting_ends_after_two_hours_however_often_it_was_tried() -> None:
    policy = classify(Carrying(reset_at=NOW), NOW)

    assert policy.delay(99, MAX_WAIT - 1, smallest) is not None
    assert policy.delay(0, MAX_WAIT, smallest) is None


def test_an_actor_can_say_when_to_come_back() -> None:
    assert classify(Retry(delay=2500)).delay(0, 0, smallest) == 2.5
