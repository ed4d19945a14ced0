"""The schedule: jobs fire once per slot of time, however many schedulers run."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from app import metrics
from app.models.database import db
from app.models.machinery import CronRun

log = structlog.get_logger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_SLEEP = 10.0
RETRY_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to send at every slot: each `every` of UTC time, shifted by `offset`.

    Slots are counted from 1970-01-01 00:00 UTC, a Thursday: a day with an offset of 3 hours is every day at 03:00.
    `send` gets the slot and sends a message; it may be called twice for a slot after a crash, so actors are
    idempotent. Names are keys in the database and never change.
    """

    name: str
    every: timedelta
    send: Callable[[datetime], object]
    offset: timedelta = timedelta(0)

    def slot(self, now: datetime) -> datetime:
        """The newest slot that has begun."""
        since = now - EPOCH - self.offset
        return EPOCH + self.offset + since // self.every * self.every


def fire(job: Job, slot: datetime) -> bool:
    """Send the message of a slot unless another scheduler has; False = it had.

    The message is sent before the claim is committed: when it cannot be published, the slot stays free and is tried
    again. A commit that fails after that repeats the message, which is harmless.
    """
    with db.atomic():
        if not CronRun.claim(job.name, slot):
            return False
        job.send(slot)
        CronRun.finish(job.name, slot, "ok")
    return True


@dataclass(slots=True)
class Scheduler:
    """Fires jobs as their slots begin, until it is stopped.

    After a pause only the newest slot fires, older ones are skipped. An error of one job is logged and the job tried
    again, without holding up the others. `release` runs after each round, to give the database connection back.
    """

    jobs: Sequence[Job]
    fire: Callable[[Job, datetime], bool] = fire
    release: Callable[[], object] = lambda: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _settled: dict[str, datetime] = field(default_factory=dict)
    last_round: datetime | None = None

    def run(self) -> None:
        """Work until `stop` is called from another thread or a signal handler."""
        while not self._stopped.is_set():
            self._stopped.wait(self.round())

    def stop(self) -> None:
        self._stopped.set()

    def round(self) -> float:
        """Fire what is due and return the seconds until it is worth looking again."""
        failed = False
        try:
            for job in self.jobs:
                failed |= not self._settle(job)
        finally:
            self.release()
        now = self.last_round = self.clock()
        pauses = [(job.slot(now) + job.every - now).total_seconds() for job in self.jobs]
        return min([*pauses, LONGEST_SLEEP, *([RETRY_PAUSE] if failed else [])])

    def _settle(self, job: Job) -> bool:
        slot = job.slot(self.clock())
        if (settled := self._settled.get(job.name)) is not None and settled >= slot:
            return True
        try:
            if self.fire(job, slot):
                log.info("job_sent", job=job.name, slot=slot.isoformat())
                metrics.cron_last_success.labels(job.name).set(slot.timestamp())
        except Exception:
            log.exception("job_not_sent", job=job.name, slot=slot.isoformat())
            return False
        self._settled[job.name] = slot
        return True
