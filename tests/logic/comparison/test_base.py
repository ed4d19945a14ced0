"""Which commit a head is compared with, on a real history: fork point, ancestors, target branch, parent."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from app.clients.git.base import GitProvider, Pull, PullCommit
from app.clients.git.local import LocalCheckout
from app.logic.comparison.base import choose_base, refresh_pull
from app.models import git as rows
from app.models.git import Commit
from app.models.reports import CommitReport
from app.models.repositories import Repository
from tests.example import example
from tests.factories import make_commit, make_report

LOST = "f" * 40


@pytest.fixture
def history(git: GitProvider) -> list[str]:
    """The fork point of the pull request and its ancestors, nearest first."""
    return [sha for sha, _ in git.get_ancestors(example.base)]


def known(repo: Repository, git: GitProvider, sha: str, *, published: bool = True, **values: object) -> Commit:
    """A commit that was uploaded for, with a report unless it is still being processed."""
    found = git.get_commit(sha)
    facts = {"committed_at": found.timestamp, "parent_sha": found.parents[0] if found.parents else None} | values
    commit = make_commit(repo=repo, sha=sha, **facts)
    make_report(commit=commit, **({"fingerprint": b"x", "generation": 1} if published else {}))
    return commit


@pytest.fixture
def head(repository: Repository, git: GitProvider) -> Commit:
    return known(repository, git, example.head, pull_number=example.pull, branch="feature/boosters")


def stored_pull(repository: Repository) -> rows.Pull:
    return rows.Pull.get((rows.Pull.repo == repository) & (rows.Pull.number == example.pull))


def test_the_fork_point_is_the_base_if_it_has_a_report(
    repository: Repository, git: GitProvider, head: Commit, history: list[str]
) -> None:
    fork, _ = known(repository, git, history[0]), known(repository, git, history[1])

    base = choose_base(git, head, refresh_pull(git, head))

    assert (base.sha, base.commit, base.method) == (history[0], fork, "exact")
    pull = stored_pull(repository)
    assert (pull.base_sha, pull.compared_to_sha, pull.base_method) == (history[0], history[0], "exact")
    assert (pull.head_sha, pull.state, pull.base_branch) == (example.head, "open", "main")


def test_without_it_the_nearest_ancestor_with_a_report_is_the_base(
    repository: Repository, git: GitProvider, head: Commit, history: list[str]
) -> None:
    known(repository, git, history[0], published=False)
    known(repository, git, history[1], deleted_at=datetime.fromisoformat("2026-01-01T00:00:00Z"))
    known(repository, git, history[4])
    nearest = known(repository, git, history[3])

    base = choose_base(git, head, refresh_pull(git, head))

    assert (base.sha, base.commit, base.method) == (history[0], nearest, "ancestor")
    assert stored_pull(repository).compared_to_sha == history[3]


def test_without_an_ancestor_the_newest_older_report_of_the_target_branch_is_the_base(
    repository: Repository, git: GitProvider, head: Commit
) -> None:
    when = head.committed_at
    old, newer, too_new = (
        make_commit(repo=repository, committed_at=when.replace(year=year)) for year in (2019, 2020, 2090)
    )
    foreign = make_commit(repo=repository, committed_at=when.replace(year=2021), branch="other")
    unmerged = make_commit(repo=repository, committed_at=when.replace(year=2022), pull_number=7)
    for commit in (old, newer, too_new, foreign, unmerged):
        make_report(commit=commit, fingerprint=b"x")

    base = choose_base(git, head, refresh_pull(git, head))

    assert (base.commit, base.method) == (newer, "branch")
    assert stored_pull(repository).base_method == "branch"


def test_with_nothing_to_compare_with_the_start_is_still_known(
    repository: Repository, git: GitProvider, head: Commit, history: list[str]
) -> None:
    base = choose_base(git, head, refresh_pull(git, head))

    assert (base.sha, base.commit, base.method) == (history[0], None, None)
    assert stored_pull(repository).compared_to_sha is None


def test_a_commit_without_a_pull_request_is_compared_with_its_parent(
    repository: Repository, git: GitProvider, history: list[str]
) -> None:
    parent, commit = known(repository, git, history[2]), known(repository, git, history[1])

    pull = refresh_pull(git, commit)
    base = choose_base(git, commit, pull)

    assert pull is None
    assert (base.sha, base.commit, base.method) == (history[2], parent, "exact")


def test_a_commit_without_a_parent_has_no_base(repository: Repository, git: GitProvider, history: list[str]) -> None:
    first = known(repository, git, history[-1])

    base = choose_base(git, first, refresh_pull(git, first))

    assert (base.sha, base.commit) == (None, None)


def test_history_that_the_host_has_lost_is_no_error(repository: Repository, git: GitProvider) -> None:
    commit = make_commit(repo=repository, sha=git.get_branch_head("main"), parent_sha=LOST)

    base = choose_base(git, commit, None)

    assert (base.sha, base.commit) == (LOST, None)


def test_a_commit_is_never_its_own_base(
    repository: Repository, git: GitProvider, head: Commit, checkout: Path, tmp_path: Path
) -> None:
    fork = known(repository, git, example.base)
    pull = git.get_pull(example.pull)
    merged = replace(pull, base=replace(pull.base, sha=example.head))
    empty = LocalCheckout(checkout, tmp_path, {example.pull: merged})

    base = choose_base(empty, head, refresh_pull(empty, head))

    assert (base.sha, base.commit, base.method) == (example.head, fork, "ancestor")


def test_details_that_preparation_did_not_get_are_fetched_for_the_base(
    repository: Repository, git: GitProvider, history: list[str]
) -> None:
    parent = known(repository, git, history[2])
    commit = make_commit(repo=repository, sha=history[1], details_at=None, parent_sha=None, message=None)

    base = choose_base(git, commit, refresh_pull(git, commit))

    again = Commit.get_by_id(commit.id)
    assert base.commit == parent
    assert (again.parent_sha, again.message) == (history[2], git.get_commit(history[1]).message)
    assert again.details_at is not None


def test_the_pull_request_of_a_commit_is_found_and_remembered(repository: Repository, git: GitProvider) -> None:
    commit = known(repository, git, example.head)

    pull = refresh_pull(git, commit)

    assert pull is not None and pull.row.number == example.pull
    assert Commit.get_by_id(commit.id).pull_number == example.pull


def test_a_pull_request_that_the_host_does_not_know_is_none(repository: Repository, git: GitProvider) -> None:
    commit = known(repository, git, example.head, pull_number=4711)

    assert refresh_pull(git, commit) is None


def test_a_title_that_the_database_refuses_is_mended(
    repository: Repository, git: GitProvider, head: Commit, checkout: Path, tmp_path: Path
) -> None:
    pull = git.get_pull(example.pull)
    hostile: Pull = replace(pull, title="nul\x00half\ud800" * 500, head=PullCommit("b\x00", pull.head.sha, None))

    facts = refresh_pull(LocalCheckout(checkout, tmp_path, {example.pull: hostile}), head)

    assert facts is not None
    assert facts.row.title.startswith("nul\ufffdhalf\ufffd") and len(facts.row.title) == 1000
    assert facts.row.head_branch == "b\ufffd"


def test_a_report_of_another_type_makes_no_base(
    repository: Repository, git: GitProvider, head: Commit, history: list[str]
) -> None:
    commit = make_commit(repo=repository, sha=history[0])
    CommitReport.create(commit=commit, report_type="test_results", fingerprint=b"x")

    assert choose_base(git, head, refresh_pull(git, head)).commit is None
