"""The jobs of the schedule."""

from datetime import timedelta

from app.actors.maintenance import check_reports, collect_garbage, expire_raw, sweep_all
from app.scheduler import Job

JOBS = (
    Job("sweep", timedelta(minutes=1), lambda slot: sweep_all.send()),
    Job("garbage", timedelta(minutes=10), lambda slot: collect_garbage.send()),
    Job("check_reports", timedelta(days=1), lambda slot: check_reports.send()),
    Job("raw_retention", timedelta(hours=1), lambda slot: expire_raw.send()),
)
