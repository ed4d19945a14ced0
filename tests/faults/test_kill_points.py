"""A worker killed before any step of its way from an upload to the comment: the end is the same, within a quarter hour.

The steps are counted, not chosen: every statement, every access to storage, every call of the Git host, every message.
"""

from typing import NoReturn

import pytest

from tests.faults.rocket import CARRYING, PLAIN, PullRequest
from tests.faults.simulation import Simulation
from tests.faults.steps import Action, Strikes, struck_at

LIMIT = 800  # steps; far more than the pipeline takes
EVERY = 6


class Killed(BaseException):
    """What no handler of the product can stop, as SIGKILL."""


def die(_: Action) -> NoReturn:
    raise Killed


DEATH = Strikes(die, die, die, die, deadly=True)


# Every third step is taken once; what becomes of the messages alternates.
@pytest.mark.parametrize("pull_request", [PLAIN, CARRYING], ids=["plain", "carrying"], indirect=True)
@pytest.mark.parametrize(("first", "redeliver"), [(1, True), (4, False)], ids=["message comes again", "messages lost"])
def test_a_kill_at_any_step_changes_nothing_but_time(
    simulation: Simulation,
    pull_request: PullRequest,
    first: int,
    redeliver: bool,
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()

    for strike_at in range(first, LIMIT, EVERY):
        pull_request.forget()
        pull_request.push()
        with struck_at(simulation, DEATH, strike_at) as steps:
            try:
                simulation.work()
            except Killed:
                simulation.worker_died(redeliver=redeliver)
        if not steps.struck:
            break
        simulation.settle()

        assert pull_request.outcome() == expected, strike_at
        assert pull_request.stray_objects() == [], strike_at
        assert simulation.dead == [], strike_at
    assert 100 < strike_at < LIMIT - EVERY
