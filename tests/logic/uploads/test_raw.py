"""Raw uploads go when nobody needs them any more, and not a moment earlier."""

from datetime import timedelta
from typing import Any

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.logic.uploads.raw import expire, keeps_raw
from app.models.database import Database, now
from app.models.machinery import ObjectGarbage, UploadEvent
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.factories import make_upload
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload

DAY = timedelta(days=1)
MONTH = 30 * DAY


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        (None, True),
        ({}, True),
        ({"codecov": None}, True),
        ({"codecov": {"archive": True}}, True),
        ({"codecov": {"archive": {"uploads": True}}}, True),
        ({"codecov": {"archive": {"uploads": None}}}, True),
        ({"codecov": {"archive": {"uploads": False}}}, False),
    ],
)
def test_only_a_plain_false_gives_up_raw_uploads(config: dict[str, Any] | None, kept: bool) -> None:
    assert keeps_raw(config) is kept


def garbage() -> set[str]:
    return {row.path for row in ObjectGarbage.select()}


def unwanted(storage: ObjectStorage, repository: Repository, body: bytes) -> Upload:
    """An upload of a repository that keeps no raw uploads, processed."""
    upload_id, report_id = accept(storage, repository, body)
    config = {"codecov": {"archive": {"uploads": False}}}
    CommitReport.update(config=config).where(CommitReport.id == report_id).execute()
    path = Upload.get_by_id(upload_id).object_path
    process_upload(storage, upload_id, POLICY, "test")
    upload = Upload.get_by_id(upload_id)
    upload.raw_path = path
    return upload


def test_an_unwanted_raw_upload_goes_with_the_parsed_report_s_arrival(
    storage: ObjectStorage, repository: Repository
) -> None:
    upload = unwanted(storage, repository, lcov_upload())

    assert (upload.state, upload.object_path) == ("processed", None)
    assert garbage() == {upload.raw_path}
    assert assemble_report(storage, upload.report_id).outcome == "assembled"


def test_a_raw_upload_that_could_not_be_read_stays(storage: ObjectStorage, repository: Repository) -> None:
    upload = unwanted(storage, repository, lcov_upload(b"no coverage"))

    assert (upload.state, upload.object_path) == ("error", upload.raw_path)
    assert upload.raw_path not in garbage()


def aged(age: timedelta, **values: Any) -> Upload:
    return make_upload(created_at=now() - age, **values)


def left() -> set[int]:
    return {upload.id for upload in Upload.select().where(Upload.object_path.is_null(False))}


def test_finished_uploads_lose_their_raw_object_by_age(database: Database) -> None:
    old = [aged(31 * DAY, state="merged"), aged(31 * DAY, state="superseded")]
    failed = aged(31 * DAY, state="error", error_code="report_empty")
    kept = [
        aged(29 * DAY, state="merged"),
        aged(29 * DAY, state="error", error_code="report_empty"),
        *(aged(31 * DAY, state=state) for state in ("received", "processed")),
    ]

    result = expire(MONTH)

    assert (result.count, result.more) == (3, False)
    assert left() == {upload.id for upload in kept}
    assert garbage() == {upload.object_path for upload in [*old, failed]}
    assert UploadEvent.select().where(UploadEvent.milestone == "expired").count() == 3


def test_nothing_is_kept_after_the_merge_if_the_age_is_zero(database: Database) -> None:
    aged(timedelta(0), state="merged")
    kept = [
        aged(6 * DAY, state="error", error_code="report_empty"),
        aged(timedelta(0), state="processed"),
    ]
    aged(8 * DAY, state="error", error_code="report_empty")

    result = expire(timedelta(0))

    assert result.count == 2
    assert left() == {upload.id for upload in kept}


def test_expiry_goes_on_where_it_stopped(database: Database) -> None:
    uploads = [aged(timedelta(days=40 - number), state="merged") for number in range(5)]

    batches = [expire(MONTH, batch=2) for _ in range(4)]

    assert [(batch.count, batch.more) for batch in batches] == [(2, True), (2, True), (1, False), (0, False)]
    assert garbage() == {upload.object_path for upload in uploads}


def test_expired_uploads_are_found_by_an_index(database: Database) -> None:
    with database.atomic():
        database.execute_sql("SET LOCAL enable_seqscan = off")
        plan = database.execute_sql(
            "EXPLAIN SELECT id FROM uploads WHERE object_path IS NOT NULL AND created_at <= now() - interval '30 days'"
            " AND kind = 'uploaded' ORDER BY created_at LIMIT 500"
        ).fetchall()

    assert "uploads_raw_ix" in str(plan)
