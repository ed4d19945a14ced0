"""A fault that passes, at any step: only retries follow, and the end is the same.

The database really fails: the server rolls the transaction back, or cuts the connection. A lost answer is the worst: the
step was taken, and the worker is told that it was not.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from peewee import OperationalError

from app.clients.git.base import Unreachable
from app.clients.storage import StorageUnavailable
from app.logic.maintenance import sweep
from app.models.database import Database
from tests.faults.rocket import PullRequest
from tests.faults.simulation import TARGET, Simulation
from tests.faults.steps import Action, Strike, Strikes, struck_at

LIMIT = 800  # steps; far more than the pipeline takes
SHUTDOWN = "SELECT pg_terminate_backend(pg_backend_pid())"


def raised_by_server(code: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$"


FAULTS = {
    "deadlock": raised_by_server("40P01"),
    "serialization failure": raised_by_server("40001"),
    "shutdown": SHUTDOWN,
    "answer lost": SHUTDOWN,
}
EVERY = 2 * len(FAULTS)


def away(error: type[Exception], *, after: bool) -> Strike:
    """Raise an error instead of the action, or after it."""

    def strike(action: Action) -> NoReturn:
        if after:
            action()
        raise error("made up")

    return strike


def database_away(execute: Callable[[str], object], fault: str, *, after: bool) -> Strike:
    def strike(action: Action) -> NoReturn:
        if after:
            action()
        execute(fault)
        pytest.fail("the server must have refused")

    return strike


# Every second step is struck once; the kinds of faults take turns.
@pytest.mark.parametrize(("first", "fault"), [*zip(range(1, EVERY, 2), FAULTS, strict=True)])
def test_a_passing_fault_at_any_step_costs_only_retries(
    simulation: Simulation, pull_request: PullRequest, first: int, fault: str
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()
    after = fault == "answer lost"
    strikes = Strikes(
        database_away(simulation.run.database.execute_sql, FAULTS[fault], after=after),
        away(StorageUnavailable, after=after),
        away(Unreachable, after=after),
        away(ConnectionError, after=after),
    )

    for strike_at in range(first, LIMIT, EVERY):
        pull_request.forget()
        pull_request.push()
        with struck_at(simulation, strikes, strike_at) as steps:
            simulation.work()
        if not steps.struck:
            break
        simulation.settle()

        assert pull_request.outcome() == expected, strike_at
        assert pull_request.stray_objects() == [], strike_at
        assert simulation.dead == [], strike_at
    assert 100 < strike_at < LIMIT - EVERY


@pytest.mark.parametrize("seconds", [5, 30, 120])
@pytest.mark.parametrize("job", ["maintenance.sweep", "maintenance.garbage", "maintenance.raw_retention"])
def test_a_job_of_the_schedule_outlasts_a_restart_of_the_database(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, job: str, seconds: float
) -> None:
    execute = Database.execute_sql

    def away_for_a_while(self: Database, *arguments: Any) -> Any:
        if self is simulation.run.database and simulation.clock < seconds:
            raise OperationalError("made up: the server is starting up")
        return execute(self, *arguments)

    monkeypatch.setattr(Database, "execute_sql", away_for_a_while)
    simulation.send(job)
    simulation.work()

    assert simulation.clock >= seconds
    assert simulation.dead == []


def test_a_bug_in_a_job_of_the_schedule_is_not_hidden(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> NoReturn:
        raise TypeError("made up")

    monkeypatch.setattr(sweep, "take_overdue", broken)
    simulation.send("maintenance.sweep")
    simulation.work()

    assert [message.actor_name for message in simulation.dead] == ["maintenance.sweep"]
    assert simulation.clock < TARGET
