"""The sweepers find work whose message was lost, once per patience, and give up what cannot be done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.logic.maintenance import sweep
from app.logic.maintenance.sweep import Overdue, take_overdue
from app.logic.uploads.process import MAX_ATTEMPTS
from app.models.database import Database, db, now
from app.models.reports import CommitReport, Upload, UploadError
from app.models.results import Comparison
from tests.factories import make_commit, make_report, make_repository, make_upload

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)
NOTHING = Overdue()


def long_ago(minutes: int = 60) -> Any:
    return now() - minutes * MINUTE


def age(model: Any, **values: Any) -> None:
    """Move columns of all rows of a table into the past."""
    model.update(**values).execute()


def waiting_report(**values: Any) -> CommitReport:
    report = make_report(config={}, **values)
    age(CommitReport, updated_at=long_ago())
    return report


def waiting_upload(**values: Any) -> Upload:
    return make_upload(report=make_report(config={}), created_at=long_ago(), **values)


def test_nothing_waits() -> None:
    make_upload()
    waiting_report(assembly_wanted=2, assembly_done=2, notify_wanted=1, notify_done=1)

    assert take_overdue() == NOTHING


def test_an_upload_whose_message_was_lost_is_woken_once_per_patience() -> None:
    upload = waiting_upload()

    first, second = take_overdue(), take_overdue()
    age(Upload, lease_until=long_ago(6))
    third = take_overdue()

    assert (first.uploads, second.uploads, third.uploads) == ((upload.id,), (), (upload.id,))
    assert Upload.get_by_id(upload.id).state == "received"


def test_all_waits_follow_from_the_patience() -> None:
    make_upload(report=make_report(config={}), created_at=now() - timedelta(seconds=12))
    report = make_report(config={}, assembly_wanted=1)
    untold = make_report(config={}, notify_wanted=1)
    for waiting, seconds in ((report, 5), (untold, 12)):
        waited = {"updated_at": now() - timedelta(seconds=seconds)}
        CommitReport.update(**waited).where(CommitReport.id == waiting.id).execute()
    row = Comparison.ensure(report.commit_id, untold.commit_id)
    age(Comparison, created_at=now() - timedelta(seconds=22))

    usual, hasty = take_overdue(), take_overdue(timedelta(seconds=10), timedelta(seconds=4))

    assert usual == NOTHING
    assert (len(hasty.uploads), hasty.reports, hasty.comparisons) == (1, (report.id,), (row.id,))
    assert hasty.commits == (untold.commit_id,)


def test_an_upload_of_a_commit_that_was_not_prepared_starts_there() -> None:
    report = make_report()
    for _ in range(2):
        make_upload(report=report, created_at=long_ago())

    found = take_overdue()

    assert (found.uploads, found.unprepared) == ((), (report.id,))


def test_the_upload_of_a_dead_worker_is_woken_and_one_at_work_is_not() -> None:
    dead, alive = waiting_upload(), waiting_upload()
    for upload in (dead, alive):
        Upload.claim(upload.id, MINUTE, "worker")
    Upload.update(lease_until=long_ago(6)).where(Upload.id == dead.id).execute()

    found = take_overdue()

    assert found.uploads == (dead.id,)
    assert Upload.claim(dead.id, MINUTE, "rescuer") is not None


def test_an_upload_that_was_called_a_moment_ago_is_given_time() -> None:
    upload = waiting_upload()
    Upload.called([upload.id])

    assert take_overdue() == NOTHING


def test_an_upload_that_keeps_killing_its_worker_ends_in_an_error() -> None:
    upload = waiting_upload(state="processing", attempts=MAX_ATTEMPTS, lease_until=long_ago())

    found = take_overdue()

    row = Upload.get_by_id(upload.id)
    assert found.uploads == ()
    assert (row.state, row.error_code) == ("error", "processing_timeout")
    assert UploadError.get(UploadError.upload == upload).params == {"attempts": MAX_ATTEMPTS}
    assert CommitReport.get_by_id(upload.report_id).assembly_wanted == 1


def test_uploads_that_wait_for_assembly_do_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 3)
    report = make_report(config={}, assembly_wanted=1)
    for _ in range(5):
        make_upload(report=report, state="processed", parsed_at=now(), created_at=long_ago(600))
    upload = waiting_upload()

    assert take_overdue().uploads == (upload.id,)


def test_uploads_that_fail_again_and_again_do_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    uploads = [waiting_upload() for _ in range(5)]

    rounds = [set(take_overdue().uploads) for _ in range(3)]

    assert [len(found) for found in rounds] == [2, 2, 1]
    assert set.union(*rounds) == {upload.id for upload in uploads}


def test_sweepers_that_run_at_once_wake_each_row_once() -> None:
    for _ in range(20):
        waiting_upload()
    for _ in range(5):
        waiting_report(assembly_wanted=1)

    def work(_: int) -> Overdue:
        try:
            return take_overdue()
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))

    uploads = [upload for one in found for upload in one.uploads]
    reports = [report for one in found for report in one.reports]
    assert len(uploads) == len(set(uploads)) == 20
    assert len(reports) == len(set(reports)) == 5


def test_a_report_whose_assembly_was_lost_is_woken_once_per_patience() -> None:
    report = waiting_report(assembly_wanted=3, assembly_done=2)

    assert (take_overdue().reports, take_overdue().reports) == ((report.id,), ())


@pytest.mark.parametrize(
    "values",
    [
        {"assembly_not_before": now() + timedelta(days=1)},
        {"last_upload_at": now() - timedelta(days=8)},
        {"created_at": now() - timedelta(days=8)},
    ],
)
def test_a_report_that_is_postponed_or_old_is_left_alone(values: dict[str, Any]) -> None:
    waiting_report(assembly_wanted=1, **values)

    assert take_overdue() == NOTHING


def test_an_old_report_whose_upload_was_processed_afresh_is_not_old() -> None:
    arrived = now() - timedelta(days=30)
    unassembled = waiting_report(assembly_wanted=1, last_upload_at=arrived)
    untold = waiting_report(notify_wanted=1, last_upload_at=arrived)
    for report in (unassembled, untold):
        make_upload(report=report, state="merged", created_at=arrived)

    found = take_overdue()

    assert (found.reports, found.commits) == ((unassembled.id,), (untold.commit_id,))


def test_a_parsed_upload_that_nobody_wants_assembled_is_assembled() -> None:
    report = waiting_report(assembly_wanted=1, assembly_done=1)
    make_upload(report=report, state="processed", parsed_at=long_ago())

    take_overdue()
    age(CommitReport, updated_at=long_ago())

    assert take_overdue().reports == (report.id,)


def test_asking_for_a_forgotten_upload_does_not_end_a_pause() -> None:
    report = waiting_report(assembly_wanted=2, assembly_done=1, assembly_not_before=now() + 10 * MINUTE)
    make_upload(report=report, state="processed", parsed_at=long_ago())

    assert take_overdue() == NOTHING
    assert CommitReport.get_by_id(report.id).assembly_wanted == 2


def test_a_report_whose_base_layer_is_due_is_woken_once_per_patience() -> None:
    due = waiting_report(base_state="unknown", base_not_before=long_ago(1))
    never_tried = waiting_report(base_state="unknown")

    assert {*take_overdue().baseless} == {due.id, never_tried.id}
    assert take_overdue() == NOTHING


@pytest.mark.parametrize(
    "values",
    [
        {"base_state": "none"},
        {"base_state": "ready"},
        {"base_state": "unknown", "base_not_before": now() + timedelta(days=1)},
        {"base_state": "unknown", "created_at": now() - timedelta(days=8)},
    ],
)
def test_a_base_layer_that_is_decided_or_not_due_is_left_alone(values: dict[str, Any]) -> None:
    waiting_report(**values)

    assert take_overdue() == NOTHING


def test_a_report_that_was_not_prepared_is_prepared_for_its_uploads() -> None:
    make_report(base_state="unknown")
    age(CommitReport, updated_at=long_ago())

    assert take_overdue() == NOTHING


def test_due_base_layers_are_found_by_their_index(database: Database) -> None:
    with db.atomic():
        database.execute_sql("SET LOCAL enable_seqscan = off")
        plan = database.execute_sql(
            "EXPLAIN SELECT id FROM commit_reports WHERE base_state = 'unknown' ORDER BY updated_at LIMIT 100"
        ).fetchall()

    assert "commit_reports_baseless_ix" in str(plan)


def make_comparison(**values: Any) -> Comparison:
    repo = make_repository()
    return Comparison.create(base_commit=make_commit(repo=repo), head_commit=make_commit(repo=repo), **values)


def test_a_comparison_that_nobody_computes_is_woken_once_per_patience() -> None:
    lost, new = make_comparison(created_at=long_ago()), make_comparison()
    dead = make_comparison(created_at=long_ago(), lease_until=long_ago(15))
    make_comparison(created_at=long_ago(), lease_until=now() + MINUTE)
    make_comparison(created_at=long_ago(), state="error", error="failed")

    first, second = take_overdue(), take_overdue()

    assert set(first.comparisons) == {lost.id, dead.id}
    assert second.comparisons == ()
    assert Comparison.claim(lost.id, MINUTE) is not None
    assert Comparison.get_by_id(new.id).lease_until is None


def test_a_comparison_that_keeps_failing_ends_in_an_error() -> None:
    row = make_comparison(created_at=long_ago(), attempts=MAX_ATTEMPTS)

    found = take_overdue()

    assert found.comparisons == ()
    assert Comparison.get_by_id(row.id).error == "too_many_attempts"


def test_a_commit_with_something_unsaid_is_woken_now_and_then() -> None:
    report = waiting_report(notify_wanted=2, notify_done=1)

    first = take_overdue()
    age(CommitReport, updated_at=long_ago())
    second = take_overdue()
    age(CommitReport, updated_at=long_ago(), notify_not_before=long_ago())
    third = take_overdue()

    assert (first.commits, second.commits, third.commits) == ((report.commit_id,), (), (report.commit_id,))


@pytest.mark.parametrize("state", ["received", "processing", "processed"])
def test_nobody_is_told_while_an_upload_is_on_its_way(state: str) -> None:
    report = waiting_report(notify_wanted=1)
    make_upload(report=report, state=state, lease_until=now() + MINUTE, parsed_at=now())
    age(CommitReport, updated_at=long_ago())

    assert take_overdue().commits == ()


@pytest.mark.parametrize(("minutes_since_upload", "is_told"), [(119, False), (121, True)])
def test_a_request_of_two_hours_ago_ends_the_wait_for_uploads_before_it(
    minutes_since_upload: int, is_told: bool
) -> None:
    report = waiting_report(
        notify_wanted=1, completion_requested_at=long_ago(120), last_upload_at=long_ago(minutes_since_upload)
    )
    make_upload(report=report, state="received")

    assert take_overdue().commits == ((report.commit_id,) if is_told else ())


def test_a_wish_to_wait_with_the_notification_is_kept() -> None:
    waiting_report(notify_wanted=1, notify_not_before=now() + MINUTE)

    assert take_overdue() == NOTHING


def test_what_was_found_can_be_counted() -> None:
    waiting_upload()

    counts = take_overdue().counts()

    assert counts.pop("uploads") == 1
    assert counts == dict.fromkeys(("unprepared", "baseless", "reports", "comparisons", "commits"), 0)
