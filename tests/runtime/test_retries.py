"""What becomes of messages whose actors fail, in a worker of the process."""

import time
from datetime import UTC, datetime
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed, Retry
from marshmallow import Schema, fields
from prometheus_client import REGISTRY

from app.actors.base import actor
from app.middleware import errors
from tests.runtime.running import eventually, running


class Payload(Schema):
    report_id = fields.Integer(strict=True, required=True)


class Unavailable(Exception):
    permanent = False


class Gone(Exception):
    permanent = True
    code = "repository_not_found"


class Limited(Exception):
    permanent = False

    def __init__(self) -> None:
        super().__init__("slow down")
        self.reset_at = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = errors.RetryPolicy.delay

    def at_once(policy: errors.RetryPolicy, done: int, waited: float) -> float | None:
        return None if decide(policy, done, waited) is None else 0.001

    monkeypatch.setattr(errors.RetryPolicy, "delay", at_once)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def failing(error: BaseException | type[BaseException], tries: list[int], **options: Any) -> Any:
    @actor(name="tests.fail", queue="reports", schema=Payload, time_limit=10_000, **options)
    def fail(report_id: int) -> None:
        tries.append(report_id)
        raise error

    return fail


def drain(broker: StubBroker) -> None:
    with running(broker):
        broker.join("reports", timeout=20_000)


@pytest.mark.parametrize(
    ("error", "runs"),
    [
        (Unavailable, 7),
        (ValueError("a bug"), 4),
        (Gone, 1),
        (MemoryError, 3),
        (dramatiq.middleware.TimeLimitExceeded, 2),
    ],
)
def test_an_actor_runs_once_and_as_often_again_as_its_error_deserves(broker: StubBroker, error: Any, runs: int) -> None:
    tries: list[int] = []

    failing(error, tries).send(report_id=7)
    drain(broker)

    assert tries == [7] * runs
    assert len(broker.dead_letters) == 1


def test_an_actor_may_allow_fewer_retries_than_the_class_of_its_error(broker: StubBroker) -> None:
    tries: list[int] = []

    failing(Unavailable, tries, max_retries=1).send(report_id=7)
    drain(broker)

    assert len(tries) == 2


def test_classes_are_counted_apart(broker: StubBroker) -> None:
    raised: list[BaseException] = [ValueError(), MemoryError(), ValueError(), MemoryError(), ValueError()]

    @actor(name="tests.mixed", queue="reports", schema=Payload, time_limit=10_000)
    def mixed(report_id: int) -> None:
        if raised:
            raise raised.pop()

    mixed.send(report_id=1)
    drain(broker)

    assert not raised
    assert not broker.dead_letters


@pytest.mark.parametrize("wait", [Limited, Retry])
def test_waiting_for_a_named_moment_is_not_an_attempt(broker: StubBroker, wait: type[Exception]) -> None:
    waits = [wait] * 12

    @actor(name="tests.wait", queue="reports", schema=Payload, time_limit=10_000, max_retries=0)
    def waiting(report_id: int) -> None:
        if waits:
            raise waits.pop()()

    waiting.send(report_id=1)
    drain(broker)

    assert not waits
    assert not broker.dead_letters


def test_waiting_for_hours_is_a_failure(broker: StubBroker) -> None:
    tries: list[int] = []
    limited = failing(Limited, tries)

    message = limited.message(report_id=1)
    broker.enqueue(message.copy(options={"waiting_since": round((time.time() - errors.MAX_WAIT - 1) * 1000)}))
    drain(broker)

    assert len(tries) == 1
    assert len(broker.dead_letters) == 1


def test_the_hook_of_an_exhausted_message_gets_the_payload_and_the_error_once(broker: StubBroker) -> None:
    seen: list[tuple[dict[str, Any], BaseException]] = []

    failing(Unavailable, [], on_exhausted=lambda payload, error: seen.append((payload, error))).send(report_id=9)
    drain(broker)

    [(payload, error)] = seen
    assert payload == {"report_id": 9}
    assert isinstance(error, Unavailable)


def test_a_broken_hook_leaves_the_message_in_the_dead_letters(broker: StubBroker) -> None:
    def broken(payload: dict[str, Any], error: BaseException) -> None:
        raise RuntimeError("the database is down")

    failing(Gone, [], on_exhausted=broken).send(report_id=9)
    drain(broker)

    assert [message.kwargs for message in broker.dead_letters] == [{"report_id": 9}]


def test_a_retry_that_cannot_be_published_is_dead_lettered(broker: StubBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(Unavailable, []).send(report_id=9)

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionClosed(OSError("gone"))

    monkeypatch.setattr(broker, "enqueue", refuse)
    before = counted("covworker_actor_messages_total", actor="tests.fail", outcome="error")
    drain(broker)

    assert len(broker.dead_letters) == 1
    assert counted("covworker_actor_messages_total", actor="tests.fail", outcome="error") == before + 1


def test_retries_and_outcomes_are_counted(broker: StubBroker) -> None:
    def counts() -> list[float]:
        return [
            counted("covworker_actor_retries_total", actor="tests.fail", error_class="other"),
            counted("covworker_actor_messages_total", actor="tests.fail", outcome="retry"),
            counted("covworker_actor_messages_total", actor="tests.fail", outcome="error"),
        ]

    before = counts()

    failing(ValueError("a bug"), []).send(report_id=1)
    drain(broker)

    assert [after - old for after, old in zip(counts(), before, strict=True)] == [3, 3, 1]
    assert counted("covworker_actor_in_progress", actor="tests.fail") == 0


def test_a_retry_keeps_the_identity_of_the_message_small(broker: StubBroker) -> None:
    failing(Unavailable, []).send(report_id=1)
    drain(broker)

    [dead] = broker.dead_letters
    assert len(dead._message.encode()) < 1024
    assert dead.options["error"] == "Unavailable"


def test_a_job_over_its_time_limit_is_interrupted(broker: StubBroker) -> None:
    interrupted: list[type[BaseException]] = []

    @actor(name="tests.slow", queue="reports", schema=Payload, time_limit=100, max_retries=0)
    def slow(report_id: int) -> None:
        try:
            for _ in range(600):
                time.sleep(0.01)
        except BaseException as error:
            interrupted.append(type(error))
            raise

    slow.send(report_id=1)
    with running(broker):
        eventually(lambda: broker.dead_letters, within=5)

    assert interrupted == [dramatiq.middleware.TimeLimitExceeded]


def test_a_message_too_old_for_its_actor_is_dropped_without_a_trace_in_the_dead_letters(broker: StubBroker) -> None:
    ran: list[int] = []

    @actor(name="tests.tick", queue="reports", schema=Payload, time_limit=1_000, max_age=60_000)
    def tick(report_id: int) -> None:
        ran.append(report_id)

    message = tick.message(report_id=1)
    broker.enqueue(message.copy(message_timestamp=message.message_timestamp - 61_000))
    tick.send(report_id=2)
    drain(broker)

    assert ran == [2]
    assert not broker.dead_letters
    assert counted("covworker_actor_messages_total", actor="tests.tick", outcome="dropped") == 1
