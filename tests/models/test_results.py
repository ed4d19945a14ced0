"""Comparisons, notifications and comments in the database."""

from datetime import timedelta

import pytest

from app.models import Comparison, Notification, PullComment
from app.models.database import now
from tests.factories import make_commit, make_pull

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


def test_two_commits_have_one_comparison() -> None:
    base, head = make_commit(), make_commit()

    first, second = Comparison.ensure(base.id, head.id), Comparison.ensure(base.id, head.id)

    assert first.id == second.id
    assert first.state == "pending"


def test_a_comparison_is_computed_by_one_worker_and_can_be_computed_again() -> None:
    comparison = Comparison.ensure(make_commit().id, make_commit().id)

    first = Comparison.claim(comparison.id, MINUTE)
    busy = Comparison.claim(comparison.id, MINUTE)
    settled = Comparison.settle(comparison.id, first.attempts, "processed", result_path="comparisons/1")
    again = Comparison.claim(comparison.id, MINUTE)

    assert busy is None
    assert settled
    assert (again.attempts, again.result_path) == (2, "comparisons/1")


def test_a_worker_whose_comparison_was_taken_over_writes_nothing() -> None:
    comparison = Comparison.ensure(make_commit().id, make_commit().id)
    slow = Comparison.claim(comparison.id, MINUTE)
    Comparison.update(lease_until=now() - MINUTE).where(Comparison.id == comparison.id).execute()
    fast = Comparison.claim(comparison.id, MINUTE)

    late = Comparison.settle(comparison.id, slow.attempts, "error", error="missing_base_report")
    settled = Comparison.settle(comparison.id, fast.attempts, "processed")

    assert (late, settled) == (False, True)
    assert Comparison.get_by_id(comparison.id).error is None


def test_notifications_of_a_type_are_told_apart_by_their_title() -> None:
    commit = make_commit()

    unit, e2e, again = (Notification.ensure(commit.id, "status_project", title) for title in ("unit", "e2e", "unit"))

    assert unit.id == again.id != e2e.id


def test_a_comment_is_posted_by_the_worker_that_reserved_it() -> None:
    pull = make_pull()

    first = PullComment.reserve(pull.id, "main", MINUTE)
    second = PullComment.reserve(pull.id, "main", MINUTE)
    other_slot = PullComment.reserve(pull.id, "bundle_analysis", MINUTE)

    assert first is not None
    assert first.provider_comment_id is None
    assert second is None
    assert other_slot is not None


def test_a_posted_comment_can_be_edited_at_any_time() -> None:
    pull = make_pull()
    PullComment.reserve(pull.id, "main", MINUTE)
    PullComment.update(provider_comment_id="99").where(PullComment.pull == pull).execute()

    reserved = PullComment.reserve(pull.id, "main", MINUTE)

    assert reserved is not None
    assert reserved.provider_comment_id == "99"


def test_the_reservation_of_a_dead_worker_is_taken_over() -> None:
    pull = make_pull()
    PullComment.reserve(pull.id, "main", MINUTE)
    PullComment.update(reserved_at=now() - 2 * MINUTE).where(PullComment.pull == pull).execute()

    reserved = PullComment.reserve(pull.id, "main", MINUTE)

    assert reserved is not None
    assert reserved.reserved_at > now() - MINUTE
