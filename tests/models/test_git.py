"""Branches, commits and pull requests in the database."""

from datetime import timedelta

import pytest
from peewee import IntegrityError

from app.models import Commit, CommitError, Pull, Repository
from app.models.database import now
from tests.factories import make_commit, make_owner, make_pull, make_repository, make_sha

pytestmark = pytest.mark.usefixtures("database")


def test_an_unknown_commit_is_created_with_a_lower_case_sha() -> None:
    repo = make_repository()

    commit = Commit.upsert(repo.id, make_sha("a").upper(), branch="main", pull_number=7)

    assert Commit.get_by_id(commit.id).sha == make_sha("a")
    assert (commit.branch, commit.pull_number, commit.details_at) == ("main", 7, None)


def test_facts_a_commit_lacks_are_filled_in_and_existing_ones_win() -> None:
    repo, author = make_repository(), make_owner()
    arrival = now() - timedelta(hours=1)
    known = Commit.upsert(repo.id, make_sha("a"), committed_at=arrival, branch="main")

    again = Commit.upsert(
        repo.id,
        make_sha("a"),
        committed_at=now(),
        branch="other",
        parent_sha=make_sha("b"),
        author=author,
        message=None,
    )

    assert again.id == known.id
    assert (again.branch, again.parent_sha, again.author_id) == ("main", make_sha("b"), author.id)
    assert again.committed_at == arrival
    assert Commit.select().count() == 1


def test_a_malformed_sha_is_refused() -> None:
    with pytest.raises(IntegrityError):
        make_commit(sha="not-a-sha")


def test_a_problem_of_a_commit_is_kept_once_per_code() -> None:
    commit = make_commit()

    CommitError.record(commit.id, "invalid_yaml", line=3)
    CommitError.record(commit.id, "invalid_yaml", line=4)

    assert [error.params for error in CommitError.select()] == [{"line": 4}]


def test_a_pull_request_is_created_once() -> None:
    repo = make_repository()

    first = Pull.ensure(repo.id, 7, title="Fuel the rocket")
    second = Pull.ensure(repo.id, 7, title="Another title")

    assert first.id == second.id
    assert second.title == "Fuel the rocket"


def test_deleting_a_repository_takes_its_commits_and_pulls_with_it() -> None:
    repo = make_repository()
    make_commit(repo=repo)
    make_pull(repo=repo)

    Repository.delete().where(Repository.id == repo.id).execute()

    assert Commit.select().count() == Pull.select().count() == 0


def test_deleting_an_author_keeps_the_commit() -> None:
    author = make_owner()
    commit = make_commit(author=author)

    author.delete_instance()

    assert Commit.get_by_id(commit.id).author is None


def test_names_of_repositories_are_unique_without_regard_to_case_until_deleted() -> None:
    owner = make_owner()
    old = make_repository(owner=owner, name="Rocket")

    with pytest.raises(IntegrityError):
        make_repository(owner=owner, name="rocket")
    Repository.update(deleted_at=now()).where(Repository.id == old.id).execute()
    make_repository(owner=owner, name="rocket")

    assert Repository.select().count() == 2


def test_every_repository_gets_a_storage_prefix_of_its_own() -> None:
    prefixes = {make_repository().storage_prefix, make_repository().storage_prefix}

    assert len(prefixes) == 2
    assert all(len(prefix) == 32 for prefix in prefixes)
