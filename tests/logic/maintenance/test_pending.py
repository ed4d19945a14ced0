"""How many uploads are open, by the time they have been here."""

from datetime import timedelta

from app.logic.maintenance.pending import AGES, pending_by_age
from app.models.database import Database, now
from tests.factories import make_upload


def test_open_uploads_are_counted_by_age_and_finished_ones_are_not(database: Database) -> None:
    moment = now()
    for age in (timedelta(0), timedelta(minutes=5), timedelta(minutes=5), timedelta(hours=3), timedelta(days=9)):
        make_upload(created_at=moment - age)
    make_upload(state="processed", created_at=moment - timedelta(minutes=30))
    make_upload(state="merged")
    make_upload(state="error", error_code="report_empty")

    assert pending_by_age() == {"1m": 1, "15m": 2, "1h": 1, "1d": 1, "older": 1}


def test_sessions_that_are_carried_are_as_old_as_their_data_and_not_counted(database: Database) -> None:
    make_upload(kind="carried_forward", state="processed", object_path=None, created_at=now() - timedelta(days=9))

    assert pending_by_age()["older"] == 0


def test_every_class_is_there_when_nothing_waits(database: Database) -> None:
    assert pending_by_age() == dict.fromkeys((*AGES, "older"), 0)
