"""Documents of 200 MB that were written to break a worker: they end in an error, or in a report, and the worker lives."""

import base64
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import Accepted, NewUpload, accept_upload
from app.models.database import Database
from app.models.reports import Upload, UploadError
from app.models.repositories import Repository
from tests.factories import make_owner, make_repository, make_sha
from tests.faults import confined
from tests.faults.victim import Place

pytestmark = pytest.mark.e2e

START = b'<coverage line-rate="1"><packages><package><classes><class filename="src/a.py"><lines>'
END = b"</lines></class></classes></package></packages></coverage>"
ENTITIES = b'<!DOCTYPE coverage [<!ENTITY e0 "xxxxxxxxxx">%s]>' % b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10) for level in range(1, 10)
)
MILLIONS = 10_000_000


def expanding() -> bytes:
    """Ten million lines, and entities that stand for ten billion letters each."""
    bombs = b'<line number="1" hits="&e9;"/>' * 100_000
    return ENTITIES + START + bombs + (b" " * 19 + b"\n") * MILLIONS + END


def endless() -> bytes:
    return START + b'<line number="7" hits="1"/>' * MILLIONS + END


@pytest.fixture
def place(database: Database, database_url: str, tmp_path: Path) -> Place:
    (tmp_path / "objects").mkdir()
    return Place(database_url, (tmp_path / "objects").as_uri(), tmp_path)


@pytest.mark.parametrize(
    ("document", "memory", "state", "reason"),
    [
        (expanding, 2 << 30, "error", "every file failed"),
        (endless, 600 << 20, "error", "MemoryError"),
        (endless, 2 << 30, "merged", None),
    ],
    ids=["entities", "more than the memory", "as much as the memory"],
)
def test_a_worker_survives_a_hostile_document(
    place: Place, document: Callable[[], bytes], memory: int, state: str, reason: str | None
) -> None:
    storage, repository = ObjectStorage.from_url(place.storage_url), make_repository(owner=make_owner())
    content = document()
    assert len(content) > 200_000_000
    hostile = accept(storage, repository, content)
    good = accept(storage, repository, START + b'<line number="1" hits="1"/>' + END)

    worker = confined.start(place, [hostile.report_id, good.report_id], memory)
    worker.join(240)

    params = [error.params for error in UploadError.select()]
    assert worker.exitcode == 0
    assert [Upload.get_by_id(one.upload_id).state for one in (hostile, good)] == [state, "merged"]
    assert [param["reason"] for param in params] == ([reason] if reason else [])


def accept(storage: ObjectStorage, repository: Repository, content: bytes) -> Accepted:
    packed = base64.b64encode(zlib.compress(content, 1)).decode()
    file = {"filename": "coverage.xml", "format": "base64+compressed", "data": packed}
    body = json.dumps({"coverage_files": [file], "network_files": ["src/a.py"]}).encode()
    new = NewUpload(repository.id, make_sha(len(content)), datetime.now(UTC))
    return accept_upload(storage, new, body, datetime.now(UTC))
