"""Uploads that CI booked on GitHub's synthetic merge commit end on the head of the pull request."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from app.cli.upload import booked_commit
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.finish import request_completion
from app.logic.uploads.prepare import dispatch_report
from app.logic.uploads.process import process_upload
from app.logic.uploads.synthetic_merge import booked_on, rebook_synthetic_merge
from app.models.database import Database
from app.models.git import Commit
from app.models.machinery import UploadEvent
from app.models.reports import FIRST_CARRIED_INDEX, CommitReport, Upload
from app.models.repositories import Repository
from tests.clients.git import parts
from tests.clients.git.github_parts import ROOT, commit, sha
from tests.factories import make_commit, make_owner, make_report, make_repository, make_upload
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload, stored_bytes

MERGE, HEAD, TARGET = sha(8), sha(3), sha(1)


@pytest.fixture
def on_github(database: Database) -> Repository:
    return make_repository(owner=make_owner(username="acme"), provider_id="42", name="rocket")


@pytest.fixture
def report(on_github: Repository) -> CommitReport:
    """The report of the merge commit, which nobody has asked the host about yet."""
    merge = make_commit(repo=on_github, sha=MERGE, message=None, details_at=None, branch=None, pull_number=5)
    return make_report(commit=merge)


def serve_merge(httpserver: HTTPServer, *parents: int, message: str = f"Merge {HEAD} into {TARGET}") -> None:
    answer = commit(8, *(parents or (1, 3)))
    answer["commit"]["message"] = message
    httpserver.expect_request(f"{ROOT}/commits/{MERGE}").respond_with_json(answer)


def head_report() -> CommitReport:
    return CommitReport.get(CommitReport.commit == Commit.get(Commit.sha == HEAD))


def test_uploads_move_to_the_head_under_new_numbers(
    httpserver: HTTPServer, github: GitHub, report: CommitReport, on_github: Repository
) -> None:
    serve_merge(httpserver)
    target = make_report(commit=make_commit(repo=on_github, sha=HEAD))
    make_upload(report=target, session_index=0)
    make_upload(report=target, session_index=FIRST_CARRIED_INDEX, kind="carried_forward", state="merged")
    moved = [make_upload(report=report, session_index=index) for index in range(2)]

    found = rebook_synthetic_merge(github, report)

    rows = [Upload.get_by_id(upload.id) for upload in moved]
    assert found == target.id
    assert [(row.report_id, row.session_index, row.state) for row in rows] == [
        (target.id, 1, "received"),
        (target.id, 2, "received"),
    ]
    assert set(dispatch_report(target.id, {})) >= {row.id for row in rows}
    assert CommitReport.get_by_id(report.id).state == "skipped"


def test_both_commits_tell_of_the_move(httpserver: HTTPServer, github: GitHub, report: CommitReport) -> None:
    serve_merge(httpserver)
    upload = make_upload(report=report, session_index=0)

    rebook_synthetic_merge(github, report)

    events = {event.commit_sha: event for event in UploadEvent.select().where(UploadEvent.milestone == "rebooked")}
    assert events[MERGE].extra == {"to": HEAD} and events[HEAD].extra == {"from": MERGE}
    assert {tuple(event.upload_ids) for event in events.values()} == {(upload.id,)}
    assert Commit.get(Commit.sha == HEAD).pull_number == 5


def test_moving_twice_moves_once_and_still_names_the_report_to_wake(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    make_upload(report=report, session_index=0)

    first = rebook_synthetic_merge(github, report)
    again = rebook_synthetic_merge(github, CommitReport.get_by_id(report.id))
    late = make_upload(report=report, session_index=0)
    third = rebook_synthetic_merge(github, CommitReport.get_by_id(report.id))

    assert first == again == third == head_report().id
    assert Upload.get_by_id(late.id).session_index == 1
    assert UploadEvent.select().where(UploadEvent.milestone == "rebooked").count() == 4


def test_a_worker_that_reads_a_moved_upload_loses_its_claim(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    upload = make_upload(report=report, session_index=0)
    claimed = Upload.claim(upload.id, timedelta(minutes=1), "worker")
    assert claimed is not None

    rebook_synthetic_merge(github, report)
    settled = Upload.settle(upload.id, claimed.attempts, "processed")

    assert not settled
    assert Upload.get_by_id(upload.id).state == "received"
    assert dispatch_report(head_report().id, {}) == (upload.id,)


def test_what_is_read_already_is_merged_into_the_head_s_report(
    httpserver: HTTPServer, github: GitHub, storage: ObjectStorage, on_github: Repository
) -> None:
    serve_merge(httpserver)
    upload_id, report_id = accept(storage, on_github, lcov_upload(), sha=MERGE)
    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)

    target_id = rebook_synthetic_merge(github, CommitReport.get_by_id(report_id))
    assert target_id is not None
    assemble_report(storage, target_id)

    assert Upload.get_by_id(upload_id).state == "merged"
    assert stored_bytes(storage, target_id) == stored_bytes(storage, report_id)
    left = CommitReport.get_by_id(report_id)
    assert (left.state, left.notify_done, left.assembly_done) == ("skipped", left.notify_wanted, left.assembly_wanted)


def test_what_was_said_of_the_merge_before_the_move_holds_for_the_head(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    make_upload(report=report, session_index=0)
    request_completion(report.id)

    rebook_synthetic_merge(github, report)

    said_at = CommitReport.get_by_id(report.id).completion_requested_at
    assert said_at is not None
    assert head_report().completion_requested_at == said_at


def test_what_is_said_of_the_merge_after_the_move_holds_for_the_head(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    Commit.update(message=f"Merge {HEAD} into {TARGET}").execute()
    make_upload(report=report, session_index=0)
    rebook_synthetic_merge(github, report)

    moved_to = booked_on(report.id)

    assert moved_to == head_report().id
    assert booked_on(moved_to) == moved_to


def test_a_report_with_uploads_of_its_own_is_nowhere_else(report: CommitReport) -> None:
    Commit.update(message=f"Merge {HEAD} into {TARGET}").execute()
    make_report(commit=make_commit(repo=report.commit.repo, sha=HEAD))
    make_upload(report=report, session_index=0)

    assert booked_on(report.id) == report.id


def test_nothing_is_carried_to_a_merge_commit_whose_uploads_moved(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    CommitReport.update(config={}, base_state="unknown").where(CommitReport.id == report.id).execute()
    make_upload(report=report, session_index=0)

    rebook_synthetic_merge(github, report)

    assert CommitReport.get_by_id(report.id).base_state == "none"


def test_an_assembler_that_has_the_moved_uploads_at_hand_loses(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    make_upload(report=report, session_index=0, state="processed")
    seen = CommitReport.get_by_id(report.id).generation

    rebook_synthetic_merge(github, report)

    assert not CommitReport.publish(report.id, seen)


def test_two_movers_at_once_move_once(
    database: Database, httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    serve_merge(httpserver)
    uploads = [make_upload(report=report, session_index=index) for index in range(3)]
    barrier = Barrier(2)
    found: list[int | None] = []

    def move() -> None:
        with database.connection_context():
            barrier.wait()
            found.append(rebook_synthetic_merge(github, report))

    threads = [Thread(target=move) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [head_report().id] * 2
    assert [Upload.get_by_id(upload.id).session_index for upload in uploads] == [0, 1, 2]


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ((1, 3), "Merge pull request #5 from acme/fuel"),
        ((1, 2), f"Merge {HEAD} into {TARGET}"),  # it does not merge what it says
    ],
)
def test_other_commits_keep_their_uploads(
    httpserver: HTTPServer, github: GitHub, report: CommitReport, parents: tuple[int, ...], message: str
) -> None:
    serve_merge(httpserver, *parents, message=message)
    upload = make_upload(report=report, session_index=0)

    assert rebook_synthetic_merge(github, report) is None
    assert Upload.get_by_id(upload.id).report_id == report.id


def test_a_host_that_does_not_answer_leaves_the_uploads_where_they_are(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{MERGE}").respond_with_data("", status=503)
    upload = make_upload(report=report, session_index=0)

    assert rebook_synthetic_merge(github, report) is None
    assert Upload.get_by_id(upload.id).report_id == report.id


def test_a_commit_with_another_message_is_not_asked_about(
    httpserver: HTTPServer, github: GitHub, report: CommitReport
) -> None:
    Commit.update(message="Fuel the rocket").where(Commit.id == report.commit_id).execute()

    assert rebook_synthetic_merge(github, CommitReport.get_by_id(report.id)) is None
    assert httpserver.log == []


def test_only_github_makes_such_commits(github: GitHub, httpserver: HTTPServer) -> None:
    repo = make_repository(owner=make_owner(provider="gitlab"))
    other = make_report(commit=make_commit(repo=repo, message=f"Merge {HEAD} into {TARGET}"))

    assert rebook_synthetic_merge(github, other) is None
    assert httpserver.log == []


@pytest.fixture
def merged_pull(tmp_path: Any) -> tuple[parts.Repository, str, str]:
    """A repository where CI has checked out the synthetic merge: it, the head, the merge."""
    repository = parts.Repository(tmp_path / "rocket")
    target = repository.commit("Build the pad", {"pad.py": "1"})
    repository.git("checkout", "--quiet", "-b", "feature")
    head = repository.commit("Fuel the rocket", {"fuel.py": "1"})
    repository.git("checkout", "--quiet", "--detach", target)
    repository.git("merge", "--quiet", "--no-ff", "--message", f"Merge {head} into {target}", head)
    return repository, head, repository.git("rev-parse", "HEAD")


def test_the_command_line_books_on_the_head_at_once(
    merged_pull: tuple[parts.Repository, str, str], tmp_path: Any
) -> None:
    repository, head, merge = merged_pull
    checkout = LocalCheckout(repository.path, tmp_path / "posts")

    booked = booked_commit(checkout, checkout.get_commit(merge))

    assert (booked.sha, booked.message) == (head, "Fuel the rocket")


def test_the_command_line_books_on_the_head_in_a_shallow_clone(
    merged_pull: tuple[parts.Repository, str, str], tmp_path: Any
) -> None:
    repository, head, merge = merged_pull
    repository.git("branch", "merge", merge)
    repository.git("clone", "--quiet", "--depth=1", "--branch=merge", repository.path.as_uri(), str(tmp_path / "ci"))
    checkout = LocalCheckout(tmp_path / "ci", tmp_path / "posts")

    booked = booked_commit(checkout, checkout.get_commit(merge))

    assert (booked.sha, booked.parents) == (head, ())
    assert checkout.get_commit(merge).parents == ()
