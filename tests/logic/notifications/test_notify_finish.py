"""What the finish decision makes of a notify run: silence, or a comment about failed uploads in place of coverage."""

import pytest

from app.clients.storage import ObjectStorage
from app.models.database import Row, now
from app.models.git import Commit
from app.models.identity import Owner
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.models.results import Notification
from tests.factories import make_upload
from tests.logic.notifications.fake_host import FakeHost
from tests.logic.notifications.rocket import HEAD_SHA, head_report
from tests.logic.notifications.runs import Rocket, outcomes, unsaid

TELLS_ERRORS = {"codecov": {"notify": {"notify_error": True}}}


def report_of(commit: Commit) -> CommitReport:
    return CommitReport.get(CommitReport.commit == commit.id)


@pytest.mark.parametrize("hold", ["ci_skip", "manual_trigger", "builds", "no_coverage"])
def test_what_is_held_back_stays_unsaid(rocket: Rocket, host: FakeHost, head: Commit, hold: str) -> None:
    CommitReport.update(notify_hold=hold).where(CommitReport.commit == head.id).execute()

    result = rocket.run(head)

    assert (result.outcome, host.statuses, unsaid(head)) == (f"held_{hold}", {}, 1)


def test_a_message_that_arrives_late_still_holds_back(
    rocket: Rocket,
    host: FakeHost,
) -> None:
    unknown = rocket.commit(HEAD_SHA, head_report(), message=None, details_at=None)
    host.message = "Fuel the rocket [ci skip]"

    result = rocket.run(unknown)
    rocket.want(unknown)
    again = rocket.run(unknown)

    assert [result.outcome, again.outcome] == ["held_ci_skip", "held_ci_skip"]
    assert (host.statuses, host.comments) == ({}, {})
    assert report_of(unknown).state == "skipped"


@pytest.mark.parametrize(("model", "column"), [(Repository, "deleted_at"), (Owner, "deletion_requested_at")])
def test_nobody_hears_of_a_repository_that_was_deleted(
    rocket: Rocket, host: FakeHost, head: Commit, model: type[Row], column: str
) -> None:
    model.update({column: now()}).execute()

    result = rocket.run(head)

    assert (result.outcome, host.calls, unsaid(head)) == ("repository_deleted", [], 0)


def test_failed_uploads_are_told_in_the_place_of_the_coverage_comment(
    rocket: Rocket,
    host: FakeHost,
    head: Commit,
) -> None:
    rocket.run(head)
    report = report_of(head)
    CommitReport.update(config=TELLS_ERRORS).where(CommitReport.id == report.id).execute()
    make_upload(report=report, state="error", error_code="report_empty")
    for _ in range(2):
        make_upload(report=report, state="merged")
    rocket.want(head)

    result = rocket.run(head)

    [comment] = host.comments.values()
    assert outcomes(result) == {"comment": "sent"}
    assert "1 of 3 uploads could not be processed" in comment
    assert comment.startswith("<!-- cov:coverage -->")


def test_failed_uploads_of_a_commit_without_coverage_are_told_too(
    rocket: Rocket,
    host: FakeHost,
    storage: ObjectStorage,
) -> None:
    commit = rocket.commit(HEAD_SHA, branch="feature/nozzle")
    report = CommitReport.ensure(commit.id, "coverage")
    CommitReport.update(config=TELLS_ERRORS).where(CommitReport.id == report.id).execute()
    make_upload(report=report, state="error", error_code="report_empty")
    rocket.want(commit)

    result = rocket.run(commit)

    assert (result.outcome, outcomes(result)) == ("notified", {"comment": "sent"})
    assert host.statuses == {}
    assert Notification.select().where(Notification.type == "comment").count() == 1


def test_without_a_pull_request_nobody_hears_of_failed_uploads(rocket: Rocket, host: FakeHost) -> None:
    host.pulls.clear()
    commit = rocket.commit(HEAD_SHA, head_report())
    report = report_of(commit)
    CommitReport.update(config=TELLS_ERRORS).where(CommitReport.id == report.id).execute()
    make_upload(report=report, state="error", error_code="report_empty")

    result = rocket.run(commit)

    assert (result.outcome, result.deliveries, unsaid(commit)) == ("notified", (), 0)
