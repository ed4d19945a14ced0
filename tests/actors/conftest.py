"""Actors are declared on a broker inside the process, and called in place with a runtime made of real parts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dramatiq
import pytest

from app import runtime
from app.broker import stub_broker
from app.clients.http import HttpClient
from app.clients.storage import ObjectStorage
from app.logic.notifications.notify import NotifyPolicy
from app.logic.uploads.envelope import Limits
from app.logic.uploads.process import ProcessPolicy
from app.middleware import standard_middleware
from app.models.database import Database
from app.runtime import Runtime
from app.settings import load_settings

if dramatiq.broker.global_broker is None:
    # The package of the actors would look for a configured one as soon as it is imported.
    dramatiq.set_broker(stub_broker(middleware=standard_middleware()))


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """The runtime of the process while the test runs; raw uploads are kept for 30 days."""
    http = HttpClient("github")
    made = Runtime(
        settings=load_settings({}),
        database=database,
        storage=ObjectStorage.from_url("memory://"),
        broker=stub_broker(middleware=standard_middleware()),
        github_http=http,
        process_policy=ProcessPolicy(timedelta(minutes=1), timedelta(0), Limits()),
        notify_policy=NotifyPolicy("Coverage", "coverage", "http://localhost"),
        raw_retention=timedelta(days=30),
        sweep_patience=timedelta(minutes=5),
        carryforward_max_age=None,
        state_folder=tmp_path,
    )
    monkeypatch.setattr(runtime, "_runtime", made)
    yield made
    http.close()
