"""What is stored of a commit: pure decisions as tables, then real histories and a GitHub on loopback."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from app.clients.git.base import Author, Pull, PullCommit, ServerError
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout
from app.logic.uploads.commit_details import (
    KnownCommit,
    choose_parent,
    fetch_details,
    generations,
    merged_pull,
    pull_branch,
)
from app.models.database import Database, now
from app.models.git import Commit
from app.models.identity import Owner
from app.models.machinery import UploadEvent
from app.models.repositories import Repository
from tests.clients.git import parts
from tests.clients.git.github_parts import ROOT, commit, pull_payload, sha
from tests.factories import make_commit, make_owner, make_repository

KNOWN = KnownCommit("main", has_details=True)
FEATURE = KnownCommit("feature", has_details=True)
ANNOUNCED = KnownCommit("main", has_details=False)


@pytest.mark.parametrize(
    ("levels", "known", "branch", "parent"),
    [
        ([["a"]], {"a": KNOWN}, "main", "a"),
        ([["a"]], {"a": KNOWN}, None, "a"),
        ([["a", "b"]], {"b": KNOWN}, "feature", "b"),
        ([["a", "b"]], {"a": KNOWN, "b": FEATURE}, "feature", "b"),
        ([["a", "b"]], {"a": KNOWN, "b": FEATURE}, "other", "a"),
        ([["a", "b"]], {"a": KNOWN, "b": FEATURE}, None, "a"),
        ([["a"], ["b"]], {"b": KNOWN}, "main", "b"),
        ([["a"], ["b"]], {"a": ANNOUNCED, "b": KNOWN}, "main", "b"),
        ([["a"], ["b", "c"]], {"b": KNOWN, "c": FEATURE}, "feature", "c"),
        ([["a"], ["b"]], {"a": ANNOUNCED}, "main", None),
        ([["a"]], {}, "main", None),
        ([], {}, "main", None),
    ],
)
def test_the_parent_is_the_nearest_ancestor_with_details(
    levels: list[list[str]], known: dict[str, KnownCommit], branch: str | None, parent: str | None
) -> None:
    assert choose_parent(levels, known, branch) == parent


@pytest.mark.parametrize(
    ("parents", "ancestors", "levels"),
    [
        ([], [("x", ())], []),
        (["a"], [("x", ["a"]), ("a", ["b"]), ("b", [])], [["a"], ["b"]]),
        (["a", "b"], [("a", ["c"]), ("b", ["c"]), ("c", ["d"])], [["a", "b"], ["c"], ["d"]]),
        (["a", "b"], [("a", ["b"]), ("b", ["c"])], [["a", "b"], ["c"]]),
        (["a"], [], [["a"]]),
    ],
)
def test_ancestors_are_sorted_by_distance(
    parents: list[str], ancestors: list[tuple[str, list[str]]], levels: list[list[str]]
) -> None:
    assert generations(parents, ancestors) == levels


@pytest.mark.parametrize(
    ("is_fork", "slug", "branch"),
    [
        (False, None, "fuel"),
        (False, "acme/rocket", "fuel"),
        (True, "bob/rocket", "bob/rocket:fuel"),
        (True, None, "unknown:fuel"),
    ],
)
def test_a_branch_of_a_fork_carries_the_name_of_the_fork(is_fork: bool, slug: str | None, branch: str) -> None:
    nobody = Author(None, None, None, None)
    base, head = PullCommit("main", "a" * 40, "acme/rocket"), PullCommit("fuel", "b" * 40, slug)
    pull = Pull(1, "Fuel", "open", nobody, base, head, is_fork=is_fork)

    assert pull_branch(pull) == branch


@pytest.mark.parametrize(
    ("provider", "message", "number"),
    [
        ("bitbucket", "Merged in fuel (pull request #12)\n\nFuel the rocket", 12),
        ("bitbucket_server", "Merged in team/fuel (v2) (pull request #3)", 3),
        ("github", "Merged in fuel (pull request #12)", None),
        ("bitbucket", "This was Merged in fuel (pull request #12)", None),
        ("bitbucket", "Merged in fuel\n(pull request #12)", None),
        ("bitbucket", "Merged in " + "x" * 100_000, None),
    ],
)
def test_bitbucket_names_the_pull_request_that_a_commit_merges(provider: str, message: str, number: int | None) -> None:
    assert merged_pull(provider, message) == number


@pytest.fixture
def history(tmp_path: Path) -> parts.Repository:
    return parts.Repository(tmp_path / "history")


@pytest.fixture
def local(history: parts.Repository, tmp_path: Path) -> LocalCheckout:
    return LocalCheckout(history.path, tmp_path / "posts")


@pytest.fixture
def owned(database: Database) -> Repository:
    return make_repository(owner=make_owner(provider="local"))


def announced(repo: Repository, sha: str, **values: object) -> Commit:
    return make_commit(repo=repo, sha=sha, **({"branch": None, "message": None, "details_at": None} | values))


def stored(commit: Commit) -> Commit:
    return Commit.get_by_id(commit.id)


def test_a_commit_of_the_default_branch_is_merged(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    first = history.commit("Build the pad", {"pad.py": "1"})
    history.commit("Fuel the rocket", {"pad.py": "2"})
    commit = announced(owned, first)

    fetch_details(local, commit)

    row = stored(commit)
    assert (row.message, row.branch, row.merged, row.pull_number) == ("Build the pad", "main", True, None)
    assert (row.parent_sha, row.author_id) == (None, None)
    assert row.committed_at.isoformat() == "2026-03-01T10:00:00+00:00"
    assert row.details_at is not None


def test_a_commit_beside_the_default_branch_is_not_merged(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    history.commit("Build the pad", {"pad.py": "1"})
    history.git("checkout", "--quiet", "-b", "feature")
    head = history.commit("Fuel the rocket", {"pad.py": "2"})
    commit = announced(owned, head, branch="feature")

    fetch_details(local, commit)

    assert (stored(commit).branch, stored(commit).merged) == ("feature", False)


def test_the_parent_is_looked_for_among_all_ancestors(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    shas = [history.commit(f"Step {number}", {"pad.py": str(number)}) for number in range(5)]
    make_commit(repo=owned, sha=shas[0])
    make_commit(repo=owned, sha=shas[1])
    make_commit(repo=owned, sha=shas[2], deleted_at=now())
    announced(owned, shas[3])
    commit = announced(owned, shas[4])

    fetch_details(local, commit)

    assert stored(commit).parent_sha == shas[1]


def test_without_a_known_ancestor_the_nearest_row_is_the_parent(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    shas = [history.commit(f"Step {number}", {"pad.py": str(number)}) for number in range(4)]
    announced(owned, shas[0])
    announced(owned, shas[1])
    commit = announced(owned, shas[3])

    fetch_details(local, commit)

    assert stored(commit).parent_sha == shas[1]


def test_without_any_row_the_first_parent_in_git_is_the_parent(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    shas = [history.commit(f"Step {number}", {"pad.py": str(number)}) for number in range(3)]
    make_commit(sha=shas[1])  # of another repository
    commit = announced(owned, shas[2])

    fetch_details(local, commit)

    assert stored(commit).parent_sha == shas[1]


def test_a_merge_follows_the_parent_on_its_own_branch(
    history: parts.Repository, local: LocalCheckout, owned: Repository
) -> None:
    start = history.commit("Build the pad", {"pad.py": "1"})
    history.git("checkout", "--quiet", "-b", "feature")
    feature = history.commit("Fuel the rocket", {"fuel.py": "1"})
    history.git("checkout", "--quiet", "main")
    main = history.commit("Paint the pad", {"pad.py": "2"})
    history.git("checkout", "--quiet", "feature")
    history.git("merge", "--quiet", "--no-ff", "--message", "Merge main", "main")
    merge = history.git("rev-parse", "HEAD")
    for known, branch in ((start, "main"), (main, "main"), (feature, "feature")):
        make_commit(repo=owned, sha=known, branch=branch)
    of_feature = announced(owned, merge, branch="feature")

    fetch_details(local, of_feature)
    first = stored(of_feature).parent_sha
    Commit.update(branch="main", details_at=None).where(Commit.id == of_feature.id).execute()
    fetch_details(local, stored(of_feature))

    assert (first, stored(of_feature).parent_sha) == (feature, main)


@pytest.fixture
def on_github(database: Database) -> Repository:
    return make_repository(owner=make_owner(username="acme"), provider_id="42", name="rocket")


def serve(httpserver: HTTPServer, pull: dict[str, object] | None, *, on_main: bool = False) -> None:
    """Answer as GitHub does for commit 3, whose parent is 2, in `pull` or on its own."""
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}").respond_with_json(commit(3, 2))
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}/pulls").respond_with_json([pull] if pull else [])
    if pull is not None:
        httpserver.expect_request(f"{ROOT}/pulls/5").respond_with_json(pull)
        httpserver.expect_request(f"{ROOT}/pulls/5/commits").respond_with_json([commit(3, 2)])
    head = sha(3) if on_main else sha(9)
    httpserver.expect_request(f"{ROOT}/branches/main").respond_with_json({"commit": {"sha": head}})
    httpserver.expect_request(f"{ROOT}/commits", query_string=f"sha={sha(9)}&per_page=100&page=1").respond_with_json(
        [commit(9, 2)]
    )
    httpserver.expect_request(f"{ROOT}/commits", query_string=f"sha={sha(3)}&per_page=100&page=1").respond_with_json(
        [commit(3, 2), commit(2, 1)]
    )


def test_a_pull_request_of_github_gives_number_branch_and_author(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    serve(httpserver, pull_payload())
    row = announced(on_github, sha(3))

    fetch_details(github, row)

    found = stored(row)
    assert (found.pull_number, found.branch, found.merged) == (5, "feature", False)
    author = Owner.get_by_id(found.author_id)
    assert (author.provider, author.provider_id, author.username) == ("github", "7", "ada")
    assert (author.display_name, author.email, author.kind) == ("Ada", "ada@example.com", "user")
    event = UploadEvent.get(UploadEvent.milestone == "details")
    assert event.extra == {"pull": 5, "branch": "feature", "parent": sha(2)}


def test_a_pull_request_from_a_fork_gives_the_fork_s_name(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    head = {"ref": "main", "sha": sha(3), "repo": {"id": 43, "full_name": "bob/rocket"}}
    serve(httpserver, pull_payload(head=head))
    row = announced(on_github, sha(3), branch="main")

    fetch_details(github, row)

    assert (stored(row).branch, stored(row).merged) == ("bob/rocket:main", False)


@pytest.mark.parametrize("on_main", [True, False])
def test_a_pushed_commit_is_merged_if_the_default_branch_has_it(
    httpserver: HTTPServer, github: GitHub, on_github: Repository, on_main: bool
) -> None:
    serve(httpserver, None, on_main=on_main)
    row = announced(on_github, sha(3))

    fetch_details(github, row)

    assert (stored(row).merged, stored(row).branch) == (on_main, "main" if on_main else None)


def test_a_made_up_pull_request_is_as_good_as_none(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    serve(httpserver, None)
    httpserver.expect_request(f"{ROOT}/pulls/77").respond_with_json({"message": "Not Found"}, status=404)
    row = announced(on_github, sha(3), branch="feature", pull_number=77)

    fetch_details(github, row)

    assert (stored(row).branch, stored(row).pull_number) == ("feature", 77)


def test_a_host_that_fails_half_way_leaves_the_row_alone(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}").respond_with_json(commit(3, 2))
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}/pulls").respond_with_data("", status=502)
    row = announced(on_github, sha(3))

    with pytest.raises(ServerError):
        fetch_details(github, row)

    assert (stored(row).message, stored(row).details_at) == (None, None)


def test_an_author_whose_name_is_taken_is_stored_without_it(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    renamed = make_owner(provider_id="1000", username="Ada")
    serve(httpserver, None)
    row = announced(on_github, sha(3))

    fetch_details(github, row)

    author = Owner.get_by_id(stored(row).author_id)
    assert (author.provider_id, author.username) == ("7", None)
    assert Owner.get_by_id(renamed.id).username == "Ada"


def test_an_author_who_is_known_is_completed_and_not_renamed(
    httpserver: HTTPServer, github: GitHub, on_github: Repository
) -> None:
    known = make_owner(provider_id="7", username="ada-old", display_name="Countess")
    serve(httpserver, None)
    row = announced(on_github, sha(3))

    fetch_details(github, row)

    author = Owner.get_by_id(known.id)
    assert stored(row).author_id == known.id
    assert (author.username, author.display_name, author.email) == ("ada-old", "Countess", "ada@example.com")
