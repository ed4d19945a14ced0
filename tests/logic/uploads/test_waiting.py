"""What an upload waits for, read from its row and that of its report."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clients.storage import ObjectMissing, ObjectStorage
from app.logic.uploads.process import process_upload
from app.logic.uploads.waiting import OBJECT_AWAITED, awaits_object, waiting_for
from app.models.reports import TRIES_PER_ROUND, CommitReport, Upload
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload, milestones

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON, PAST = NOW + timedelta(seconds=30), NOW - timedelta(seconds=30)
TOLD = {"config": {}, "base_state": "none", "assembly_wanted": 1, "assembly_done": 1}
BUILDS = {"codecov": {"notify": {"after_n_builds": 3}}}


@pytest.mark.parametrize(
    ("report", "upload", "reason"),
    [
        ({}, {"state": "received"}, "preparation of the commit"),
        ({"config": {}}, {"state": "received"}, "a worker with the queue `uploads`"),
        ({"config": {}}, {"state": "received", "attempts": TRIES_PER_ROUND}, "a worker with the queue `uploads`"),
        ({"config": {}}, {"state": "received", "attempts": 2}, "another try after 2"),
        ({"config": {}}, {"state": "received", "notes": [OBJECT_AWAITED]}, "its raw object"),
        (
            {},
            {"state": "processing", "lease_until": SOON, "lease_owner": "w:1"},
            "reads it (w:1, its lease holds 30 s)",
        ),
        ({}, {"state": "processing", "lease_until": PAST}, "another worker"),
        ({"assembly_not_before": SOON}, {"state": "processed"}, "more uploads of the commit: merged in 30 s"),
        ({"assembly_not_before": NOW + timedelta(hours=1)}, {"state": "processed"}, "the last one failed: in 60 min"),
        ({"assembly_not_before": PAST}, {"state": "processed"}, "a worker with the queue `reports`"),
        ({}, {"state": "processed"}, "a worker with the queue `reports`"),
        (TOLD | {"assembly_wanted": 2}, {"state": "merged"}, "the next merge"),
        (TOLD | {"base_state": "unknown"}, {"state": "merged"}, "the base layer"),
        (TOLD | {"notify_hold": "manual_trigger", "notify_wanted": 1}, {"state": "merged"}, "the word of the client"),
        (
            TOLD | {"config": BUILDS, "notify_hold": "builds", "notify_wanted": 1},
            {"state": "merged"},
            "more uploads: 2 of 3 are in",
        ),
        (
            TOLD | {"notify_wanted": 1, "notify_not_before": NOW + timedelta(minutes=30)},
            {"state": "merged"},
            "people are told in 30 min",
        ),
        (
            TOLD | {"notify_wanted": 1, "notify_not_before": PAST},
            {"state": "merged"},
            "a worker with the queue `notify`",
        ),
        (TOLD | {"config": BUILDS, "notify_wanted": 1, "notify_done": 1}, {"state": "merged"}, None),
        (TOLD | {"notify_hold": "ci_skip", "notify_wanted": 1}, {"state": "merged"}, None),
        (TOLD | {"notify_hold": "no_coverage", "notify_wanted": 1}, {"state": "merged"}, None),
        (TOLD | {"notify_wanted": 1, "notify_done": 1}, {"state": "merged"}, None),
        (TOLD | {"notify_wanted": 1}, {"state": "merged", "kind": "carried_forward"}, None),
        ({}, {"state": "error"}, None),
        ({}, {"state": "superseded"}, None),
    ],
)
def test_every_state_names_what_it_waits_for(
    report: dict[str, Any], upload: dict[str, Any], reason: str | None
) -> None:
    found = waiting_for(CommitReport(**report), Upload(**upload), NOW, builds=2)

    assert found is None if reason is None else reason in (found or "")


def test_a_late_object_is_noted_once_and_forgotten_when_it_comes(
    storage: ObjectStorage, repository: Repository
) -> None:
    upload_id, _ = accept(storage, repository, lcov_upload())
    path = Upload.get_by_id(upload_id).object_path
    storage.delete(path)

    for _ in range(2):
        with pytest.raises(ObjectMissing):
            process_upload(storage, upload_id, POLICY, "test")
    waiting = Upload.get_by_id(upload_id)
    storage.put(path, lcov_upload())
    process_upload(storage, upload_id, POLICY, "test")

    assert awaits_object(waiting)
    assert milestones().count("waiting") == 1
    assert Upload.get_by_id(upload_id).notes == []


def test_a_waiting_upload_without_a_name_of_its_object_is_a_missing_object(
    storage: ObjectStorage, repository: Repository
) -> None:
    upload_id, _ = accept(storage, repository, lcov_upload())
    Upload.update(object_path=None).where(Upload.id == upload_id).execute()

    with pytest.raises(ObjectMissing):
        process_upload(storage, upload_id, POLICY, "test")
