"""Which rows still wait for somebody: what tests and the soak mean by final."""

from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Upload
from app.models.results import Comparison


def open_work() -> list[str]:
    """Describe every row that waits; none = everything is final."""
    uploads = Upload.select().where(Upload.state.in_(OPEN_UPLOAD_STATES))
    unsaid = (CommitReport.notify_done < CommitReport.notify_wanted) & CommitReport.notify_hold.is_null()
    reports = CommitReport.select().where(
        (CommitReport.assembly_done < CommitReport.assembly_wanted) | unsaid | (CommitReport.base_state == "unknown")
    )
    comparisons = Comparison.select().where(Comparison.state == "pending")
    return [
        *(f"upload {u.id}: {u.state}, attempt {u.attempts}, {u.lease_until}" for u in uploads),
        *(
            f"report {r.id}: assembly {r.assembly_done}/{r.assembly_wanted} {r.assembly_not_before}, "
            f"notification {r.notify_done}/{r.notify_wanted} {r.notify_not_before}, base {r.base_state}"
            for r in reports
        ),
        *(f"comparison {c.id}: pending, attempt {c.attempts}, {c.lease_until}" for c in comparisons),
    ]
