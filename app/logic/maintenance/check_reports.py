"""Check a sample of commit reports: what was assembled step by step must be what all uploads give at once.

Tests prove that it is; this watches over installations, and mends a report that differs.
"""

import hashlib
import random
from datetime import timedelta
from typing import Final, Literal

import structlog
from peewee import fn

from app.clients.storage import ObjectMissing, ObjectStorage
from app.logic.coverage.codec import CodecError
from app.logic.uploads.assemble import assemble_anew, assemble_report
from app.logic.uploads.publish import has_open_uploads
from app.models.reports import CommitReport, Upload

log = structlog.get_logger(__name__)

Verdict = Literal["equal", "different", "moved_on", "unreadable"]

AGE: Final = timedelta(days=1)
CANDIDATES: Final = 10_000  # uploads, the newest
SAMPLE: Final = 20


def sample_reports(count: int = SAMPLE) -> list[int]:
    """Return some of the reports that got uploads since yesterday."""
    recent = (
        Upload.select(Upload.report)
        .where((Upload.created_at > fn.now() - AGE) & (Upload.state == "merged"))
        # Without an order a plan may look for the day's uploads among all there are.
        .order_by(Upload.created_at.desc())
        .limit(CANDIDATES)
    )
    ids = list(dict.fromkeys(row.report_id for row in recent))
    return random.sample(ids, min(count, len(ids)))


def check_report(storage: ObjectStorage, report_id: int) -> Verdict:
    """Assemble a report from all its uploads and compare; one that differs is published again as it should be."""
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    if report is None or report.fingerprint is None or report.assembly_done < report.assembly_wanted:
        return "moved_on"
    try:
        contents = assemble_anew(storage, report)
    except (ObjectMissing, CodecError):
        # Whoever needs the lost object next has it made again.
        return "unreadable"
    current = CommitReport.get_or_none(CommitReport.id == report_id)
    if current is None or (current.generation, current.assembly_wanted) != (report.generation, report.assembly_wanted):
        return "moved_on"
    if has_open_uploads(report_id):
        # One that is processed afresh is left out until it is done, and asks for assembly then.
        return "moved_on"
    if hashlib.sha256(contents or b"").digest() == bytes(report.fingerprint):
        return "equal"
    log.error("report.check.different", report_id=report_id, generation=report.generation)
    CommitReport.want_assembly(report_id)
    assemble_report(storage, report_id, incremental=False)
    return "different"
