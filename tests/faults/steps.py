"""Numbers every step a worker takes outside its own memory, so that a test can strike at each of them in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from app.models.database import Database
from app.runtime import Runtime
from tests.faults.simulation import Simulation

Action = Callable[[], Any]
Strike = Callable[[Action], Any]  # what happens instead of an action


@dataclass(frozen=True)
class Strikes:
    """What happens instead of a step, by its kind; after a deadly strike it happens to every other step too."""

    statement: Strike
    storage: Strike
    host: Strike
    message: Strike
    deadly: bool = False


@dataclass
class Steps:
    """Counts steps, and strikes at one of them."""

    strike_at: int
    deadly: bool = False
    taken: int = 0

    @property
    def struck(self) -> bool:
        return self.taken >= self.strike_at

    def take(self, strike: Strike, action: Action) -> Any:
        self.taken += 1
        if self.taken == self.strike_at or (self.deadly and self.struck):
            return strike(action)
        return action()


class Counted:
    """Something whose every call is a step."""

    def __init__(self, real: Any, take: Strike) -> None:
        self._real = real
        self._take = take

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._real, name)
        return lambda *args, **options: self._take(lambda: method(*args, **options))


@contextmanager
def struck_at(simulation: Simulation, strikes: Strikes, strike_at: int) -> Iterator[Steps]:
    """Count the steps of everything that is processed inside the block, and strike at one of them."""
    run, queue = simulation.run, simulation.queue
    steps = Steps(strike_at, strikes.deadly)
    execute, commit, git_for = Database.execute_sql, Database.commit, Runtime.git_for

    def statement(self: Database, action: Action) -> Any:
        # Those of other pools are not the worker's.
        return steps.take(strikes.statement, action) if self is run.database else action()

    def host(action: Action) -> Any:
        return steps.take(strikes.host, action)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "execute_sql", lambda self, *a: statement(self, lambda: execute(self, *a)))
        patch.setattr(Database, "commit", lambda self: statement(self, lambda: commit(self)))
        storage = Counted(run.storage, lambda action: steps.take(strikes.storage, action))
        patch.setattr(run, "storage", storage)
        patch.setattr(Runtime, "git_for", lambda *a: Counted(git_for(*a), host))
        patch.setattr(queue, "around_enqueue", lambda action: steps.take(strikes.message, action))
        yield steps
