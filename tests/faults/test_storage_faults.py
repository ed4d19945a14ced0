"""Objects that come late, and storage that is away for a while: uploads wait for them, as long as is promised."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.clients.storage import ObjectMissing, ObjectStorage, StorageUnavailable
from app.middleware.errors import POLICIES, ErrorClass
from app.models.reports import CommitReport, Upload, UploadError
from tests.faults.rocket import PullRequest
from tests.faults.simulation import TARGET, Simulation

LATE = 600.0  # seconds that an object may come after its message
RETRIED = 1000.0  # seconds of a storage that is away, which the retries of a message outlast
AS_USUAL = object()


@dataclass
class Until:
    """Storage that is not itself until a moment of the simulation."""

    real: ObjectStorage
    simulation: Simulation
    moment: float
    instead: Callable[[str], Any]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.real, name)

        def perhaps(path: str, *args: Any, **options: Any) -> Any:
            answer = self.instead(name) if self.simulation.clock < self.moment else AS_USUAL
            if answer is not AS_USUAL:
                return answer
            return method(path, *args, **options)

        return perhaps


def missing(operation: str) -> None:
    if operation != "stat":
        raise ObjectMissing("made up")


def away(_: str) -> None:
    raise StorageUnavailable("made up: 503")


def refuse_writes(operation: str) -> Any:
    if operation == "put":
        raise StorageUnavailable("made up: 507")
    return AS_USUAL


def disturb(simulation: Simulation, seconds: float, instead: Callable[[str], Any]) -> None:
    storage: Any = Until(simulation.run.storage, simulation, simulation.clock + seconds, instead)
    simulation.run.storage = storage


@pytest.mark.parametrize("seconds", [1, 60, 299, 301, 590])
def test_an_object_that_comes_late_is_processed_without_an_error(
    simulation: Simulation, pull_request: PullRequest, seconds: float
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()
    pull_request.forget()

    pull_request.push()
    disturb(simulation, seconds, missing)
    simulation.settle()

    assert pull_request.outcome() == expected
    assert UploadError.select().count() == 0
    assert {upload.attempts for upload in Upload.select()} == {1}
    assert simulation.dead == []


def test_an_object_that_never_comes_ends_in_a_stored_error(simulation: Simulation, pull_request: PullRequest) -> None:
    report_id = pull_request.push()

    disturb(simulation, 10 * LATE, missing)
    pushed = simulation.clock
    simulation.settle()

    errors = {error.code for error in UploadError.select()}
    assert errors == {"file_not_in_storage"}
    assert CommitReport.get_by_id(report_id).state == "error"
    assert simulation.clock - pushed >= LATE


def test_retries_cover_the_time_that_an_object_may_be_late() -> None:
    assert sum(POLICIES[ErrorClass.STORAGE_MISSING].delays) >= LATE


@pytest.mark.parametrize("seconds", [20, 800, 1800, 4 * 3600])
@pytest.mark.parametrize("instead", [away, refuse_writes])
def test_storage_that_is_away_for_a_while_costs_only_time(
    simulation: Simulation, pull_request: PullRequest, seconds: float, instead: Callable[[str], Any]
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()
    pull_request.forget()

    pull_request.push()
    disturb(simulation, seconds, instead)
    simulation.settle(within=seconds + TARGET)

    assert pull_request.outcome() == expected
    assert seconds > RETRIED or simulation.dead == []
