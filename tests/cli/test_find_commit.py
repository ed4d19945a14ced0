"""Which commit a person means by the beginning of its SHA."""

import click
import pytest

from app.cli.find import find_commit
from tests.factories import make_commit, make_sha

pytestmark = pytest.mark.usefixtures("database")


def test_a_beginning_that_fits_one_commit_is_enough() -> None:
    commit = make_commit(sha=make_sha("one"))

    found, repository = find_commit(commit.sha[:7].upper())

    assert (found, repository) == (commit, commit.repo)


def test_a_beginning_that_fits_several_commits_is_refused() -> None:
    for end in "ab":
        make_commit(sha="abcdef" + end * 34)

    with pytest.raises(click.ClickException, match="Several commits begin with abcdef"):
        find_commit("abcdef")


def test_a_commit_of_several_repositories_wants_one_of_them_named() -> None:
    sha = make_sha("fork")
    ours, fork = make_commit(sha=sha), make_commit(sha=sha)
    slug = f"{fork.repo.owner.username}/{fork.repo.name}"

    with pytest.raises(click.ClickException, match=f"Several repositories .*{slug}.*--repo"):
        find_commit(sha)

    assert find_commit(sha, slug) == (fork, fork.repo)
    assert find_commit(sha, f"{ours.repo.owner.username}/{ours.repo.name}")[0] == ours


def test_an_unknown_repository_is_named() -> None:
    with pytest.raises(click.ClickException, match="No repository acme/nowhere"):
        find_commit(make_sha("one"), "acme/nowhere")


@pytest.mark.parametrize("text", ["HEAD", "main", "abc%", ""])
def test_what_is_no_sha_is_a_wrong_usage(text: str) -> None:
    with pytest.raises(click.UsageError, match="is not a commit SHA"):
        find_commit(text)
