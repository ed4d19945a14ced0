"""The commit that coverage is carried from: the nearest ancestor with a report, whatever the clocks said."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.clients.git.base import GitProvider
from app.clients.git.local import LocalCheckout
from app.logic.uploads.base_source import DEPTH, Candidate, Choice, by_distance, choose_source, find_source
from app.models.git import Commit
from app.models.repositories import Repository
from tests.clients.git.parts import Repository as Checkout
from tests.factories import make_commit, make_report, make_repository, make_sha

COMPLETE = {"state": "complete", "fingerprint": b"x"}


def candidate(number: int, state: str = "complete", **facts: bool) -> Candidate:
    return Candidate(number, make_sha(number), state, **facts)


@pytest.mark.parametrize(
    ("candidates", "outcome", "chosen"),
    [
        ([], "none", None),
        ([candidate(1)], "found", 1),
        ([candidate(1), candidate(2)], "found", 1),
        ([candidate(1, "error", has_report=False), candidate(2)], "found", 2),
        ([candidate(1, "error"), candidate(2)], "found", 2),
        ([candidate(1, "skipped"), candidate(2)], "found", 1),
        ([candidate(1, "skipped", has_report=False), candidate(2)], "found", 2),
        ([candidate(1, "pending"), candidate(2)], "not_ready", 1),
        ([candidate(1, "processing"), candidate(2)], "not_ready", 1),
        ([candidate(1, undecided=True), candidate(2)], "not_ready", 1),
        ([candidate(1), candidate(2, "processing")], "found", 1),
        ([candidate(1, "error", has_report=False)], "none", None),
        ([candidate(n, "error") for n in range(DEPTH - 1)] + [candidate(DEPTH)], "found", DEPTH),
        ([candidate(n, "error") for n in range(DEPTH)] + [candidate(DEPTH)], "none", None),
    ],
)
def test_the_nearest_report_is_chosen(candidates: list[Candidate], outcome: str, chosen: int | None) -> None:
    choice = choose_source(candidates)

    assert (choice.outcome, choice.candidate and choice.candidate.report_id) == (outcome, chosen)


def test_ancestors_are_ordered_by_distance_whatever_the_order_of_the_list() -> None:
    listed = [
        ("merge", ("left", "right")),
        ("left", ("root",)),
        ("right", ("deep",)),
        ("deep", ("root",)),
        ("root", ()),
    ]

    ordered = ["merge", "left", "right", "root", "deep"]
    assert by_distance("merge", listed) == by_distance("merge", listed[::-1]) == ordered
    assert by_distance("merge", []) == ["merge"]


def refuse(_: Repository) -> GitProvider:
    raise AssertionError("the host was asked")


def chain(repo: Repository, states: Sequence[dict[str, Any] | None]) -> Commit:
    """Commits whose parents are known, the root first; None = no coverage report. The last one is returned."""
    commit = None
    for facts in states:
        commit = make_commit(repo=repo, parent_sha=commit and commit.sha)
        if facts is not None:
            make_report(commit=commit, **facts)
    assert commit is not None
    return commit


def parent_of(commit: Commit, generations: int = 1) -> str:
    for _ in range(generations):
        commit = Commit.get((Commit.sha == commit.parent_sha) & (Commit.repo == commit.repo))
    return str(commit.sha)


@pytest.mark.usefixtures("database")
class TestParentsThatAreKnown:
    def test_the_host_is_not_asked(self) -> None:
        head = chain(make_repository(), [COMPLETE, COMPLETE, {"state": "error"}, None, {}])

        choice = find_source(refuse, head)

        assert choice.outcome == "found"
        assert choice.candidate is not None and choice.candidate.sha == parent_of(head, 3)

    def test_a_root_commit_has_no_source(self) -> None:
        assert find_source(refuse, chain(make_repository(), [{}])) == Choice("none")
        assert find_source(refuse, chain(make_repository(), [{"state": "error"}, {}])) == Choice("none")

    def test_a_deleted_commit_is_passed_over(self) -> None:
        head = chain(make_repository(), [COMPLETE, COMPLETE, {}])
        Commit.update(deleted_at=datetime.now(UTC)).where(Commit.sha == parent_of(head)).execute()

        choice = find_source(refuse, head)

        assert choice.candidate is not None and choice.candidate.sha == parent_of(head, 2)

    def test_reports_of_other_types_and_repositories_do_not_count(self) -> None:
        head = chain(make_repository(), [COMPLETE, COMPLETE | {"report_type": "bundle_analysis"}, {}])
        make_report(commit=make_commit(sha=parent_of(head)), **COMPLETE)

        choice = find_source(refuse, head)

        assert choice.candidate is not None and choice.candidate.sha == parent_of(head, 2)

    def test_no_more_than_ten_reports_are_looked_at(self) -> None:
        far = chain(make_repository(), [COMPLETE, *[{"state": "error"}] * DEPTH, {}])
        near = chain(make_repository(), [COMPLETE, *[{"state": "error"}] * (DEPTH - 1), {}])

        assert (find_source(refuse, far).outcome, find_source(refuse, near).outcome) == ("none", "found")

    def test_the_sha_of_a_parent_may_be_in_capitals(self) -> None:
        head = chain(make_repository(), [COMPLETE, {}])
        head.parent_sha = head.parent_sha.upper()

        assert find_source(refuse, head).outcome == "found"


class Ancestry:
    """A real repository whose commits may have any date, and the rows of some of them."""

    def __init__(self, folder: Path, repo: Repository) -> None:
        self.repo = repo
        self.checkout = Checkout(folder / "clocks")
        self.asked: list[str] = []

    def commit(self, date: str = "2026-03-01T12:00:00Z") -> str:
        self.checkout.date = date
        return self.checkout.commit("Tick", {})

    def git_for(self, _: Repository) -> GitProvider:
        return LocalCheckout(self.checkout.path, self.checkout.path.parent / "posts")

    def known(self, sha: str, **facts: Any) -> Commit:
        row = make_commit(repo=self.repo, sha=sha, parent_sha=facts.pop("parent_sha", None), details_at=None)
        make_report(commit=row, **facts)
        return row


@pytest.fixture
def ancestry(tmp_path: Path, repository: Repository) -> Ancestry:
    return Ancestry(tmp_path, repository)


@pytest.mark.parametrize(
    "dates",
    [
        ["2026-03-01T12:00:00Z"] * 4,
        ["2026-03-01T12:00:00Z", "1970-01-02T00:00:00Z", "2099-01-01T00:00:00Z", "1970-01-01T12:00:00Z"],
        ["2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "1970-01-01T12:00:00Z"],
    ],
    ids=["equal", "wild", "falling"],
)
def test_dates_play_no_part(ancestry: Ancestry, dates: list[str]) -> None:
    oldest, middle, near, head = map(ancestry.commit, dates)
    for sha in (oldest, middle):
        ancestry.known(sha, **COMPLETE)
    row = ancestry.known(head)
    Commit.update(committed_at=datetime(1970, 1, 1, tzinfo=UTC)).where(Commit.sha == middle).execute()

    choice = find_source(ancestry.git_for, row)

    assert choice.candidate is not None and choice.candidate.sha == middle
    assert Commit.get_or_none(Commit.sha == near) is None


def test_of_two_merged_branches_the_nearer_report_is_chosen(ancestry: Ancestry) -> None:
    root, git = ancestry.commit(), ancestry.checkout.git
    git("checkout", "-q", "-b", "side")
    side = ancestry.commit("1970-01-02T00:00:00Z")
    git("checkout", "-q", "main")
    ancestry.commit("2099-01-01T00:00:00Z")
    older = ancestry.known(root, **COMPLETE)
    git("merge", "-q", "--no-ff", "side")
    head = ancestry.known(git("rev-parse", "HEAD"))
    first = find_source(ancestry.git_for, head)

    ancestry.known(side, **COMPLETE)
    second = find_source(ancestry.git_for, head)

    assert first.candidate is not None and first.candidate.sha == older.sha
    assert second.candidate is not None and second.candidate.sha == side


def test_the_host_helps_where_the_line_of_known_parents_ends(ancestry: Ancestry) -> None:
    shas = [ancestry.commit() for _ in range(5)]
    ancestry.known(shas[0], **COMPLETE)
    ancestry.known(shas[3], state="error", parent_sha=shas[2])
    head = ancestry.known(shas[4], parent_sha=shas[3])

    choice = find_source(ancestry.git_for, head)

    assert choice.candidate is not None and choice.candidate.sha == shas[0]


def test_parents_that_go_in_circles_are_looked_up_at_the_host(ancestry: Ancestry) -> None:
    first, second = ancestry.commit(), ancestry.commit()
    ancestry.known(first, **COMPLETE)
    head = ancestry.known(second, parent_sha=second)

    choice = find_source(ancestry.git_for, head)

    assert choice.candidate is not None and choice.candidate.sha == first
