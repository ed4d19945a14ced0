"""Names of branches and pull requests as CI systems write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.uploads.identity import clean_branch, pull_number, pull_of_branch, synthetic_merge_head

HEAD, TARGET = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("given", "branch"),
    [
        ("main", "main"),
        ("origin/main", "main"),
        ("refs/heads/feature/x", "feature/x"),
        ("refs/heads/origin/main", "main"),
        ("refs/remotes/origin/main", "main"),
        (" main ", "main"),
        ("feature/origin/x", "feature/origin/x"),
        ("HEAD", None),
        ("origin/HEAD", None),
        ("", None),
        (None, None),
    ],
)
def test_a_branch_loses_the_prefixes_of_refs(given: str | None, branch: str | None) -> None:
    assert clean_branch(given) == branch


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["origin/", "refs/heads/", "HEAD", "main", " ", "/", "x"]), max_size=6).map("".join))
def test_a_clean_branch_stays_as_it_is(text: str) -> None:
    clean = clean_branch(text)

    assert clean_branch(clean) == clean


@pytest.mark.parametrize(
    ("branch", "number"),
    [
        ("pull/12/head", 12),
        ("foo/pull/12/head", 12),
        ("refs/pull/7/merge", 7),
        ("pr/3", 3),
        ("main", None),
        ("expr/3", None),
        ("pull/request", None),
        ("pull/0", None),
        ("pull/99999999999", None),
        ("pull/٣", None),
        ("pull", None),
        (None, None),
    ],
)
def test_a_ref_of_a_pull_request_has_its_number(branch: str | None, number: int | None) -> None:
    assert pull_of_branch(branch) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("0", None),
        ("-1", None),
        ("12a", None),
        ("false", None),
        ("null", None),
        ("undefined", None),
        ("true", None),
        ("", None),
        (None, None),
    ],
)
def test_only_digits_are_the_number_of_a_pull_request(text: str | None, number: int | None) -> None:
    assert pull_number(text) == number


@pytest.mark.parametrize(
    ("message", "head"),
    [
        (f"Merge {HEAD} into {TARGET}", HEAD),
        (f"Merge {HEAD} into {TARGET}\n", HEAD),
        (f"Merge {HEAD} into {TARGET}\n\nbecause", None),
        (f"Merge {HEAD} into main", None),
        (f"Merge {HEAD[:39]} into {TARGET}", None),
        (f"merge {HEAD} into {TARGET}", None),
        (f"Merge {HEAD.upper()} into {TARGET}", None),
        ("Merge pull request #1 from acme/fuel", None),
        (None, None),
    ],
)
def test_only_the_exact_message_is_a_synthetic_merge(message: str | None, head: str | None) -> None:
    assert synthetic_merge_head(message) == head
