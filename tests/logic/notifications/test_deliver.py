"""Delivering says everything once: repeated, retried, interrupted or twice at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from app.clients.git.base import CommitStatus, Forbidden, GitError, ObjectNotFound, ServerError, Unauthorized
from app.logic.notifications.deliver import (
    POSTING_PATIENCE,
    Channel,
    Delivery,
    deliver_comment,
    deliver_statuses,
)
from app.models.database import Database, db, now
from app.models.git import Commit, Pull
from app.models.results import Notification, PullComment
from tests.factories import make_commit, make_pull
from tests.logic.notifications.fake_host import FakeHost

MARK = "<!-- cov:coverage -->"
TIMEOUT = 10  # seconds


def body(text: str) -> str:
    return f"{MARK}\n{text}"


def statuses(text: str = "69.23%") -> list[tuple[str, CommitStatus]]:
    return [
        (kind, CommitStatus(f"cov/{kind}", "failure", f"{kind} {text}", "https://cov/pull/42"))
        for kind in ("project", "patch")
    ]


def told(commit: Commit) -> dict[str, tuple[str, str | None]]:
    """State and problem of each notification of the commit."""
    rows = Notification.select().where(Notification.commit == commit.id)
    return {row.type: (row.state, row.detail) for row in rows}


@pytest.fixture
def pull(database: Database) -> Pull:
    return make_pull()


@pytest.fixture
def channel(host: FakeHost, pull: Pull) -> Channel:
    return Channel(host, make_commit(repo=pull.repo, sha=pull.head_sha), generation=3)


def outcomes(deliveries: list[Delivery]) -> list[str]:
    return [delivery.outcome for delivery in deliveries]


def test_statuses_are_set_once(host: FakeHost, channel: Channel):
    first = deliver_statuses(channel, statuses(), 69.23)
    again = deliver_statuses(channel, statuses(), 69.23)

    assert (outcomes(first), outcomes(again)) == (["sent"] * 2, ["payload_unchanged"] * 2)
    assert host.writes == ["set_status"] * 2
    assert host.coverage == [69.23, 69.23]
    assert told(channel.commit) == {"status_project": ("success", None), "status_patch": ("success", None)}
    row = Notification.get(Notification.type == "status_patch")
    assert (row.title, row.generation, row.attempts) == ("default", 3, 1)


def test_only_the_status_that_changed_is_set_again(host: FakeHost, channel: Channel):
    deliver_statuses(channel, statuses(), 0)

    deliveries = deliver_statuses(channel, [statuses()[0], statuses("75.00%")[1]], 0)

    assert outcomes(deliveries) == ["payload_unchanged", "sent"]
    assert host.statuses[channel.commit.sha, "cov/patch"].description == "patch 75.00%"


def test_what_the_host_shows_already_is_not_sent_and_looked_up_once(host: FakeHost, channel: Channel):
    deliver_statuses(channel, statuses(), 0)
    Notification.delete().execute()

    deliveries = deliver_statuses(channel, statuses(), 0)

    assert outcomes(deliveries) == ["already_done"] * 2
    assert host.writes == ["set_status"] * 2
    assert [name for name, *_ in host.calls].count("get_statuses") == 2


@pytest.mark.parametrize("error", [Forbidden("no"), ServerError("down")])
def test_statuses_that_cannot_be_read_are_set(host: FakeHost, channel: Channel, error: GitError):
    host.failures["get_statuses"] = [error]

    assert outcomes(deliver_statuses(channel, statuses(), 0)) == ["sent"] * 2


def test_a_refused_status_is_remembered_and_stops_no_other(host: FakeHost, channel: Channel):
    host.failures["set_status"] = [Forbidden("may not write")]

    refused, sent = deliver_statuses(channel, statuses(), 0)

    assert (refused.outcome, sent.outcome) == ("forbidden", "sent")
    assert isinstance(refused.error, Forbidden)
    assert told(channel.commit) == {"status_project": ("error", "forbidden"), "status_patch": ("success", None)}


def test_a_retry_sends_only_what_failed(host: FakeHost, channel: Channel):
    host.failures["set_status"] = [ServerError("down")]
    deliver_statuses(channel, statuses(), 0)

    deliveries = deliver_statuses(channel, statuses(), 0)

    assert outcomes(deliveries) == ["sent", "payload_unchanged"]
    assert told(channel.commit) == {"status_project": ("success", None), "status_patch": ("success", None)}


def test_a_comment_is_posted_once(host: FakeHost, channel: Channel, pull: Pull):
    first = deliver_comment(channel, pull, body("one"), MARK)
    again = deliver_comment(channel, pull, body("one"), MARK)

    assert (first.outcome, again.outcome) == ("sent", "payload_unchanged")
    assert host.writes == ["post_comment"]
    slot = PullComment.get(PullComment.pull == pull.id)
    assert slot.provider_comment_id == "1"
    assert slot.posted_at is not None
    assert told(channel.commit) == {"comment": ("success", None)}


def test_a_changed_text_edits_the_comment(host: FakeHost, channel: Channel, pull: Pull):
    deliver_comment(channel, pull, body("one"), MARK)

    delivery = deliver_comment(channel, pull, body("two"), MARK)

    assert delivery.outcome == "sent"
    assert host.comments == {"1": body("two")}


def test_a_later_commit_edits_the_same_comment(host: FakeHost, channel: Channel, pull: Pull):
    later = Channel(host, make_commit(repo=pull.repo), generation=1)
    deliver_comment(channel, pull, body("one"), MARK)

    deliver_comment(later, pull, body("two"), MARK)

    assert host.comments == {"1": body("two")}


@pytest.mark.parametrize("error", [ObjectNotFound("deleted"), Forbidden("of another identity")])
def test_a_comment_that_cannot_be_edited_any_more_is_posted_anew_once(
    host: FakeHost, channel: Channel, pull: Pull, error: GitError
):
    deliver_comment(channel, pull, body("one"), MARK)
    del host.comments["1"]
    host.failures["edit_comment"] = [error]

    deliver_comment(channel, pull, body("two"), MARK)
    deliver_comment(channel, pull, body("two"), MARK)
    deliver_comment(channel, pull, body("three"), MARK)

    assert host.comments == {"2": body("three")}
    assert host.writes.count("post_comment") == 2


def test_a_comment_whose_poster_died_is_adopted(host: FakeHost, channel: Channel, pull: Pull):
    PullComment.reserve(pull.id, "main", POSTING_PATIENCE)
    PullComment.update(reserved_at=now() - POSTING_PATIENCE - timedelta(seconds=1)).execute()
    host.post_comment(pull.number, body("posted, then killed"))

    delivery = deliver_comment(channel, pull, body("two"), MARK)

    assert delivery.outcome == "sent"
    assert host.comments == {"1": body("two")}
    assert PullComment.get().provider_comment_id == "1"


def test_a_replacement_whose_poster_died_is_adopted(host: FakeHost, channel: Channel, pull: Pull):
    deliver_comment(channel, pull, body("one"), MARK)
    del host.comments["1"]
    host.post_comment(pull.number, body("posted in its place, then killed"))

    deliver_comment(channel, pull, body("two"), MARK)

    assert host.comments == {"2": body("two")}
    assert PullComment.get().provider_comment_id == "2"


def test_a_quote_of_our_comment_is_not_ours(host: FakeHost, channel: Channel, pull: Pull):
    quote = f"> {MARK}\n> one\n\nWhat does this mean?"
    host.post_comment(pull.number, quote)

    deliver_comment(channel, pull, body("two"), MARK)

    assert host.comments == {"1": quote, "2": body("two")}


def test_a_comment_with_our_mark_that_we_may_not_edit_is_left_alone(host: FakeHost, channel: Channel, pull: Pull):
    host.post_comment(pull.number, body("of somebody else"))
    host.failures["edit_comment"] = [Forbidden("not yours")]

    deliver_comment(channel, pull, body("two"), MARK)
    deliver_comment(channel, pull, body("three"), MARK)

    assert host.comments == {"1": body("of somebody else"), "2": body("three")}


@pytest.mark.parametrize("error", [Unauthorized("bad token"), ServerError("down")])
def test_a_failed_comment_is_remembered_and_the_next_try_need_not_wait(
    host: FakeHost, channel: Channel, pull: Pull, error: GitError
):
    host.failures["post_comment"] = [error]

    failed = deliver_comment(channel, pull, body("one"), MARK)
    remembered = told(channel.commit)
    again = deliver_comment(channel, pull, body("one"), MARK)

    assert (failed.outcome, failed.error) == (error.code, error)
    assert remembered == {"comment": ("error", error.code)}
    assert again.outcome == "sent"
    assert told(channel.commit) == {"comment": ("success", None)}


def test_a_failed_edit_keeps_the_comment(host: FakeHost, channel: Channel, pull: Pull):
    deliver_comment(channel, pull, body("one"), MARK)
    host.failures["edit_comment"] = [ServerError("down")]

    failed = deliver_comment(channel, pull, body("two"), MARK)
    deliver_comment(channel, pull, body("two"), MARK)

    assert failed.outcome == "provider_server_error"
    assert host.comments == {"1": body("two")}


def test_the_first_comment_is_posted_by_one_of_two_workers(host: FakeHost, channel: Channel, pull: Pull):
    posting, go_on = Event(), Event()

    def wait(name: str, *_: object) -> None:
        if name == "post_comment":
            posting.set()
            assert go_on.wait(TIMEOUT)

    def deliver() -> Delivery:
        with db.connection_context():
            return deliver_comment(channel, pull, body("one"), MARK)

    host.before = wait
    with ThreadPoolExecutor() as pool:
        first = pool.submit(deliver)
        assert posting.wait(TIMEOUT)
        second = deliver()
        go_on.set()
        assert first.result(TIMEOUT).outcome == "sent"
    retried = deliver()

    assert second.outcome == "comment_busy"
    assert second.error is not None
    assert not second.error.permanent
    assert retried.outcome == "payload_unchanged"
    assert host.comments == {"1": body("one")}


def test_a_worker_that_was_taken_for_dead_keeps_its_hands_off_the_slot(host: FakeHost, channel: Channel, pull: Pull):
    def overtake(name: str, *_: object) -> None:
        if name == "post_comment":
            host.before = None
            PullComment.update(reserved_at=now() - 2 * POSTING_PATIENCE).execute()
            assert PullComment.reserve(pull.id, "main", POSTING_PATIENCE) is not None

    host.before = overtake
    host.failures["post_comment"] = [ServerError("down")]

    deliver_comment(channel, pull, body("one"), MARK)

    assert PullComment.reserve(pull.id, "main", POSTING_PATIENCE) is None
