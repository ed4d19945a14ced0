"""A notify run tells the host about a commit: everything once, and nothing that is out of date."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from app.clients.git import base as git
from app.clients.git.base import (
    ClientError,
    Forbidden,
    GitError,
    Misconfigured,
    ObjectNotFound,
    RateLimited,
    ServerError,
    Unreachable,
)
from app.logic.notifications.notify import Notified, notify_commit
from app.models.database import db, now
from app.models.git import Commit, CommitError, Pull
from app.models.identity import Owner
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.models.results import Comparison, Notification, PullComment
from tests.factories import make_commit, make_report, make_sha, make_upload
from tests.logic.notifications.fake_host import FakeHost
from tests.logic.notifications.rocket import BASE_SHA, HEAD_SHA, base_report, head_report
from tests.logic.notifications.runs import POLICY, Rocket, outcomes, unsaid

HERE: Final = Path(__file__).parent
TIMEOUT: Final = 10  # seconds


def test_the_example_is_told_with_statuses_and_comment(rocket: Rocket, host: FakeHost, head: Commit):
    host.behind = 2

    result = rocket.run(head)

    assert result.outcome == "notified"
    assert not result.again
    assert outcomes(result) == {"cov/project": "sent", "cov/patch": "sent", "comment": "sent"}
    pages = "https://cov.example.com/gh/acme/rocket"
    shown = {name: (s.state, s.description, s.url) for (_, name), s in host.statuses.items()}
    assert shown == {
        "cov/project": ("failure", "69.23% (-5.77%) compared to 1f0c9d2", f"{pages}/pull/42"),
        "cov/patch": ("failure", "50.00% of diff hit (target 75.00%)", f"{pages}/pull/42"),
    }
    assert host.coverage == [69.23077, 69.23077]
    assert host.comments["1"] + "\n" == (HERE / "comment.md").read_text("utf-8")
    assert unsaid(head) == 0
    event = UploadEvent.get(UploadEvent.milestone == "notified")
    assert event.extra == outcomes(result)


def test_the_statuses_come_before_the_comment(rocket: Rocket, host: FakeHost, head: Commit):
    rocket.run(head)

    assert host.writes == ["set_status", "set_status", "post_comment"]


def test_a_second_message_says_nothing(rocket: Rocket, host: FakeHost, head: Commit):
    rocket.run(head)
    calls = len(host.calls)

    result = rocket.run(head)

    assert result == Notified("nothing_new")
    assert len(host.calls) == calls


def test_a_repeated_run_sends_nothing(rocket: Rocket, host: FakeHost, head: Commit):
    rocket.run(head)
    written = list(host.writes)
    rocket.want(head)

    result = rocket.run(head)

    assert set(outcomes(result).values()) == {"payload_unchanged"}
    assert host.writes == written
    assert unsaid(head) == 0


def test_a_new_report_changes_statuses_and_the_same_comment(rocket: Rocket, host: FakeHost, head: Commit):
    rocket.run(head)
    rocket.publish(head, base_report())

    result = rocket.run(head)

    assert set(outcomes(result).values()) == {"sent"}
    assert host.statuses[HEAD_SHA, "cov/project"].description == "75.00% (+0.00%) compared to 1f0c9d2"
    assert list(host.comments) == ["1"]
    assert "Project coverage is 75.00% (+0.00%)" in host.comments["1"]


def test_without_a_base_report_only_the_patch_is_told(rocket: Rocket, host: FakeHost):
    head = rocket.commit(HEAD_SHA, head_report())

    rocket.run(head)

    shown = {(status.state, status.description) for status in host.statuses.values()}
    assert shown == {("success", "No base report to compare with")}
    assert host.comments["1"] + "\n" == (HERE / "comment_without_base.md").read_text("utf-8")


def test_a_commit_without_pull_request_has_statuses_only(rocket: Rocket, host: FakeHost):
    host.pulls.clear()
    rocket.commit(BASE_SHA, base_report())
    head = rocket.commit(HEAD_SHA, head_report(), parent_sha=BASE_SHA)

    result = rocket.run(head)

    assert outcomes(result) == {"cov/project": "sent", "cov/patch": "sent"}
    urls = {status.url for status in host.statuses.values()}
    assert urls == {f"https://cov.example.com/gh/acme/rocket/commit/{HEAD_SHA}"}


def test_a_first_commit_has_nothing_to_be_compared_with(rocket: Rocket, host: FakeHost):
    host.pulls.clear()
    head = rocket.commit(HEAD_SHA, head_report())

    rocket.run(head)

    shown = {name: (status.state, status.description) for (_, name), status in host.statuses.items()}
    assert shown == {
        "cov/project": ("success", "No base report to compare with"),
        "cov/patch": ("success", "Patch has no coverable lines"),
    }


def test_an_outdated_head_has_statuses_but_no_comment(rocket: Rocket, host: FakeHost, head: Commit):
    Commit.update(pull_number=42).where(Commit.id == head.id).execute()
    rocket.open_pull(head=git.PullCommit("feature/nozzle", make_sha("newer"), "acme/rocket"))

    result = rocket.run(head)

    assert outcomes(result) == {"cov/project": "sent", "cov/patch": "sent"}
    assert not host.comments


def test_a_pull_request_that_moves_during_the_run_gets_no_comment_about_the_old_head(
    rocket: Rocket, host: FakeHost, head: Commit
):
    def push(name: str, *_: object) -> None:
        if name == "set_status":
            Pull.update(head_sha=make_sha("newer")).execute()

    host.before = push

    result = rocket.run(head)

    assert "comment" not in outcomes(result)
    assert not host.comments


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_a_closed_pull_request_gets_no_new_comment(rocket: Rocket, host: FakeHost, head: Commit, state: str):
    rocket.open_pull(state=state)

    assert "comment" not in outcomes(rocket.run(head))
    assert not host.comments


def test_the_comment_of_a_closed_pull_request_is_kept_current(rocket: Rocket, host: FakeHost, head: Commit):
    rocket.run(head)
    rocket.open_pull(state="merged")
    rocket.publish(head, base_report())

    rocket.run(head)

    assert list(host.comments) == ["1"]
    assert "Project coverage is 75.00%" in host.comments["1"]


def test_an_unknown_distance_to_the_base_branch_is_left_out(rocket: Rocket, host: FakeHost, head: Commit):
    host.failures["behind_by"] = [ObjectNotFound("no branch main")]

    rocket.run(head)

    assert "behind" not in host.comments["1"]


@pytest.mark.parametrize("state", ["received", "processing", "processed"])
def test_nothing_is_told_while_uploads_are_on_their_way(rocket: Rocket, host: FakeHost, head: Commit, state: str):
    lease = now() if state == "processing" else None
    make_upload(report=CommitReport.get(CommitReport.commit == head.id), state=state, lease_until=lease)

    assert rocket.run(head) == Notified("uploads_pending")
    assert not host.calls
    assert unsaid(head) == 1


def test_a_commit_without_a_report_is_no_news(rocket: Rocket, host: FakeHost):
    empty = make_report(commit=make_commit(repo=rocket.repo), notify_wanted=1)

    result = rocket.run(empty.commit)

    assert result == Notified("no_head_report")
    assert not host.calls
    assert unsaid(empty.commit) == 0
    assert rocket.run(make_commit(repo=rocket.repo)) == Notified("nothing_new")


def test_an_unknown_commit_is_no_news(rocket: Rocket, host: FakeHost):
    assert notify_commit(rocket.storage, lambda _: host, 0, POLICY) == Notified("unknown")


def test_a_permanent_error_is_remembered_and_the_others_are_sent(rocket: Rocket, host: FakeHost, head: Commit):
    host.failures["set_status"] = [Forbidden("may not write statuses")]

    result = rocket.run(head)

    assert outcomes(result) == {"cov/project": "forbidden", "cov/patch": "sent", "comment": "sent"}
    row = Notification.get((Notification.commit == head.id) & (Notification.type == "status_project"))
    assert (row.state, row.detail) == ("error", "forbidden")
    assert unsaid(head) == 0


@pytest.mark.parametrize("failing", ["set_status", "post_comment"])
@pytest.mark.parametrize("error", [ServerError("down"), Unreachable("away"), RateLimited("slow down", now())])
def test_a_temporary_error_is_raised_after_the_others_and_the_retry_sends_the_rest(
    rocket: Rocket, host: FakeHost, head: Commit, failing: str, error: GitError
):
    host.failures[failing] = [error]

    with pytest.raises(type(error)):
        rocket.run(head)
    tried, left = list(host.writes), unsaid(head)
    result = rocket.run(head)

    assert tried == ["set_status", "set_status", "post_comment"]
    assert left == 1
    assert host.writes[3:] == [failing]
    assert sorted(outcomes(result).values()) == ["payload_unchanged", "payload_unchanged", "sent"]
    assert len(host.comments) == 1
    assert unsaid(head) == 0


@pytest.mark.parametrize("failing", ["get_pull", "get_compare"])
def test_without_the_facts_nothing_is_posted_but_the_problem_is_shown(
    rocket: Rocket, host: FakeHost, head: Commit, failing: str
):
    host.failures[failing] = [ClientError("refused")] * 2

    result = rocket.run(head)

    assert result.outcome == "provider_client_error"
    assert not host.writes
    assert CommitError.get().code == "provider_client_error"
    assert unsaid(head) == 0


def test_a_missing_credential_is_shown(rocket: Rocket, head: Commit):
    def refuse(_: Repository) -> git.GitProvider:
        raise Misconfigured("no token")

    result = notify_commit(rocket.storage, refuse, head.id, POLICY)

    assert result.outcome == "no_credentials"
    assert CommitError.get().params == {"text": "no token"}


def test_facts_that_are_late_are_asked_for_again(rocket: Rocket, host: FakeHost, head: Commit):
    host.failures["get_compare"] = [ServerError("down")]

    with pytest.raises(ServerError):
        rocket.run(head)
    result = rocket.run(head)

    assert result.outcome == "notified"
    assert set(outcomes(result).values()) == {"sent"}


def test_a_comparison_that_another_worker_computes_is_waited_for(rocket: Rocket, host: FakeHost, head: Commit):
    base = Commit.get(Commit.sha == BASE_SHA)
    row = Comparison.ensure(base.id, head.id)
    Comparison.update(lease_until=now().replace(year=2999)).where(Comparison.id == row.id).execute()

    with pytest.raises(GitError) as failure:
        rocket.run(head)

    assert (failure.value.code, failure.value.permanent) == ("comparison_busy", False)
    assert not host.writes
    assert unsaid(head) == 1


def test_what_is_wanted_during_a_run_is_left_for_the_next(rocket: Rocket, host: FakeHost, head: Commit):
    def want(name: str, *_: object) -> None:
        if name == "post_comment":
            rocket.want(head)

    host.before = want

    result = rocket.run(head)

    assert (result.outcome, result.again) == ("notified", True)
    assert unsaid(head) == 1


def test_a_worker_killed_after_posting_leaves_one_comment(rocket: Rocket, host: FakeHost, head: Commit):
    class Killed(BaseException):
        pass

    def kill(name: str, *_: object) -> None:
        if name == "post_comment":
            host.before = None
            host.post_comment(42, "<!-- cov:coverage -->\nposted, never remembered")
            raise Killed

    host.before = kill

    with pytest.raises(Killed):
        rocket.run(head)
    with pytest.raises(GitError) as busy:
        rocket.run(head)
    PullComment.update(reserved_at=now().replace(year=2000)).execute()
    rocket.run(head)

    assert busy.value.code == "comment_busy"
    assert list(host.comments) == ["1"]
    assert "Project coverage is 69.23%" in host.comments["1"]


def test_two_runs_at_once_post_one_comment(rocket: Rocket, host: FakeHost, head: Commit):
    posting, go_on = Event(), Event()

    def wait(name: str, *_: object) -> None:
        if name == "post_comment":
            posting.set()
            assert go_on.wait(TIMEOUT)

    def run() -> Notified:
        with db.connection_context():
            return rocket.run(head)

    host.before = wait
    with ThreadPoolExecutor() as pool:
        first = pool.submit(run)
        assert posting.wait(TIMEOUT)
        second = pool.submit(run).result(TIMEOUT)
        go_on.set()
        result = first.result(TIMEOUT)

    assert second == Notified("running_elsewhere")
    assert result.outcome == "notified"
    assert host.writes == ["set_status", "set_status", "post_comment"]


def test_many_runs_at_once_say_everything_once(rocket: Rocket, host: FakeHost, head: Commit):
    def run(_: int) -> str:
        with db.connection_context():
            return rocket.run(head).outcome

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, range(8)))

    assert done.count("notified") == 1
    assert set(done) <= {"notified", "running_elsewhere", "nothing_new"}
    assert host.writes == ["set_status", "set_status", "post_comment"]


@pytest.mark.parametrize(
    ("owner", "name", "path"),
    [("acme", "a)](http://evil", "acme/a%29%5D%28http%3A%2F%2Fevil"), ("acme/tools", "rocket", "acme/tools/rocket")],
)
def test_names_are_encoded_in_addresses(rocket: Rocket, host: FakeHost, owner: str, name: str, path: str):
    head = rocket.commit(HEAD_SHA, head_report())
    Owner.update(username=owner).execute()
    Repository.update(name=name).execute()

    rocket.run(head)

    assert host.statuses[HEAD_SHA, "cov/project"].url == f"https://cov.example.com/gh/{path}/pull/42"
