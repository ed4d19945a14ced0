"""What a commit carries from its nearest ancestor: decided once, whoever builds it and whoever dies on the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from app.clients.git.base import Compare, GitError, GitProvider, ObjectNotFound, RateLimited, Unauthorized, Unreachable
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage, StorageUnavailable
from app.logic.coverage import codec
from app.logic.coverage.measure import totals
from app.logic.coverage.merge import merge
from app.logic.maintenance.sweep import take_overdue
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.base_layer import RETRIES, BaseLayer, build_base_layer, recall_waiting
from app.logic.uploads.process import process_upload
from app.models.database import db, now
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Flag, Upload
from app.models.repositories import Repository
from tests.logic.uploads.carrying import CARRY, NOON, History, Hits, carried, flags_of, report_of, told
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_kills import CountedStorage, Killed, count_statements

UNIT: Hits = {"a.py": {1: 1, 2: 0, 3: 1}, "b.py": {1: 1}}
E2E: Hits = {"a.py": {1: 1, 2: 1}, "c.py": {1: 1, 2: 0}}
TEXT = {"a.py": "1\n2\n3\n", "b.py": "1\n", "c.py": "1\n2\n"}


@pytest.fixture
def history(tmp_path: Path, storage: ObjectStorage, repository: Repository) -> History:
    history = History(tmp_path, storage, repository)
    history.commit(TEXT)
    return history


def percent(history: History, *uploads: Upload) -> tuple[int, int, int, str | None]:
    """Files, lines, hits and coverage of the merge of some uploads."""
    found = totals(merge([codec.open_report(history.contents(upload)) for upload in uploads]))
    return found.files, found.lines, found.hits, found.coverage


def test_flags_of_the_parent_are_carried_until_they_are_uploaded(history: History) -> None:
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]))
    report = history.head()
    sha = report.commit.sha

    layer = history.build(report)

    unit, e2e = carried(report)
    assert layer == BaseLayer("ready", fresh=True)
    assert percent(history, unit, e2e) == (3, 6, 5, "83.33333")
    first = history.upload(sha, {"a.py": {1: 1, 2: 1, 3: 0}}, ["unit"])
    assert percent(history, e2e, first) == (2, 5, 3, "60.00000")
    second, third = history.upload(sha, {"b.py": {1: 1}}, ["unit"]), history.upload(sha, {"c.py": {1: 0}}, ["e2e"])
    assert percent(history, first, second, third) == (3, 5, 3, "60.00000")
    assert [upload.session_index for upload in (first, second, third)] == [0, 1, 2]


def test_a_carried_session_is_an_upload_with_a_parsed_report_of_its_own(history: History) -> None:
    parent = history.parent((UNIT, ["unit", "fast"]), (E2E, []), (E2E, ["e2e"]))
    report = history.head()

    history.build(report)

    sources = list(Upload.select().where(Upload.report == report_of(parent)).order_by(Upload.session_index))
    rows = carried(report)
    assert [row.session_index for row in rows] == [10_000, 10_001]
    assert [row.carried_from_upload_id for row in rows] == [sources[0].id, sources[2].id]
    assert [flags_of(row) for row in rows] == [["fast", "unit"], ["e2e"]]
    for row in rows:
        assert (row.state, row.name, row.carried_from_sha) == ("processed", "CF[1] - job", parent)
        assert (row.build_url, row.object_path, row.created_at) == ("https://ci/1", None, NOON)
    assert rows[0].totals | {"lines": 4, "hits": 3, "files": 2, "sessions": 1} == rows[0].totals
    assert history.contents(rows[0]) == history.contents(sources[0])
    assert not {row.parsed_path for row in rows} & {source.parsed_path for source in sources}
    assert ObjectGarbage.select().count() == 0
    decided = CommitReport.get_by_id(report.id)
    assert (decided.base_state, decided.base_from_sha, decided.base_not_before) == ("ready", parent, None)
    assert decided.assembly_wanted == 1
    assert told(report) == [("carried_forward", {"source": parent, "sessions": 2, "flags": 3})]


def test_only_the_wanted_flag_and_its_files_are_carried(history: History) -> None:
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]))
    all_files = history.head(config={"flags": {"e2e": {"carryforward": True}}})
    history.build(all_files)
    some_files = history.head(config={"flags": {"e2e": {"carryforward": True, "paths": ["^c.*"]}}})

    history.build(some_files)  # its parent, the commit above, was never assembled
    assemble_report(history.storage, all_files.id)
    history.build(some_files, NOON + RETRIES[0])

    (e2e,), (again,) = carried(all_files), carried(some_files)
    assert percent(history, e2e) == (2, 4, 3, "75.00000")
    assert percent(history, again) == (1, 2, 1, "50.00000")
    assert (again.session_index, again.name) == (10_000, "CF[2] - job")
    assert again.carried_from_sha == all_files.commit.sha
    assert again.created_at == NOON


def test_lines_are_where_the_new_commit_has_them(history: History) -> None:
    history.parent(({"a.py": {1: 1, 2: 0, 3: 1}, "b.py": {1: 1}, "c.py": {1: 1, 2: 0}}, ["unit"]))
    report = history.head({"a.py": "1\nnew\n2\n3\n", "b.py": None, "c.py": None, "moved.py": TEXT["c.py"]})

    history.build(report)

    (row,) = carried(report)
    assert history.hits(row) == {"a.py": {1: 1, 3: 0, 4: 1}, "moved.py": {1: 1, 2: 0}}
    assert (row.totals["files"], row.totals["lines"], row.totals["hits"]) == (2, 5, 3)


def test_a_session_without_a_line_left_is_not_carried(history: History) -> None:
    history.parent(({"b.py": {1: 1}}, ["gone"]), (UNIT, ["unit"]))
    report = history.head({"b.py": None})

    history.build(report)

    assert [(row.session_index, flags_of(row)) for row in carried(report)] == [(10_000, ["unit"])]


def test_a_flag_that_was_deleted_is_not_brought_back(history: History) -> None:
    history.parent((UNIT, ["unit", "old"]), (E2E, ["old"]))
    Flag.update(deleted_at=NOON).where(Flag.name == "old").execute()
    report = history.head()

    history.build(report)

    assert [flags_of(row) for row in carried(report)] == [["unit"]]
    assert Flag.get(Flag.name == "old").deleted_at is not None


def test_a_failed_or_replaced_session_of_the_parent_is_not_carried(history: History) -> None:
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]), (E2E, ["ui"]))
    Upload.update(state="superseded").where(Upload.session_index == 1).execute()
    Upload.update(state="error", error_code="report_empty").where(Upload.session_index == 2).execute()
    report = history.head()

    history.build(report)

    assert [flags_of(row) for row in carried(report)] == [["unit"]]


def test_data_older_than_allowed_is_left_behind(history: History) -> None:
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]))
    Upload.update(created_at=NOON - timedelta(days=8)).where(Upload.session_index == 0).execute()
    report = history.head(created_at=NOON)

    history.build(report, NOON + timedelta(days=400), max_age=timedelta(days=7))

    assert [flags_of(row) for row in carried(report)] == [["e2e"]]


def test_without_a_limit_any_age_is_carried(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    Upload.update(created_at=NOON - timedelta(days=9_000)).execute()
    report = history.head(created_at=NOON)

    history.build(report)

    assert [flags_of(row) for row in carried(report)] == [["unit"]]


def test_a_later_change_of_the_parent_does_not_change_the_child(history: History) -> None:
    parent = history.parent((UNIT, ["unit"]))
    report = history.head()
    history.build(report)
    before = [history.contents(row) for row in carried(report)]

    history.upload(parent, E2E, ["e2e"])
    history.finish(parent)
    layer = history.build(report)

    assert layer == BaseLayer("ready")
    assert [history.contents(row) for row in carried(report)] == before


# When there is nothing to carry


def nobody(_: Repository) -> GitProvider:
    raise AssertionError("the host was asked")


def test_nobody_is_asked_when_no_flag_is_to_be_carried(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head(config={"flags": {"unit": {"paths": ["^a"]}}})

    layer = build_base_layer(history.storage, nobody, report, NOON)

    assert layer == BaseLayer("none")
    assert CommitReport.get_by_id(report.id).base_state == "none"
    assert told(report) == []


@pytest.mark.parametrize(
    ("flags", "config", "reason"),
    [
        (["unit"], {"flags": {"e2e": {"carryforward": True}}}, "no_flag_to_carry"),
        ([], CARRY, "no_flag_to_carry"),
        (["unit"], {"flags": {"unit": {"carryforward": True, "paths": ["^z"]}}}, "no_line_left"),
        (["unit"], {"flags": {"unit": {"carryforward": True, "paths": ["("]}}}, "path_pattern_invalid"),
    ],
)
def test_people_are_told_why_nothing_is_carried(
    history: History, flags: list[str], config: dict[str, Any], reason: str
) -> None:
    history.parent((UNIT, flags))
    report = history.head(config=config)

    layer = history.build(report)

    assert layer == BaseLayer("none", reason=reason)
    assert CommitReport.get_by_id(report.id).base_state == "none"
    assert told(report) == [("not_carried_forward", {"reason": reason})]
    assert carried(report) == []


def test_without_an_ancestor_with_a_report_there_is_no_base_layer(history: History) -> None:
    assert history.build(history.head()).reason == "no_ancestor_with_report"


# When it takes time


def test_a_parent_that_is_ready_late_is_carried_all_the_same(history: History) -> None:
    parent = history.commit()
    history.upload(parent, UNIT, ["unit"])
    report = history.head()

    early = history.build(report)
    history.finish(parent)
    too_soon = history.build(report, NOON + timedelta(seconds=59))
    in_time = history.build(report, NOON + timedelta(seconds=60))

    assert early == BaseLayer("not_ready", NOON + timedelta(seconds=60), "ancestor_not_ready")
    assert too_soon == BaseLayer("not_ready", NOON + timedelta(seconds=60))
    assert in_time.outcome == "ready"
    assert CommitReport.get_by_id(report.id).assembly_wanted == 1


def test_whoever_waits_for_the_parent_is_called_when_it_is_ready(history: History) -> None:
    parent = history.commit()
    history.upload(parent, UNIT, ["unit"])
    report, other = history.head(), history.parent((E2E, ["e2e"]))
    history.build(report)
    history.finish(parent)

    nobody, called, again = (recall_waiting(report_of(sha)) for sha in (other, parent, parent))
    waiting = CommitReport.get_by_id(report.id)
    layer = history.build(report, now() + timedelta(seconds=1))

    assert (nobody, called, again) == ((), (report.id,), ())
    assert (waiting.base_state, waiting.base_attempts, waiting.base_from_sha) == ("unknown", 0, None)
    assert (layer.outcome, CommitReport.get_by_id(report.id).base_from_sha) == ("ready", parent)


def test_an_upload_that_the_parent_got_just_now_is_waited_for(history: History) -> None:
    parent = history.parent((UNIT, ["unit"]))
    history.upload(parent, E2E, ["e2e"])
    CommitReport.update(state="complete").execute()

    assert history.build(history.head()).reason == "ancestor_not_ready"


def test_a_parent_that_does_not_know_its_own_base_yet_is_waited_for(history: History) -> None:
    grandparent = history.parent((UNIT, ["unit"]))
    CommitReport.update(state="processing").execute()
    parent = history.head(state="complete", fingerprint=b"x")
    child = history.head()

    first = history.build(child)
    CommitReport.update(state="complete").where(CommitReport.id == report_of(grandparent).id).execute()
    history.build(parent)
    assemble_report(history.storage, parent.id)
    history.build(child, NOON + RETRIES[0])

    assert first.reason == "ancestor_not_ready"
    assert [(flags_of(row), row.name) for row in carried(child)] == [(["unit"], "CF[2] - job")]


def test_after_three_waits_there_is_no_base_layer(history: History) -> None:
    parent = history.commit()
    history.upload(parent, UNIT, ["unit"])
    report, now = history.head(), NOON

    waits = []
    while (layer := history.build(report, now)).outcome == "not_ready":
        assert layer.retry_at is not None
        waits.append((layer.retry_at - now).total_seconds())
        now = layer.retry_at
    history.finish(parent)

    assert waits == [60, 300, 1800]
    assert layer == BaseLayer("none", reason="ancestor_not_ready")
    assert history.build(report, now) == BaseLayer("none")
    assert told(report) == [("not_carried_forward", {"reason": "ancestor_not_ready"})]


def failing(error: GitError) -> Callable[[Repository], GitProvider]:
    def git_for(_: Repository) -> GitProvider:
        raise error

    return git_for


def test_a_host_that_refuses_for_good_ends_the_search(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head()
    report.commit.parent_sha, report.commit.details_at = None, None
    report.commit.save()

    layer = build_base_layer(history.storage, failing(Unauthorized("401")), report, NOON)

    assert layer == BaseLayer("none", reason="unauthorized")


def test_a_host_that_does_not_answer_is_asked_again(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head()
    until = NOON + timedelta(minutes=20)

    silent = build_base_layer(history.storage, failing(Unreachable("timeout")), report, NOON)
    report = CommitReport.get_by_id(report.id)
    limited = build_base_layer(history.storage, failing(RateLimited("429", until)), report, NOON + timedelta(minutes=2))

    assert silent == BaseLayer("not_ready", NOON + RETRIES[0], "provider_unreachable")
    assert limited == BaseLayer("not_ready", until, "rate_limited")


class WithoutDiffs(LocalCheckout):
    """A host that knows the ancestors of a commit, but not what changed."""

    error: GitError

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "attempts", "code"),
    [
        (ObjectNotFound("404"), 0, "object_not_found"),
        (Unreachable("timeout"), len(RETRIES), "provider_unreachable"),
    ],
)
def test_without_a_diff_lines_stay_where_they_were_and_people_are_told(
    history: History, error: GitError, attempts: int, code: str
) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head({"a.py": "new\n1\n2\n3\n"}, base_attempts=attempts)
    history.git = WithoutDiffs(history.checkout.path, history.checkout.path)
    history.git.error = error

    history.build(report)

    (row,) = carried(report)
    assert history.hits(row) == UNIT
    assert told(report)[0][1]["diff"] == code


class CutDiffs(LocalCheckout):
    """A host that lists only some of the changes."""

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare:
        return Compare(replace(super().get_compare(base, head).diff, incomplete=True))


def test_people_are_told_that_the_diff_was_cut(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head({"b.py": None})
    history.git = CutDiffs(history.checkout.path, history.checkout.path)

    history.build(report)

    assert set(history.hits(*carried(report))) == {"a.py"}
    assert told(report)[0][1]["diff"] == "incomplete"


def test_a_diff_that_cannot_be_had_now_is_waited_for(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head()
    history.git = WithoutDiffs(history.checkout.path, history.checkout.path)
    history.git.error = Unreachable("timeout")

    assert history.build(report).reason == "provider_unreachable"
    assert carried(report) == []


@pytest.mark.parametrize("damage", [None, b"", b"garbage"])
def test_a_lost_report_of_the_parent_is_made_again_and_then_carried(history: History, damage: bytes | None) -> None:
    parent = report_of(history.parent((UNIT, ["unit"])))
    source = Upload.get(Upload.report == parent.id)
    history.storage.delete(source.parsed_path)
    if damage is not None:
        history.storage.put(source.parsed_path, damage)
    report = history.head()

    lost = history.build(report)
    woken = take_overdue().uploads
    waiting = history.build(report, NOON + RETRIES[0])
    for upload_id in woken:
        process_upload(history.storage, upload_id, POLICY, "test")
    assemble_report(history.storage, parent.id)
    found = history.build(report, NOON + sum(RETRIES, timedelta()))

    assert (lost.outcome, lost.reason) == ("not_ready", "parsed_report_lost")
    assert waiting.reason == "ancestor_not_ready"
    assert woken == (source.id,)
    assert found.outcome == "ready"
    assert [history.hits(row) for row in carried(report)] == [UNIT]
    names = {row.parsed_path for row in Upload.select()}
    assert not names & {row.path for row in ObjectGarbage.select()}


def test_a_carried_report_that_is_lost_cannot_be_made_again(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    parent = history.head()
    history.build(parent)
    assemble_report(history.storage, parent.id)
    history.storage.delete(carried(parent)[0].parsed_path)
    report = history.head()

    layer = history.build(report)

    assert layer == BaseLayer("none", reason="parsed_report_lost")
    assert carried(parent)[0].state == "merged"


def test_storage_that_is_away_is_tried_again(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head()

    class Away:
        def get(self, path: str, *, max_bytes: int) -> bytes:
            raise StorageUnavailable("503")

    layer = build_base_layer(Away(), history.git_for, report, NOON)  # type: ignore[arg-type]

    assert (layer.outcome, layer.reason) == ("not_ready", StorageUnavailable.code)


# Whoever builds it, however often


def facts(history: History, report: CommitReport) -> list[tuple[Any, ...]]:
    """Everything about the carried sessions but the names they happened to get."""
    return [
        (row.session_index, row.name, flags_of(row), row.totals, row.created_at, history.contents(row))
        for row in carried(report)
    ]


def forget(report: CommitReport) -> None:
    Upload.delete().where(Upload.kind == "carried_forward").execute()
    CommitReport.update(base_state="unknown", base_attempts=0).where(CommitReport.id == report.id).execute()


def test_the_base_layer_is_the_same_however_often_and_in_whatever_order(
    history: History, storage: ObjectStorage
) -> None:
    results = []
    for order in permutations(range(3)):
        sha = history.commit({"a.py": TEXT["a.py"]})
        for hits, flags in ((UNIT, ["unit"]), (E2E, ["e2e", "unit"]), (E2E, ["ui"])):
            history.upload(sha, hits, flags, name="job")
        uploads = list(Upload.select().where(Upload.report == report_of(sha)).order_by(Upload.session_index))
        Upload.update(state="received").where(Upload.report == report_of(sha)).execute()
        for number in order:
            process_upload(storage, uploads[number].id, POLICY, "test")
            history.finish(sha)
        report = history.head({"a.py": "new\n1\n2\n3\n"})
        for _ in range(2):
            forget(report)
            history.build(report)
            history.build(report)
            results.append(facts(history, report))

    assert len(results[0]) == 3
    assert all(result == results[0] for result in results)


def test_builders_that_work_at_once_make_one_base_layer(history: History) -> None:
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]))
    report = history.head()

    def work(_: int) -> BaseLayer:
        try:
            return build_base_layer(history.storage, history.git_for, report, NOON)
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        layers = list(pool.map(work, range(4)))

    rows = carried(report)
    assert {layer.outcome for layer in layers} == {"ready"}
    assert sum(layer.fresh for layer in layers) == 1
    assert [row.session_index for row in rows] == [10_000, 10_001]
    assert CommitReport.get_by_id(report.id).assembly_wanted == 1
    assert len(told(report)) == 1
    garbage = {row.path for row in ObjectGarbage.select()}
    assert not garbage & {row.parsed_path for row in rows}
    assert {path for path in history.storage.list() if f"/{report.commit.sha}/" in path} - garbage == {
        row.parsed_path for row in rows
    }


def test_builders_that_fail_at_once_count_as_one_try(history: History) -> None:
    history.upload(history.commit(), UNIT, ["unit"])
    report = history.head()

    layers = [build_base_layer(history.storage, history.git_for, report, NOON) for _ in range(3)]

    assert {(layer.outcome, layer.retry_at) for layer in layers} == {("not_ready", NOON + RETRIES[0])}
    assert CommitReport.get_by_id(report.id).base_attempts == 1


def test_a_slow_builder_does_not_take_back_the_tries_of_others(history: History) -> None:
    history.upload(history.commit(), UNIT, ["unit"])
    report = history.head()
    history.build(report)
    second = history.build(report, NOON + RETRIES[0])

    slow = build_base_layer(history.storage, history.git_for, report, NOON)

    assert slow.retry_at == second.retry_at
    assert CommitReport.get_by_id(report.id).base_attempts == 2


def test_a_report_that_is_deleted_meanwhile_is_left_alone(history: History) -> None:
    history.parent((UNIT, ["unit"]))
    report = history.head()
    CommitReport.delete().where(CommitReport.id == report.id).execute()

    layer = build_base_layer(history.storage, history.git_for, report, NOON)

    assert layer == BaseLayer("none", reason="report_deleted")


def test_a_kill_at_any_step_leaves_all_or_nothing(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    countdown = count_statements(monkeypatch)
    history.parent((UNIT, ["unit"]), (E2E, ["e2e"]))
    report = history.head()
    history.build(report)
    expected = facts(history, report)
    real: Any = history.storage

    for steps in range(1, 100):
        forget(report)
        CommitReport.update(assembly_wanted=0).where(CommitReport.id == report.id).execute()
        history.storage = CountedStorage(real, countdown)  # type: ignore[assignment]
        countdown.left = steps
        try:
            history.build(report)
        except Killed:
            pass
        else:
            countdown.left = 0
            break
        history.storage = real

        decided = CommitReport.get_by_id(report.id)
        whole = decided.base_state == "ready"
        assert len(carried(report)) == (2 if whole else 0), steps
        assert decided.assembly_wanted == int(whole), steps
        history.build(report)
        assert facts(history, report) == expected, steps
        names = {row.parsed_path for row in Upload.select()}
        assert not names & {row.path for row in ObjectGarbage.select()}, steps
    assert 15 < steps < 99
