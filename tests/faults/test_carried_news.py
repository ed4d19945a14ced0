"""What becomes of carried flags from the first message to the comment: late, failed, repeated and afresh."""

from typing import Any

import pytest

from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.reprocess import reset_upload
from app.models.database import now
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload
from tests.example import example
from tests.faults.rocket import CARRYING, JS, UNIT, WEB, Plan, PullRequest
from tests.faults.simulation import Simulation
from tests.logic.notifications.fake_host import FakeHost

ONLY_UNIT = Plan((UNIT, WEB), (UNIT, JS), {"flags": {"unit": {"carryforward": True}}})
carrying = pytest.mark.parametrize("pull_request", [CARRYING], indirect=True)


def send(pull_request: PullRequest, sha: str, body: bytes, *flags: str) -> int:
    """Accept an upload that nobody is told of; a sweeper finds it."""
    uploader = pull_request.uploader
    accepted = accept_upload(uploader.storage, NewUpload(uploader.repo_id, sha, now(), flags), body, now())
    return accepted.upload_id


def sessions(report_id: int) -> dict[int, str]:
    return {
        row.session_index: row.state
        for row in Upload.select().where(Upload.report == report_id).order_by(Upload.session_index)
    }


def told(sha: str) -> int:
    """How often people were told about a commit."""
    return UploadEvent.select().where((UploadEvent.commit_sha == sha) & (UploadEvent.milestone == "notified")).count()


@carrying
def test_one_session_of_the_base_is_replaced_and_the_other_stays(
    simulation: Simulation, pull_request: PullRequest
) -> None:
    report_id = pull_request.push()
    simulation.settle()

    assert sessions(report_id) == {0: "merged", 1: "merged", 10_000: "superseded", 10_001: "merged"}


@pytest.mark.parametrize(
    ("pull_request", "posts"),
    [(CARRYING, ["set_status", "edit_comment"]), (ONLY_UNIT, [])],
    ids=["new numbers", "the same numbers"],
    indirect=["pull_request"],
)
def test_a_base_that_is_ready_late_is_told_of_once_if_the_numbers_change(
    simulation: Simulation, pull_request: PullRequest, host: FakeHost, posts: list[str]
) -> None:
    pull_request.push()
    simulation.settle()
    in_time: Any = pull_request.outcome()
    pull_request.forget()
    before = told(example.head)

    send(pull_request, example.base, b"useless")  # its base is at work until this has failed
    report_id = pull_request.push()
    simulation.work()
    early, posted, events = CommitReport.get_by_id(report_id), len(host.writes), told(example.head) - before
    simulation.settle()

    late, outcome = CommitReport.get_by_id(report_id), pull_request.outcome()
    assert (early.base_state, late.base_state) == ("unknown", "ready")
    assert (posted > 0, events) == (True, 1)
    assert sorted(set(host.writes[posted:])) == sorted(posts)
    assert host.writes[posted:].count("edit_comment") == posts.count("edit_comment")
    assert told(example.head) - before - events == bool(posts)
    for what in ("reports", "statuses", "comments", "flags", "notifications"):
        assert outcome[what] == in_time[what], what


@carrying
def test_a_carried_flag_stays_while_its_uploads_fail_and_goes_with_the_first_good_one(
    simulation: Simulation, pull_request: PullRequest
) -> None:
    report_id = pull_request.push()
    simulation.settle()
    send(pull_request, example.head, b"useless", "web")
    simulation.settle()
    failed = sessions(report_id)

    pull_request.uploader.send(example.head, WEB, pull=example.pull)
    simulation.settle()

    assert (failed[2], failed[10_001]) == ("error", "merged")
    assert (sessions(report_id)[3], sessions(report_id)[10_001]) == ("merged", "superseded")


@carrying
def test_an_upload_that_is_read_afresh_leaves_report_and_carried_sessions_as_they_are(
    simulation: Simulation, pull_request: PullRequest, host: FakeHost
) -> None:
    pull_request.push()
    simulation.settle()
    expected, posted = pull_request.outcome(), len(host.writes)

    for upload in Upload.select().where((Upload.kind == "uploaded") & Upload.object_path.is_null(False)):
        reset_upload(simulation.run.storage, upload.id)
        simulation.settle()

    assert pull_request.outcome() == expected
    assert len(host.writes) == posted
