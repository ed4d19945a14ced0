"""What the schedule sets going, on rows of a real database."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from app.actors.maintenance import expire_raw, sweep_all
from app.logic.uploads.process import MAX_ATTEMPTS
from app.models.database import now
from app.models.reports import Upload
from app.runtime import Runtime
from app.schedule import JOBS
from tests.factories import make_upload

DAY = timedelta(days=1)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"covworker_{name}", labels) or 0.0


def test_old_raw_objects_are_let_go_and_counted(run: Runtime) -> None:
    before = value("raw_expired_total")
    make_upload(state="merged", created_at=now() - 31 * DAY)
    kept = make_upload(state="merged", created_at=now() - DAY)

    expire_raw()

    assert [row.id for row in Upload.select().where(Upload.object_path.is_null(False))] == [kept.id]
    assert value("raw_expired_total") - before == 1


def test_a_sweep_counts_what_is_open_and_what_it_gave_up(run: Runtime) -> None:
    before = value("upload_errors_total", code="processing_timeout")
    make_upload(created_at=now() - timedelta(minutes=10), attempts=MAX_ATTEMPTS)
    make_upload(created_at=now() - 2 * DAY, lease_until=now())

    sweep_all()

    assert value("upload_errors_total", code="processing_timeout") - before == 1
    assert {age: value("uploads_pending", age=age) for age in ("1m", "15m", "1h", "1d", "older")} == {
        "1m": 0,
        "15m": 0,
        "1h": 0,
        "1d": 0,
        "older": 1,
    }


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_of_the_schedule_sends_a_message_without_payload(job: object, run: Runtime) -> None:
    message = job.send(now())  # type: ignore[attr-defined]

    assert (message.queue_name, message.kwargs) == ("maintenance", {})
