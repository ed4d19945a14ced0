"""What delivering works with: a host in memory and an empty object storage."""

import pytest

from app.clients.storage import ObjectStorage
from tests.logic.notifications.fake_host import FakeHost


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def storage() -> ObjectStorage:
    return ObjectStorage.from_url("memory://")
