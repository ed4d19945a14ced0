"""Numbers every step a worker takes outside its own memory, so that a test can strike before each of them in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from app.clients.storage import ObjectStorage
from app.models.database import Database
from tests.faults.simulation import Simulation
from tests.logic.notifications.fake_host import FakeHost

Step = Callable[[], object]


@dataclass(frozen=True)
class Strikes:
    """What happens instead of a step, by its kind."""

    statement: Callable[[Database], object]
    storage: Step
    host: Step
    message: Step
    deadly: bool = False


@dataclass
class Steps:
    """Strikes before the step number `strike_at`, and counts on; a deadly strike lets no other step follow."""

    strike_at: int
    deadly: bool = False
    taken: int = 0

    @property
    def struck(self) -> bool:
        return self.taken >= self.strike_at

    def take(self, strike: Callable[..., object], *about: object) -> None:
        self.taken += 1
        if self.taken == self.strike_at or (self.deadly and self.struck):
            strike(*about)


class CountedStorage:
    """Storage whose every access is a step."""

    def __init__(self, real: ObjectStorage, step: Step) -> None:
        self.real = real
        self.step = step

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.real, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.step()
            return method(*args, **options)

        return counted


@contextmanager
def counted_statements(database: Database, step: Callable[[Database], object]) -> Iterator[None]:
    """Take a step before each statement on this pool; those of other pools do not count."""
    execute = Database.execute_sql

    def counted(self: Database, sql: str, params: Any = None) -> Any:
        if self is database:
            step(self)
        return execute(self, sql, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "execute_sql", counted)
        yield


@contextmanager
def struck_at(
    simulation: Simulation, strikes: Strikes, strike_at: int, host: FakeHost | None = None
) -> Iterator[Steps]:
    """Count the steps of everything that is processed inside the block, and strike before one of them."""
    run, queue = simulation.run, simulation.queue
    steps = Steps(strike_at, strikes.deadly)
    storage = run.storage
    counted: Any = CountedStorage(storage, lambda: steps.take(strikes.storage))
    run.storage = counted
    queue.before_enqueue = lambda: steps.take(strikes.message)
    if host is not None:
        host.before = lambda *_: steps.take(strikes.host)
    try:
        with counted_statements(run.database, lambda database: steps.take(strikes.statement, database)):
            yield steps
    finally:
        run.storage = storage
        queue.before_enqueue = lambda: None
        if host is not None:
            host.before = None
