"""A pull request whose base is complete, and whose head gets two uploads under faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clients.git import base as git
from app.clients.storage import ObjectStorage
from app.models.database import Database
from app.models.repositories import Repository
from tests.example import Uploader, example
from tests.faults.rocket import PLAIN, PullRequest
from tests.faults.simulation import Simulation, simulated
from tests.logic.notifications.fake_host import NOBODY, FakeHost
from tests.logic.notifications.rocket import the_diff
from tests.logic.uploads.conftest import checkout, repository, storage, uploader

__all__ = ["checkout", "repository", "storage", "uploader"]


@pytest.fixture
def host() -> FakeHost:
    pull = git.Pull(
        number=example.pull,
        title="Add boosters",
        state="open",
        author=NOBODY,
        base=git.PullCommit("main", example.base, "acme/rocket"),
        head=git.PullCommit("feature/boosters", example.head, "acme/rocket"),
    )
    return FakeHost(
        pulls={example.pull: pull},
        diffs={(example.base, example.head): the_diff()},
        parents={example.head: example.base},
    )


@pytest.fixture
def simulation(
    database: Database, database_url: str, tmp_path: Path, storage: ObjectStorage, host: FakeHost
) -> Iterator[Simulation]:
    """The workers, with storage and Git host in memory."""
    with simulated(database_url, tmp_path, storage=storage, host=host) as simulation:
        yield simulation


@pytest.fixture
def pull_request(
    request: pytest.FixtureRequest,
    simulation: Simulation,
    repository: Repository,
    uploader: Uploader,
    host: FakeHost,
) -> PullRequest:
    """A parameter of the test may be another plan of its uploads."""
    return PullRequest(simulation, uploader, host, getattr(request, "param", PLAIN))
