"""Workers inside the test process, and waiting for what they do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dramatiq import Broker, Worker

from app.broker import QUEUES
from app.broker import Broker as RabbitBroker


@contextmanager
def running(broker: Broker, threads: int = 2, queues: set[str] | None = None) -> Iterator[Worker]:
    """A worker of the broker, as the command line would start it."""
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues, worker_timeout=50, worker_threads=threads)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(timeout=5_000)


def eventually(condition: Callable[[], Any], within: float = 10.0) -> Any:
    """The first truthy value of the condition; fails when there is none in time (seconds)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"nothing happened within {within} s")


def remove_queues(broker: RabbitBroker) -> None:
    """Delete everything the tests made on the server."""
    for queue in {*QUEUES, *broker.get_declared_queues()}:
        for suffix in ("", ".DQ", ".XQ"):
            broker.channel.queue_delete(queue + suffix)
