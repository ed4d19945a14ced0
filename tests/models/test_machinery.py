"""Garbage, schedule, rate limits and the history of uploads."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.models import CronRun, ObjectGarbage, RateLimit, UploadEvent
from app.models.database import db, now

pytestmark = pytest.mark.usefixtures("database")

SLOT = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_slot_of_the_schedule_is_run_once() -> None:
    outcomes = [CronRun.claim("sweep", SLOT), CronRun.claim("sweep", SLOT), CronRun.claim("sweep", SLOT - MINUTE)]

    later = CronRun.claim("sweep", SLOT + MINUTE)

    assert outcomes == [True, False, False]
    assert later


def test_schedulers_that_fire_together_share_one_run() -> None:
    outcomes: list[bool] = []

    def fire() -> None:
        outcomes.append(CronRun.claim("sweep", SLOT))
        db.close()

    threads = [threading.Thread(target=fire) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False, False, False, False, True]


def test_the_end_of_a_run_is_recorded_unless_a_later_one_began() -> None:
    CronRun.claim("sweep", SLOT)
    CronRun.finish("sweep", SLOT, "ok")
    finished = CronRun.get_by_id("sweep")
    CronRun.claim("sweep", SLOT + MINUTE)

    CronRun.finish("sweep", SLOT, "error", "too late")

    running = CronRun.get_by_id("sweep")
    assert finished.status == "ok"
    assert finished.finished_at is not None
    assert (running.status, running.finished_at, running.detail) == ("running", None, None)


def test_garbage_is_listed_once_and_when_due() -> None:
    ObjectGarbage.discard("archive", ["a", "b", "a"])
    ObjectGarbage.discard("archive", ["a"])
    ObjectGarbage.discard("archive", ["later"], not_before=now() + MINUTE)
    ObjectGarbage.discard("archive", [])

    with db.atomic():
        due = ObjectGarbage.due(limit=10)

    assert sorted(garbage.path for garbage in due) == ["a", "b"]


def test_workers_collect_different_garbage() -> None:
    ObjectGarbage.discard("archive", ["a", "b"])
    theirs: list[str] = []

    def collect() -> None:
        with db.atomic():
            theirs.extend(garbage.path for garbage in ObjectGarbage.due(limit=10))
        db.close()

    with db.atomic():
        (ours,) = ObjectGarbage.due(limit=1)
        other = threading.Thread(target=collect)
        other.start()
        other.join()

    assert sorted([ours.path, *theirs]) == ["a", "b"]


def test_garbage_that_cannot_be_deleted_waits() -> None:
    ObjectGarbage.discard("archive", ["a"])
    garbage = ObjectGarbage.get()

    ObjectGarbage.postpone(garbage.id, MINUTE, "storage is away")

    stored = ObjectGarbage.get()
    assert (stored.attempts, stored.last_error) == (1, "storage is away")
    assert stored.not_before > now()


def test_a_rate_limit_lasts_until_its_end_and_is_never_shortened() -> None:
    RateLimit.mark("github:1", now() + 10 * MINUTE)
    RateLimit.mark("github:1", now() + MINUTE, remaining=0)
    RateLimit.mark("github:2", now() - MINUTE)

    waiting = RateLimit.waiting(["github:1", "github:2", "github:3"])

    assert list(waiting) == ["github:1"]
    assert waiting["github:1"] > now() + 9 * MINUTE


def test_events_of_uploads_land_in_the_partitioned_table() -> None:
    UploadEvent.record(1, "a" * 40, milestone="processing_upload", upload_ids=[2**40, 2], extra={"format": "lcov"})

    (event,) = UploadEvent.select()

    assert event.upload_ids == [2**40, 2]
    assert event.extra == {"format": "lcov"}
    assert event.id > 0
