"""A fault that passes, before any step: only retries follow, and the end is the same.

The database really fails: the server rolls the transaction back, or cuts the connection.
"""

from typing import NoReturn

import pytest

from app.clients.git.base import Unreachable
from app.clients.storage import StorageUnavailable
from app.models.database import Database
from tests.faults.rocket import PullRequest
from tests.faults.simulation import Simulation
from tests.faults.steps import Strikes, struck_at

LIMIT = 600  # steps; far more than the pipeline takes
FAULTS = {
    "deadlock": "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '40P01'; END $$",
    "serialization": "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '40001'; END $$",
    "shutdown": "SELECT pg_terminate_backend(pg_backend_pid())",
}


def storage_away() -> NoReturn:
    raise StorageUnavailable("made up")


def host_away() -> NoReturn:
    raise Unreachable("made up")


def broker_away() -> NoReturn:
    raise ConnectionError("made up")


# Each step is taken once; the kinds of database faults take turns.
@pytest.mark.parametrize(("first", "fault"), [*enumerate(FAULTS, start=1)])
def test_a_passing_fault_at_any_step_costs_only_retries(
    simulation: Simulation, pull_request: PullRequest, first: int, fault: str
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()

    def database_away(database: Database) -> None:
        database.execute_sql(FAULTS[fault])

    strikes = Strikes(database_away, storage_away, host_away, broker_away)

    for strike_at in range(first, LIMIT, len(FAULTS)):
        pull_request.forget()
        pull_request.push()
        with struck_at(simulation, strikes, strike_at, pull_request.host) as steps:
            simulation.work()
        if not steps.struck:
            break
        simulation.settle()

        assert pull_request.outcome() == expected, strike_at
        assert pull_request.stray_objects() == [], strike_at
        assert simulation.dead == [], strike_at
    assert 100 < strike_at < LIMIT - len(FAULTS)
