"""Actors of the schedule: sweepers that wake work whose message was lost, and clean-up."""

import time

from marshmallow import Schema

from app import metrics, runtime
from app.actors import uploads
from app.actors.base import actor
from app.actors.comparisons import compute
from app.actors.notify import notify_commit
from app.actors.wake import wake
from app.logic.maintenance import garbage, sweep
from app.logic.maintenance.check_reports import check_report, sample_reports
from app.logic.maintenance.pending import pending_by_age
from app.logic.uploads import raw
from app.logic.uploads.problems import PROCESSING_TIMEOUT

# Two minutes of a database that restarts, or three tries after a bug; then the message has failed. The schedule sends
# others meanwhile, and none does harm.
RETRIES = 7
RETENTION_BUDGET = 120.0  # seconds of one run; the rest is left to the next one
CHECK_BUDGET = 300.0


class Nothing(Schema):
    """No payload: the schedule sends these."""


@actor(name="maintenance.sweep", queue="maintenance", schema=Nothing, time_limit=60_000, max_retries=RETRIES)
def sweep_all() -> None:
    """Wake uploads, reports, base layers, comparisons and notifications that wait too long."""
    patience = runtime.current().sweep_patience
    found = sweep.take_overdue(patience, patience * 2 / 5)
    for upload_id in found.uploads:
        wake(uploads.process, upload_id=upload_id)
    for report_id in (*found.unprepared, *found.baseless):
        wake(uploads.prepare, report_id=report_id)
    for report_id in found.reports:
        wake(uploads.assemble, report_id=report_id)
    for comparison_id in found.comparisons:
        wake(compute, comparison_id=comparison_id)
    for commit_id in found.commits:
        wake(notify_commit, commit_id=commit_id)
    for name, count in found.counts().items():
        metrics.sweeper_repaired.labels(name).inc(count)
    metrics.upload_errors.labels(PROCESSING_TIMEOUT).inc(found.given_up)
    for age, count in pending_by_age().items():
        metrics.uploads_pending.labels(age).set(count)


@actor(name="maintenance.raw_retention", queue="maintenance", schema=Nothing, time_limit=300_000, max_retries=RETRIES)
def expire_raw() -> None:
    """Let go of raw uploads that are older than the installation keeps them."""
    age, deadline = runtime.current().raw_retention, time.monotonic() + RETENTION_BUDGET
    while time.monotonic() < deadline:
        batch = raw.expire(age)
        metrics.raw_expired.inc(batch.count)
        if not batch.more:
            return


@actor(name="maintenance.check_reports", queue="maintenance", schema=Nothing, time_limit=600_000, max_retries=RETRIES)
def check_reports() -> None:
    """Assemble some of yesterday's reports from all their uploads and compare."""
    storage, deadline = runtime.current().storage, time.monotonic() + CHECK_BUDGET
    for report_id in sample_reports():
        metrics.reports_checked.labels(check_report(storage, report_id)).inc()
        if time.monotonic() > deadline:
            return


@actor(name="maintenance.garbage", queue="maintenance", schema=Nothing, time_limit=120_000, max_retries=RETRIES)
def collect_garbage() -> None:
    """Delete objects in storage that nothing refers to any more."""
    garbage.collect(runtime.current().storage)
