"""The time from an upload to the people: each upload counts at the first notification that speaks of it."""

from datetime import datetime, timedelta

import pytest

from app.logic.uploads import events
from app.logic.uploads.latency import Told, told_now
from app.models.database import Database, now
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload
from tests.factories import make_report, make_upload

MINUTE = timedelta(minutes=1)


@pytest.fixture
def report(database: Database) -> CommitReport:
    return make_report()


def merged(report: CommitReport, at: datetime, **values: object) -> Upload:
    return make_upload(report=report, state="merged", created_at=at - MINUTE, merged_at=at, **values)


def notified(report: CommitReport, at: datetime) -> None:
    commit = report.commit
    UploadEvent.record(commit.repo_id, commit.sha, milestone=events.NOTIFIED, created_at=at)


def test_an_upload_counts_once(report: CommitReport) -> None:
    start = now() - timedelta(hours=1)
    merged(report, start, session_index=0)
    notified(report, start + MINUTE)
    first = told_now(report.commit_id)
    merged(report, start + 5 * MINUTE, session_index=1)
    notified(report, start + 7 * MINUTE)

    assert first == [Told(since_arrival=120, since_merge=60)]
    assert told_now(report.commit_id) == [Told(since_arrival=180, since_merge=120)]


def test_sessions_nobody_uploaded_do_not_count(report: CommitReport) -> None:
    start = now()
    merged(report, start, kind="carried_forward")
    notified(report, start + MINUTE)

    assert told_now(report.commit_id) == []


def test_without_a_notification_there_is_no_time(report: CommitReport) -> None:
    merged(report, now())

    assert told_now(report.commit_id) == []
