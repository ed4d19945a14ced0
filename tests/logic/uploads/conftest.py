"""What the pipeline's logic works with: the example's repository, storage in memory, no debounce."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.clients.git.base import GitProvider
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.uploads.envelope import Limits
from app.logic.uploads.process import ProcessPolicy
from app.models.database import Database
from app.models.repositories import Repository
from tests.clients.git.conftest import github, http, sleeps
from tests.example import Uploader, clone
from tests.factories import make_owner, make_repository

__all__ = ["github", "http", "sleeps"]

POLICY = ProcessPolicy(lease=timedelta(minutes=1), debounce=timedelta(0), limits=Limits())


@pytest.fixture
def storage() -> ObjectStorage:
    return ObjectStorage.from_url("memory://")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def repository(database: Database, checkout: Path) -> Repository:
    owner = make_owner(provider="local", provider_id="acme", username="acme")
    return make_repository(owner=owner, provider="local", provider_id=str(checkout), name="rocket")


@pytest.fixture
def uploader(storage: ObjectStorage, checkout: Path, repository: Repository) -> Uploader:
    return Uploader(storage, checkout, repository.id)


@pytest.fixture
def git(checkout: Path, tmp_path: Path) -> GitProvider:
    return LocalCheckout(checkout, tmp_path / "posts")
