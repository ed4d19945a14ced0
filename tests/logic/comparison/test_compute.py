"""Comparisons of real reports: computed once, computed again when something they were made from has changed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clients.git.base import GitProvider, ObjectNotFound, Unreachable
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.helpers.diff import Diff
from app.logic.comparison import compute as compute_module
from app.logic.comparison import stored
from app.logic.comparison.base import refresh_pull
from app.logic.comparison.compute import compute_comparison, give_up, load_comparison
from app.logic.coverage import codec
from app.logic.coverage.merge import merge
from app.logic.coverage.patch import patch_totals
from app.logic.coverage.totals import Totals
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.models.database import now
from app.models.git import Commit
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Flag, Upload
from app.models.repositories import Repository
from app.models.results import Comparison, FlagComparison
from tests.example import Uploader, example
from tests.logic.uploads.conftest import POLICY

SENT = (2, 3)  # both carry the flag js, the second one web as well


@dataclass(frozen=True)
class Pair:
    """A base and a head with reports, and the row of their comparison."""

    base: Commit
    head: Commit
    row: Comparison

    def again(self) -> Comparison:
        return Comparison.get_by_id(self.row.id)


@pytest.fixture
def pair(storage: ObjectStorage, uploader: Uploader, git: GitProvider) -> Pair:
    commits = []
    for side, sha, pull in (("base", example.base, None), ("head", example.head, example.pull)):
        accepted = [uploader.send(sha, number, side, pull) for number in SENT]
        for one in accepted:
            process_upload(storage, one.upload_id, POLICY, "test")
        assemble_report(storage, accepted[0].report_id)
        commits.append(Commit.get_by_id(accepted[0].commit_id))
    refresh_pull(git, commits[1])
    base, head = (Commit.get_by_id(commit.id) for commit in commits)
    return Pair(base, head, Comparison.ensure(base.id, head.id))


def report_of(commit: Commit) -> CommitReport:
    return CommitReport.get(CommitReport.commit == commit.id)


class Counting:
    """A host that counts the diffs it was asked for, and may fail."""

    def __init__(self, real: GitProvider, error: Exception | None = None) -> None:
        self.real = real
        self.error = error
        self.asked: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.real, name)
        return method

    def get_compare(self, base: str, head: str) -> Any:
        self.asked.append((base, head))
        if self.error is not None:
            raise self.error
        return self.real.get_compare(base, head)


def test_a_comparison_is_computed_and_stored(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    result = compute_comparison(storage, lambda _: git, pair.row.id)

    row = pair.again()
    assert (result.outcome, result.head_commit_id, row.state, row.error) == (
        "processed",
        pair.head.id,
        "processed",
        None,
    )
    assert (row.base_generation, row.head_generation) == (1, 1)
    assert result.comparison is not None and result.comparison.patch is not None
    assert row.patch_totals == result.comparison.patch.as_dict()
    assert load_comparison(storage, row) == result.comparison
    assert "web/src/panel/boosters.ts" in [file.path for file in result.comparison.files if file.added_by_diff]
    assert result.comparison.head.sessions == len(SENT)
    assert row.lease_until is None


def test_a_fresh_comparison_is_not_computed_again(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    host = Counting(git)

    first, second = (compute_comparison(storage, lambda _: host, pair.row.id) for _ in range(2))  # type: ignore[arg-type,return-value]

    assert (first.outcome, second.outcome) == ("processed", "up_to_date")
    assert first.comparison == second.comparison
    assert len(host.asked) == 1


def test_each_flag_gets_its_totals_at_both_ends_and_of_the_patch(
    storage: ObjectStorage, git: GitProvider, pair: Pair
) -> None:
    compute_comparison(storage, lambda _: git, pair.row.id)

    change = git.get_compare(example.base, example.head).diff
    flags = {name for number in SENT for name in example.uploads[number].flags}
    rows = {row.flag.name: row for row in FlagComparison.select().where(FlagComparison.comparison == pair.row.id)}
    assert set(rows) == flags
    for name in flags:
        assert Totals.from_dict(rows[name].patch_totals) == patch_of_flag(storage, pair.head, name, change)
        assert rows[name].base_totals["lines"] > 0 and rows[name].head_totals["lines"] > 0
    assert any(row.patch_totals["lines"] for row in rows.values())


def patch_of_flag(storage: ObjectStorage, commit: Commit, flag: str, change: Diff) -> Totals:
    reports = []
    for upload in Upload.select().where(Upload.report == report_of(commit)).order_by(Upload.session_index):
        if flag in example.uploads[SENT[upload.session_index]].flags:
            reports.append(codec.open_report(storage.get(upload.parsed_path, max_bytes=1 << 30)))
    return patch_totals(merge(reports), change)


def test_without_the_parsed_uploads_only_the_patch_of_flags_is_missing(
    storage: ObjectStorage, git: GitProvider, pair: Pair
) -> None:
    for upload in Upload.select().where(Upload.report == report_of(pair.head)):
        storage.delete(upload.parsed_path)

    result = compute_comparison(storage, lambda _: git, pair.row.id)

    rows = list(FlagComparison.select())
    assert result.outcome == "processed"
    assert rows and all(row.patch_totals is None and row.head_totals is not None for row in rows)


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_new_report_makes_a_comparison_stale(storage: ObjectStorage, git: GitProvider, pair: Pair, side: str) -> None:
    compute_comparison(storage, lambda _: git, pair.row.id)
    old = pair.again().result_path
    commit = pair.base if side == "base" else pair.head
    CommitReport.update(generation=2).where(CommitReport.commit == commit.id).execute()

    result = compute_comparison(storage, lambda _: git, pair.row.id)

    row = pair.again()
    assert result.outcome == "processed"
    assert {"base": row.base_generation, "head": row.head_generation}[side] == 2
    assert row.result_path != old
    assert old in {garbage.path for garbage in ObjectGarbage.select()}
    assert row.result_path not in {garbage.path for garbage in ObjectGarbage.select()}


def test_a_pull_request_that_starts_elsewhere_makes_a_comparison_stale(
    storage: ObjectStorage, git: GitProvider, pair: Pair, checkout: Path, tmp_path: Path
) -> None:
    first = compute_comparison(storage, lambda _: git, pair.row.id)
    pull = git.get_pull(example.pull)
    moved = replace(pull, base=replace(pull.base, sha=example.head))
    retargeted = LocalCheckout(checkout, tmp_path, {example.pull: moved})
    refresh_pull(retargeted, pair.head)

    second = compute_comparison(storage, lambda _: retargeted, pair.row.id)

    assert (first.outcome, second.outcome) == ("processed", "processed")
    assert first.comparison is not None and second.comparison is not None
    assert second.comparison.base == first.comparison.base
    assert first.comparison.patch is not None and first.comparison.patch.lines > 0
    assert second.comparison.patch == Totals()


def test_a_lost_or_damaged_result_is_made_again(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    first = compute_comparison(storage, lambda _: git, pair.row.id)
    storage.delete(pair.again().result_path)
    second = compute_comparison(storage, lambda _: git, pair.row.id)
    storage.put(pair.again().result_path, b"{}")

    third = compute_comparison(storage, lambda _: git, pair.row.id)

    assert [first.outcome, second.outcome, third.outcome] == ["processed"] * 3
    assert first.comparison == second.comparison == third.comparison


def test_a_comparison_somebody_computes_is_left_to_them(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    Comparison.claim(pair.row.id, timedelta(minutes=1))

    result = compute_comparison(storage, lambda _: git, pair.row.id)

    assert (result.outcome, result.comparison) == ("claimed_elsewhere", None)


def test_a_slow_worker_does_not_overwrite_the_result_of_a_faster_one(
    storage: ObjectStorage, git: GitProvider, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(value: stored.StoredComparison) -> bytes:
        Comparison.update(attempts=Comparison.attempts + 1).execute()
        return stored.write(value)

    monkeypatch.setattr(compute_module, "stored", Overridden(overtaken))
    result = compute_comparison(storage, lambda _: git, pair.row.id)

    row = pair.again()
    assert (result.outcome, row.state, row.result_path) == ("overtaken", "pending", None)
    assert result.head_commit_id is None
    comparisons = {path for path in storage.list() if path.startswith("comparisons/")}
    assert comparisons == {garbage.path for garbage in ObjectGarbage.select()} & comparisons


class Overridden:
    """The module of stored comparisons with another way to write."""

    def __init__(self, write: Callable[[stored.StoredComparison], bytes]) -> None:
        self.write = write

    def __getattr__(self, name: str) -> object:
        return getattr(stored, name)


def test_a_refusal_of_the_host_is_stored(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    host = Counting(git, ObjectNotFound("no such commit"))

    result = compute_comparison(storage, lambda _: host, pair.row.id)  # type: ignore[arg-type,return-value]

    row = pair.again()
    assert (result.outcome, result.head_commit_id) == ("object_not_found", pair.head.id)
    assert (row.state, row.error, row.lease_until) == ("error", "object_not_found", None)


def test_a_host_that_is_away_is_asked_again(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    host = Counting(git, Unreachable("timeout"))

    with pytest.raises(Unreachable):
        compute_comparison(storage, lambda _: host, pair.row.id)  # type: ignore[arg-type,return-value]
    host.error = None
    result = compute_comparison(storage, lambda _: host, pair.row.id)  # type: ignore[arg-type,return-value]

    assert result.outcome == "processed"
    assert (pair.again().state, pair.again().error) == ("processed", None)


@pytest.mark.parametrize(("side", "code"), [("base", "missing_base_report"), ("head", "missing_head_report")])
def test_a_missing_report_is_an_error_of_the_comparison(
    storage: ObjectStorage, git: GitProvider, pair: Pair, side: str, code: str
) -> None:
    commit = pair.base if side == "base" else pair.head
    CommitReport.delete().where(CommitReport.commit == commit.id).execute()

    result = compute_comparison(storage, lambda _: git, pair.row.id)

    assert (result.outcome, pair.again().state, pair.again().error) == (code, "error", code)


def test_an_unknown_comparison_is_nothing_to_do(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    assert compute_comparison(storage, lambda _: git, pair.row.id + 1).outcome == "unknown"


def test_giving_up_says_why_unless_somebody_works_on_it(pair: Pair) -> None:
    given_up = give_up(pair.row.id, Unreachable("timeout"))
    error = pair.again().error
    Comparison.claim(pair.row.id, timedelta(minutes=1))

    assert (given_up, error) == (pair.head.id, "provider_unreachable")
    assert give_up(pair.row.id, ValueError()) is None
    assert give_up(pair.row.id + 1, ValueError()) is None


def test_flags_that_are_gone_leave_no_row(
    storage: ObjectStorage, git: GitProvider, pair: Pair, repository: Repository
) -> None:
    other = Flag.create(repo=repository, name="gone")
    FlagComparison.create(comparison=pair.row.id, flag=other)

    compute_comparison(storage, lambda _: git, pair.row.id)

    assert FlagComparison.select().where(FlagComparison.flag == other).count() == 0


def test_a_deleted_flag_is_not_brought_back(storage: ObjectStorage, git: GitProvider, pair: Pair) -> None:
    seen = now() - timedelta(days=30)
    Flag.update(deleted_at=now(), last_seen_at=seen).where(Flag.name == "js").execute()

    compute_comparison(storage, lambda _: git, pair.row.id)

    deleted = Flag.get(Flag.name == "js")
    assert (deleted.deleted_at is None, deleted.last_seen_at) == (False, seen)
    assert {row.flag.name for row in FlagComparison.select()} == {"web"}


def test_a_comparison_longer_than_its_lease_stays_with_its_worker(
    storage: ObjectStorage, git: GitProvider, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = timedelta(seconds=0.3)
    monkeypatch.setattr(compute_module, "LEASE", lease)
    others = []

    class Slow(Counting):
        def get_compare(self, base: str, head: str) -> Any:
            time.sleep(3 * lease.total_seconds())
            others.append(Comparison.claim(pair.row.id, lease))
            return super().get_compare(base, head)

    result = compute_comparison(storage, lambda _: Slow(git), pair.row.id)

    assert result.outcome == "processed"
    assert others == [None]
