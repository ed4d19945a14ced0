"""In front of a person, a worker does not wait for minutes between its tries."""

import time
from typing import Any

import dramatiq
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from marshmallow import Schema

from app.actors.base import actor
from app.broker import stub_broker
from app.middleware import standard_middleware


class Nothing(Schema):
    """No payload."""


def test_waits_of_our_own_choice_are_bounded() -> None:
    broker = stub_broker(middleware=standard_middleware(max_retry_delay=0.05))
    dramatiq.set_broker(broker)
    tries: list[float] = []

    @actor(name="tests.unlucky", queue="reports", schema=Nothing, time_limit=10_000)
    def unlucky() -> None:
        tries.append(time.monotonic())
        raise RuntimeError("no luck")

    run_to_the_end(broker, unlucky)

    assert len(tries) == 4  # an unexpected error deserves three more tries
    assert tries[-1] - tries[0] < 5


def run_to_the_end(broker: StubBroker, unlucky: Any) -> None:
    broker.emit_after("process_boot")
    worker = Worker(broker, worker_timeout=20, worker_threads=1)
    worker.start()
    unlucky.send()
    deadline = time.monotonic() + 10
    while not broker.dead_letters and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
