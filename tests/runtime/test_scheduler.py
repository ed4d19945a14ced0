"""Slots of the schedule, fired once however many schedulers run."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models.database import Database, db
from app.models.machinery import CronRun
from app.scheduler import LONGEST_SLEEP, RETRY_PAUSE, Job, Scheduler, fire
from tests.runtime.running import eventually

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}+00:00")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Log:
    """Jobs that note their slots."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, datetime]] = []

    def job(self, name: str, every: timedelta, **kwargs: Any) -> Job:
        return Job(name, every, lambda slot: self.sent.append((name, slot)), **kwargs)


@pytest.fixture
def log() -> Log:
    return Log()


def local(job: Job, slot: datetime) -> bool:
    job.send(slot)
    return True


@pytest.mark.parametrize(
    ("every", "offset", "expected"),
    [
        (timedelta(minutes=1), timedelta(0), "02T12:00"),
        (timedelta(minutes=5), timedelta(minutes=2), "02T11:57"),
        (timedelta(days=1), timedelta(hours=3), "02T03:00"),
        (timedelta(days=1), timedelta(hours=13), "01T13:00"),
        (timedelta(days=7), timedelta(days=3, hours=4), "01T04:00"),
    ],
)
def test_slots_are_aligned_to_utc(log: Log, every: timedelta, offset: timedelta, expected: str) -> None:
    assert log.job("x", every, offset=offset).slot(NOON) == at(expected)


@settings(max_examples=50)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_slot_has_begun_and_the_next_one_has_not(now: datetime, every: int, offset: int) -> None:
    job = Job("x", timedelta(seconds=every), lambda _: None, timedelta(seconds=offset))

    slot = job.slot(now.replace(tzinfo=UTC))

    assert slot <= now.replace(tzinfo=UTC) < slot + job.every
    assert job.slot(slot) == slot


def test_each_slot_fires_once_and_only_the_newest_after_a_pause(log: Log) -> None:
    clock = Clock(NOON)
    scheduler = Scheduler([log.job("sweep", timedelta(minutes=1))], fire=local, clock=clock)

    scheduler.round()
    clock.now += timedelta(seconds=30)
    scheduler.round()
    clock.now += timedelta(minutes=10)
    scheduler.round()

    assert [slot for _, slot in log.sent] == [NOON, NOON + timedelta(minutes=10)]


def test_a_clock_that_goes_back_fires_nothing_again(log: Log) -> None:
    clock = Clock(NOON)
    scheduler = Scheduler([log.job("sweep", timedelta(minutes=1))], fire=local, clock=clock)

    scheduler.round()
    clock.now -= timedelta(minutes=5)
    scheduler.round()

    assert len(log.sent) == 1


def test_it_sleeps_until_the_next_slot_but_never_long(log: Log) -> None:
    jobs = [log.job("hourly", timedelta(hours=1)), log.job("often", timedelta(seconds=7))]
    clock = Clock(datetime(2026, 3, 2, 12, 0, 3, tzinfo=UTC))

    assert Scheduler(jobs[:1], fire=local, clock=clock).round() == LONGEST_SLEEP
    assert 0 < Scheduler(jobs, fire=local, clock=clock).round() <= 7


def test_a_job_that_cannot_be_sent_is_tried_again_and_holds_up_no_other(log: Log) -> None:
    broken = True

    def send(_: datetime) -> None:
        if broken:
            raise ConnectionError("the broker is down")
        log.sent.append(("flaky", NOON))

    jobs = [Job("flaky", timedelta(hours=1), send), log.job("sound", timedelta(hours=1))]
    scheduler = Scheduler(jobs, fire=local, clock=Clock(NOON))

    pause = scheduler.round()
    broken = False
    scheduler.round()

    assert pause <= RETRY_PAUSE
    assert [name for name, _ in log.sent] == ["sound", "flaky"]


def test_it_stops_at_once_when_it_is_told_to(log: Log) -> None:
    scheduler = Scheduler([log.job("hourly", timedelta(hours=1))], fire=local)
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    eventually(lambda: log.sent)

    scheduler.stop()
    thread.join(2)

    assert not thread.is_alive()


def test_two_schedulers_share_the_slots_of_a_database(database: Database, log: Log) -> None:
    def scheduler() -> Scheduler:
        return Scheduler([log.job("sweep", timedelta(milliseconds=100))], release=db.close)

    schedulers = [scheduler() for _ in range(2)]
    threads = [threading.Thread(target=scheduler.run) for scheduler in schedulers]

    for thread in threads:
        thread.start()
    eventually(lambda: len(log.sent) >= 8)
    for one in schedulers:
        one.stop()
    for thread in threads:
        thread.join(5)

    assert len(log.sent) == len(set(log.sent))


def test_a_slot_whose_message_cannot_be_published_stays_free(database: Database, log: Log) -> None:
    def refuse(_: datetime) -> None:
        raise ConnectionError("the broker is down")

    with pytest.raises(ConnectionError):
        fire(Job("sweep", timedelta(minutes=1), refuse), NOON)

    assert fire(log.job("sweep", timedelta(minutes=1)), NOON)
    assert not fire(log.job("sweep", timedelta(minutes=1)), NOON)
    assert CronRun.get_by_id("sweep").status == "ok"
