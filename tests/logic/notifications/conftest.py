"""What delivering works with: a host in memory and an empty object storage."""

import pytest

from app.clients.storage import ObjectStorage
from app.models.database import Database
from app.models.git import Commit
from tests.factories import make_owner, make_repository
from tests.logic.notifications.fake_host import FakeHost
from tests.logic.notifications.rocket import BASE_SHA, HEAD_SHA, base_report, head_report, the_diff
from tests.logic.notifications.runs import Rocket


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def storage() -> ObjectStorage:
    return ObjectStorage.from_url("memory://")


@pytest.fixture
def rocket(database: Database, storage: ObjectStorage, host: FakeHost) -> Rocket:
    owner = make_owner(username="acme")
    rocket = Rocket(storage, host, make_repository(owner=owner, name="rocket"))
    host.diffs = {(BASE_SHA, HEAD_SHA): the_diff()}
    rocket.open_pull()
    return rocket


@pytest.fixture
def head(rocket: Rocket) -> Commit:
    """The head of the pull request, whose base has a report."""
    rocket.commit(BASE_SHA, base_report())
    return rocket.commit(HEAD_SHA, head_report(), branch="feature/nozzle")
