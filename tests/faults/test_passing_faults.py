"""A fault that passes, at any step: only retries follow, and the end is the same.

The database really fails: the server rolls the transaction back, or cuts the connection. A lost answer is the worst: the
step was taken, and the worker is told that it was not.
"""

from collections.abc import Callable
from typing import NoReturn

import pytest

from app.clients.git.base import Unreachable
from app.clients.storage import StorageUnavailable
from tests.faults.rocket import PullRequest
from tests.faults.simulation import Simulation
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


# Each step is struck once; the kinds of faults take turns.
@pytest.mark.parametrize(("first", "fault"), [*enumerate(FAULTS, start=1)])
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

    for strike_at in range(first, LIMIT, len(FAULTS)):
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
    assert 100 < strike_at < LIMIT - len(FAULTS)
