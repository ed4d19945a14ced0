"""What failed for good is visible on its commit and rests a while."""

from datetime import timedelta

import pytest

from app.clients.git.base import Unreachable
from app.clients.storage import StorageUnavailable
from app.logic.maintenance import postponed
from app.logic.maintenance.sweep import take_overdue
from app.logic.uploads.assemble import assemble_report
from app.models.database import now
from app.models.git import CommitError
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport
from tests.factories import make_report

pytestmark = pytest.mark.usefixtures("database")

AT_ONCE = timedelta(0)


def waiting(**values: int) -> CommitReport:
    report = make_report(config={}, **values)
    CommitReport.update(updated_at=now() - timedelta(hours=1)).execute()
    return report


def errors(report: CommitReport) -> dict[str, dict[str, str]]:
    return {error.code: error.params for error in CommitError.select().where(CommitError.commit == report.commit_id)}


def test_a_report_that_cannot_be_assembled_rests_and_says_so() -> None:
    report = waiting(assembly_wanted=1)

    postponed.postpone_assembly(report.id, ValueError("bad \x00 rows" * 100))

    assert take_overdue(AT_ONCE, AT_ONCE).reports == ()
    assert errors(report)["assembly_failed"]["error"].startswith("ValueError: bad \ufffd rows")


def test_a_new_upload_ends_the_rest_of_its_report() -> None:
    report = waiting(assembly_wanted=1)
    postponed.postpone_assembly(report.id, ValueError("broken"))

    CommitReport.want_assembly(report.id, now() + timedelta(seconds=2))

    due = CommitReport.get_by_id(report.id).assembly_not_before
    assert due < now() + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("error", "minutes"), [(StorageUnavailable("503"), 10), (Unreachable("timeout"), 10), (ValueError("broken"), 60)]
)
def test_after_a_fault_that_passes_the_rest_is_short(error: Exception, minutes: int) -> None:
    report = waiting(assembly_wanted=1, notify_wanted=1)

    postponed.postpone_assembly(report.id, error)
    postponed.postpone_notification(report.commit_id, error)

    resting = CommitReport.get_by_id(report.id)
    limit = now() + timedelta(minutes=minutes)
    for due in (resting.assembly_not_before, resting.notify_not_before):
        assert limit - timedelta(minutes=1) < due <= limit


def test_an_assembly_that_works_again_takes_the_error_back(storage) -> None:
    report = waiting(assembly_wanted=1)
    postponed.postpone_assembly(report.id, ValueError("broken"))
    CommitReport.update(assembly_not_before=None).execute()

    assemble_report(storage, report.id)

    assert errors(report) == {}


def test_a_notification_in_retry_is_left_to_its_message() -> None:
    report = waiting(notify_wanted=1)

    postponed.leave_to_retry(report.commit_id)

    assert take_overdue(AT_ONCE, AT_ONCE).commits == ()
    assert errors(report) == {}


def test_a_notification_that_failed_for_good_rests_and_says_so_until_it_works() -> None:
    report = waiting(notify_wanted=1)

    postponed.postpone_notification(report.commit_id, RuntimeError("the host is gone"))
    resting, told = take_overdue(AT_ONCE, AT_ONCE).commits, errors(report)
    postponed.notification_worked(report.commit_id)

    assert resting == ()
    assert told == {"notify_failed": {"error": "RuntimeError: the host is gone"}}
    assert errors(report) == {}


def test_what_is_gone_cannot_be_postponed() -> None:
    postponed.postpone_assembly(4711, ValueError())
    postponed.postpone_notification(4711, ValueError())

    assert CommitError.select().count() == 0


def test_a_waiting_request_keeps_the_earlier_time() -> None:
    at_once = make_report(assembly_wanted=1)
    soon = make_report(assembly_wanted=1, assembly_not_before=now() + timedelta(seconds=5))
    idle = make_report()
    later = now() + timedelta(seconds=30)

    for report in (at_once, soon, idle):
        CommitReport.want_assembly(report.id, later)

    due = [CommitReport.get_by_id(report.id).assembly_not_before for report in (at_once, soon, idle)]
    assert due == [None, soon.assembly_not_before, later]


def test_what_failed_for_good_is_on_the_timeline() -> None:
    report = waiting()

    postponed.postpone_assembly(report.id, MemoryError("too big"))
    postponed.postpone_notification(report.commit_id, TimeoutError("no answer"))

    found = [(event.milestone, event.error) for event in UploadEvent.select().order_by(UploadEvent.id)]
    assert found == [("merge_failed", "assembly_failed"), ("notify_failed", "notify_failed")]
