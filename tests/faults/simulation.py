"""The real actors on a queue in this process, one message at a time, with a clock that jumps from one to the next.

Retries, delays, leases and the schedule of the sweepers are the product's own: minutes of waiting take milliseconds.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq import Message, MessageProxy
from dramatiq.brokers.stub import StubBroker

from app import runtime
from app.clients.git.base import GitProvider
from app.clients.storage import ObjectStorage
from app.middleware import standard_middleware
from app.models.database import Database, db, open_database
from app.runtime import Runtime
from app.settings import load_settings
from tests.clock import pass_time
from tests.open_work import open_work

SWEEP_EVERY = 60.0  # seconds, as in app/schedule.py
DEBOUNCE = timedelta(seconds=2)  # the default of services; the embedded mode has none
TARGET = 15 * 60.0  # seconds after any fault within which everything must be final


@dataclass(order=True)
class Waiting:
    """A message and when it is due."""

    due: float
    number: int
    data: bytes = field(compare=False)
    redelivered: bool = field(compare=False, default=False)


class Queue(StubBroker):
    """Keeps messages by due time; whoever drives the simulation takes them."""

    def __init__(self, clock: Callable[[], float], middleware: list[dramatiq.Middleware]) -> None:
        super().__init__(middleware)
        self.clock = clock
        self.waiting: list[Waiting] = []
        self.around_enqueue: Callable[[Callable[[], Any]], Any] = lambda enqueue: enqueue()
        self._sent = 0

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        return self.around_enqueue(lambda: self._enqueue(message, delay))

    def _enqueue(self, message: Message[Any], delay: int | None) -> Message[Any]:
        message = Message.decode(message.encode())
        if delay is not None:
            message.options["eta"] = round(time.time() * 1000) + delay
        self.emit_before("enqueue", message, delay)
        message.options.pop("eta", None)  # gone when the message is due
        self._sent += 1
        self.waiting.append(Waiting(self.clock() + (delay or 0) / 1000, self._sent, message.encode()))
        return message


@dataclass
class Simulation:
    """`clock` is in seconds, `observer` the pool of whoever is no worker, `dead` are messages that failed for good."""

    run: Runtime
    observer: Database
    clock: float = 0.0
    dead: list[Message[Any]] = field(default_factory=list)
    _next_sweep: float = SWEEP_EVERY
    _in_hand: Waiting | None = None

    @property
    def queue(self) -> Queue:
        assert isinstance(self.run.broker, Queue)
        return self.run.broker

    def send(self, actor: str, **payload: Any) -> None:
        self.queue.get_actor(actor).send(**payload)

    def take(self, order: random.Random | None = None) -> Waiting | None:
        """Remove the message that is due first, or any one."""
        waiting = self.queue.waiting
        if not waiting:
            return None
        chosen = min(waiting) if order is None else order.choice(waiting)
        waiting.remove(chosen)
        return chosen

    def deliver(self, waiting: Waiting) -> None:
        """Process a message as a worker thread does."""
        self._wait_until(waiting.due)
        self._in_hand = waiting
        message = MessageProxy(Message.decode(waiting.data))
        message.redelivered = waiting.redelivered
        try:
            self.queue.emit_before("process_message", message)
            self.queue.get_actor(message.actor_name)(**message.kwargs)
        except Exception as error:
            self.queue.emit_after("process_message", message, exception=error)
        else:
            self.queue.emit_after("process_message", message)
        self._in_hand = None
        if message.failed:
            self.dead.append(message._message)

    def work(self) -> None:
        """Process messages until none is left."""
        while (waiting := self.take()) is not None:
            self.deliver(waiting)

    def worker_died(self, *, redeliver: bool) -> None:
        """Do what server and broker do when a worker is gone: roll back, and deliver its message again or lose all."""
        if not db.is_closed():
            self.run.database.manual_close()
        if not redeliver:
            self.queue.waiting.clear()
        elif self._in_hand is not None:
            self._in_hand.redelivered = True
            self.queue.waiting.append(self._in_hand)
        self._in_hand = None

    def settle(self, within: float = TARGET) -> None:
        """Let messages, retries and the schedule run until nothing is open; fails when that takes longer."""
        end = self.clock + within
        while self.queue.waiting or open_work():
            due = min((waiting.due for waiting in self.queue.waiting), default=self._next_sweep)
            if min(due, self._next_sweep) > end and (left := open_work()):
                pytest.fail(f"still open after {within:.0f} s: {left}")
            if due < self._next_sweep:
                message = self.take()
                assert message is not None
                self.deliver(message)
            else:
                self._wait_until(self._next_sweep)
                self._next_sweep += SWEEP_EVERY
                self.send("maintenance.sweep")

    def _wait_until(self, moment: float) -> None:
        if moment > self.clock:
            pass_time(self.observer, timedelta(seconds=moment - self.clock))
            self.clock = moment


@contextmanager
def simulated(
    database_url: str, folder: Path, *, storage: ObjectStorage | None = None, host: GitProvider | None = None
) -> Iterator[Simulation]:
    """A simulation on a database; `folder` takes objects and posts, unless there is another storage or host."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "configure_logging", lambda *_: None)
        former = dramatiq.broker.global_broker
        run = runtime.configure(load_settings({}), database_url=database_url, folder=folder)
        observer = open_database(database_url, pool_size=1)
        simulation = Simulation(run, observer)
        run.process_policy = replace(run.process_policy, debounce=DEBOUNCE)
        run.broker = Queue(lambda: simulation.clock, standard_middleware(run.database))
        if storage is not None:
            run.storage = storage
        if host is not None:
            patch.setattr(Runtime, "git_for", lambda *_: host)
        for actor in _actors():
            patch.setattr(actor, "broker", run.broker)
            run.broker.declare_actor(actor)
        try:
            yield simulation
        finally:
            run.database.close_all()
            observer.close_all()
            if former is not None:
                dramatiq.set_broker(former)


def _actors() -> list[dramatiq.Actor[Any, Any]]:
    # The import declares them on the broker that `configure` has made, the first time.
    from app.actors import uploads  # noqa: PLC0415

    return list(uploads.prepare.broker.actors.values())
