"""Which comparisons a finished report needs: its own, and those of open pull requests that stand on it."""

import pytest

from app.clients.git.base import GitProvider
from app.logic.comparison.plan import dependents, plan_comparison
from app.models.git import Commit, Pull
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.models.results import Comparison
from tests.example import example
from tests.factories import make_commit, make_pull, make_report


def commit_with_report(repository: Repository, sha: str, **values: object) -> Commit:
    commit = make_commit(repo=repository, sha=sha, **values)
    make_report(commit=commit, fingerprint=b"x", generation=3)
    return commit


@pytest.fixture
def base(repository: Repository) -> Commit:
    return commit_with_report(repository, example.base)


@pytest.fixture
def head(repository: Repository) -> Commit:
    return commit_with_report(repository, example.head, pull_number=example.pull)


@pytest.fixture
def pull(repository: Repository) -> Pull:
    return make_pull(repo=repository, number=example.pull, head_sha=example.head, base_sha="e" * 40)


def wanted(commit: Commit) -> int:
    return CommitReport.get(CommitReport.commit == commit.id).notify_wanted


def compared(base: Commit, head: Commit, generation: int) -> Comparison:
    return Comparison.create(
        base_commit=base, head_commit=head, state="processed", base_generation=generation, head_generation=3
    )


def test_a_head_gets_a_comparison_with_its_base(git: GitProvider, base: Commit, head: Commit) -> None:
    first, second = (plan_comparison(lambda _: git, head.id) for _ in range(2))

    row = Comparison.get()
    assert first == second == row.id
    assert (row.base_commit_id, row.head_commit_id, row.state) == (base.id, head.id, "pending")


def test_without_a_base_there_is_nothing_to_compare(git: GitProvider, head: Commit) -> None:
    assert plan_comparison(lambda _: git, head.id) is None
    assert plan_comparison(lambda _: git, head.id + 1) is None


def test_heads_compared_with_an_older_report_are_told_again(base: Commit, head: Commit, pull: Pull) -> None:
    row = compared(base, head, generation=2)

    assert dependents(base.id) == (row.id,)
    assert wanted(head) == 1


def test_a_comparison_with_the_current_report_stays(base: Commit, head: Commit, pull: Pull) -> None:
    Pull.update(base_sha=example.base).execute()
    compared(base, head, generation=3)

    assert dependents(base.id) == ()
    assert wanted(head) == 0


def test_a_base_whose_report_comes_late_is_compared_with_the_heads_that_wait(
    base: Commit, head: Commit, pull: Pull
) -> None:
    Pull.update(base_sha=example.base).execute()

    ids = dependents(base.id)

    row = Comparison.get()
    assert ids == (row.id,)
    assert (row.base_commit_id, row.head_commit_id) == (base.id, head.id)
    assert wanted(head) == 1


@pytest.mark.parametrize("change", [{"state": "merged"}, {"head_sha": "d" * 40}, {"number": 7}])
def test_other_pull_requests_are_left_in_peace(
    base: Commit, head: Commit, pull: Pull, change: dict[str, object]
) -> None:
    compared(base, head, generation=2)
    Pull.update(base_sha=example.base, **change).execute()

    assert dependents(base.id) == ()


def test_a_head_without_a_report_waits_for_its_own(base: Commit, head: Commit, pull: Pull) -> None:
    Pull.update(base_sha=example.base).execute()
    CommitReport.update(fingerprint=None).where(CommitReport.commit == head.id).execute()

    assert dependents(base.id) == ()
    assert Comparison.select().count() == 0


def test_a_commit_that_is_gone_has_no_dependents(base: Commit) -> None:
    assert dependents(base.id + 1) == ()
