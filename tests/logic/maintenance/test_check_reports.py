"""Reports that were assembled step by step are checked against what all their uploads give at once."""

from datetime import timedelta

import pytest

from app.clients.storage import ObjectStorage
from app.logic.maintenance import check_reports
from app.logic.maintenance.check_reports import check_report, sample_reports
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.published import report_path
from app.logic.uploads.reprocess import reset_upload
from app.models.database import db, now
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.factories import make_upload
from tests.logic.uploads.test_assemble_layers import send, send_many
from tests.logic.uploads.test_pipeline import stored_bytes


def stepwise(storage: ObjectStorage, repository: Repository) -> int:
    report_id = send_many(storage, repository)
    assemble_report(storage, report_id)
    send(storage, repository, 9)
    assemble_report(storage, report_id)
    return report_id


def test_a_report_assembled_step_by_step_is_equal(storage: ObjectStorage, repository: Repository) -> None:
    report_id = stepwise(storage, repository)

    assert sample_reports() == [report_id]
    assert check_report(storage, report_id) == "equal"


def test_a_report_that_differs_is_mended(storage: ObjectStorage, repository: Repository) -> None:
    report_id = stepwise(storage, repository)
    good = stored_bytes(storage, report_id)
    path = report_path(CommitReport.get_by_id(report_id))
    assert path is not None
    CommitReport.update(fingerprint=b"of something else").where(CommitReport.id == report_id).execute()

    verdict = check_report(storage, report_id)

    assert verdict == "different"
    assert stored_bytes(storage, report_id) == good
    assert check_report(storage, report_id) == "equal"


def test_work_in_progress_is_left_alone(storage: ObjectStorage, repository: Repository) -> None:
    report_id = stepwise(storage, repository)
    CommitReport.want_assembly(report_id)

    assert check_report(storage, report_id) == "moved_on"
    assert check_report(storage, 4711) == "moved_on"


def test_a_report_whose_upload_is_processed_afresh_is_no_difference(
    storage: ObjectStorage, repository: Repository
) -> None:
    report_id = stepwise(storage, repository)
    before = stored_bytes(storage, report_id)
    reset_upload(storage, Upload.select().first().id)

    assert check_report(storage, report_id) == "moved_on"
    assert stored_bytes(storage, report_id) == before


def test_a_lost_parsed_report_is_no_difference(storage: ObjectStorage, repository: Repository) -> None:
    report_id = stepwise(storage, repository)
    storage.delete(Upload.select().first().parsed_path)

    assert check_report(storage, report_id) == "unreadable"


def test_old_uploads_are_not_sampled(storage: ObjectStorage, repository: Repository) -> None:
    stepwise(storage, repository)
    db.execute_sql("UPDATE uploads SET created_at = created_at - interval '2 days'")

    assert sample_reports() == []


@pytest.mark.usefixtures("database")
def test_the_newest_uploads_of_a_busy_day_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_reports, "CANDIDATES", 1)
    uploads = [make_upload(state="merged", created_at=now() - timedelta(hours=hours)) for hours in (3, 2, 1)]

    assert sample_reports() == [uploads[-1].report_id]
