"""What follows an assembly: the finish decision row by row, whatever was assembled together, and asking to be told."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.finish import COMPLETION_PATIENCE, Facts, Finish, decide, request_completion, waits_for_uploads
from app.logic.uploads.process import process_upload
from app.models.database import db, now
from app.models.reports import OPEN_UPLOAD_STATES, UPLOAD_STATES, CommitReport, Upload
from app.models.repositories import Repository
from tests.factories import make_report, make_upload
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload

GOOD = Facts(message="Fuel the rocket", succeeded=2, has_report=True)
HALF = Facts(message="Fuel the rocket", succeeded=1, failed=1, has_report=True)
BAD = Facts(message="Fuel the rocket", failed=2)
EMPTY = Facts(message="Fuel the rocket", succeeded=1)


def notify(**rules: Any) -> dict[str, Any]:
    return {"codecov": {"notify": rules}}


def skipped(facts: Facts, text: str) -> Facts:
    return Facts(text, facts.succeeded, facts.failed, facts.has_report, facts.completion_requested)


def requested(facts: Facts) -> Facts:
    return Facts(facts.message, facts.succeeded, facts.failed, facts.has_report, completion_requested=True)


@pytest.mark.parametrize(
    ("facts", "config", "expected"),
    [
        (GOOD, {}, Finish()),
        (HALF, {}, Finish()),
        (BAD, {}, Finish("no_coverage")),
        (EMPTY, {}, Finish("no_coverage")),
        (Facts(), {}, Finish("no_coverage")),
        (skipped(GOOD, "Docs [ci skip]"), {}, Finish("ci_skip")),
        (skipped(GOOD, "Docs [skip-ci]"), notify(manual_trigger=True), Finish("ci_skip")),
        (skipped(GOOD, "Docs [skip ci] twice"), {}, Finish("ci_skip")),
        (skipped(GOOD, "Docs [ci]"), {}, Finish()),
        (skipped(GOOD, "Skip ci in brackets (skip ci)"), {}, Finish()),
        (GOOD, notify(manual_trigger=True), Finish("manual_trigger")),
        (GOOD, notify(manual_trigger=True, after_n_builds=9), Finish("manual_trigger")),
        (requested(GOOD), notify(manual_trigger=True), Finish()),
        (GOOD, notify(after_n_builds=2), Finish()),
        (GOOD, notify(after_n_builds=3), Finish("builds")),
        (HALF, notify(after_n_builds=2), Finish("builds")),
        (requested(GOOD), notify(after_n_builds=3), Finish()),
        (BAD, notify(after_n_builds=1, notify_error=True), Finish("builds")),
        (GOOD, notify(notify_error=True), Finish()),
        (HALF, notify(notify_error=True), Finish(topic="upload_errors")),
        (BAD, notify(notify_error=True), Finish(topic="upload_errors")),
        (EMPTY, notify(notify_error=True), Finish(topic="upload_errors")),
        (requested(BAD), notify(manual_trigger=True), Finish("no_coverage")),
        (GOOD, {"codecov": {"notify": None}}, Finish()),
    ],
)
def test_the_first_rule_that_fits_decides(facts: Facts, config: dict[str, Any], expected: Finish) -> None:
    assert decide(facts, config) == expected


def pipeline(storage: ObjectStorage, repository: Repository, bodies: list[bytes], config: dict[str, Any]) -> int:
    """Accept uploads of one commit whose settings are pinned already; returns the report."""
    report_id = 0
    for body in bodies:
        _, report_id = accept(storage, repository, body)
    CommitReport.update(config=config).where(CommitReport.id == report_id).execute()
    return report_id


@pytest.mark.parametrize("together", [True, False])
def test_a_failure_counts_whichever_batch_it_was_in(
    storage: ObjectStorage, repository: Repository, together: bool
) -> None:
    report_id = pipeline(storage, repository, [b"broken", lcov_upload()], notify(notify_error=True))

    for upload in Upload.select().where(Upload.report == report_id).order_by(Upload.id):
        process_upload(storage, upload.id, POLICY, "test")
        if not together:
            assemble_report(storage, report_id)
    result = assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    assert result.settled and result.notify
    assert (report.state, report.notify_hold) == ("complete", None)


@pytest.mark.parametrize(
    ("bodies", "rules", "expected"),
    [
        ([True, True, True], notify(after_n_builds=3), ("complete", None, True)),
        ([True, False, True], notify(after_n_builds=3), ("complete", "builds", False)),
        ([True, False, True], notify(after_n_builds=2), ("complete", None, True)),
        ([True, False, False], {}, ("complete", None, True)),
        ([False, True, False], notify(manual_trigger=True), ("complete", "manual_trigger", False)),
        ([False, True, True], notify(notify_error=True), ("complete", None, True)),
        ([False, False, False], notify(notify_error=True), ("error", None, True)),
        ([False, False, False], {}, ("error", "no_coverage", False)),
    ],
)
def test_the_decision_is_the_same_for_every_order_and_every_batch(
    storage: ObjectStorage,
    repository: Repository,
    bodies: list[bool],
    rules: dict[str, Any],
    expected: tuple[str, str | None, bool],
) -> None:
    good = [lcov_upload(b"TN:\nSF:src/a.py\nDA:%d,1\nend_of_record\n" % line) for line in range(1, 4)]
    sent = [body if is_good else b"broken" for body, is_good in zip(good, bodies, strict=True)]
    report_id = pipeline(storage, repository, sent, rules)
    uploads = [upload.id for upload in Upload.select().where(Upload.report == report_id).order_by(Upload.id)]
    decisions = set()

    for order, splits in product(permutations(uploads), product((True, False), repeat=2)):
        with db.atomic() as transaction:
            for upload_id, splits_here in zip(order, (*splits, True), strict=True):
                process_upload(storage, upload_id, POLICY, "test")
                result = assemble_report(storage, report_id) if splits_here else None
            assert result is not None
            report = CommitReport.get_by_id(report_id)
            decisions.add((report.state, report.notify_hold, result.notify))
            transaction.rollback()

    assert decisions == {expected}


def test_a_report_waits_for_its_builds_and_carries_on_with_the_last(
    storage: ObjectStorage, repository: Repository
) -> None:
    report_id = pipeline(storage, repository, [lcov_upload()], notify(after_n_builds=2))
    first = Upload.get(Upload.report == report_id)
    process_upload(storage, first.id, POLICY, "test")
    waiting = assemble_report(storage, report_id)
    held = CommitReport.get_by_id(report_id).notify_hold

    second, _ = accept(storage, repository, lcov_upload(b"TN:\nSF:src/b.py\nDA:1,1\nend_of_record\n"))
    process_upload(storage, second, POLICY, "test")
    result = assemble_report(storage, report_id)

    assert (waiting.settled, waiting.notify, held) == (True, False, "builds")
    assert result.notify
    assert CommitReport.get_by_id(report_id).notify_hold is None


def test_a_skipped_commit_is_assembled_and_not_told(storage: ObjectStorage, repository: Repository) -> None:
    report_id = pipeline(storage, repository, [lcov_upload()], {})
    report = CommitReport.get_by_id(report_id)
    report.commit.message = "Docs only [skip ci]"
    report.commit.save()
    process_upload(storage, Upload.get(Upload.report == report_id).id, POLICY, "test")

    result = assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    assert (report.state, report.notify_hold, report.lines, result.notify) == ("skipped", "ci_skip", 2, False)


def test_completion_releases_what_was_held(storage: ObjectStorage, repository: Repository) -> None:
    report_id = pipeline(storage, repository, [lcov_upload()], notify(manual_trigger=True))
    process_upload(storage, Upload.get(Upload.report == report_id).id, POLICY, "test")
    held = assemble_report(storage, report_id)

    commit_id = request_completion(report_id)

    report = CommitReport.get_by_id(report_id)
    assert not held.notify
    assert commit_id == report.commit_id
    assert report.notify_hold is None
    assert report.notify_wanted > report.notify_done


def test_completion_with_uploads_pending_is_told_by_the_assembly_of_the_last(
    storage: ObjectStorage, repository: Repository
) -> None:
    report_id = pipeline(storage, repository, [lcov_upload()], notify(manual_trigger=True))

    request_completion(report_id)
    waits = waits_for_uploads(CommitReport.get_by_id(report_id), now())
    process_upload(storage, Upload.get(Upload.report == report_id).id, POLICY, "test")
    result = assemble_report(storage, report_id)

    assert waits
    assert result.notify


def test_an_upload_after_completion_waits_for_the_next_request(storage: ObjectStorage, repository: Repository) -> None:
    report_id = pipeline(storage, repository, [lcov_upload()], notify(manual_trigger=True))
    process_upload(storage, Upload.get(Upload.report == report_id).id, POLICY, "test")
    assemble_report(storage, report_id)
    request_completion(report_id)

    late, _ = accept(storage, repository, lcov_upload(b"TN:\nSF:src/b.py\nDA:1,1\nend_of_record\n"))
    process_upload(storage, late, POLICY, "test")
    result = assemble_report(storage, report_id)

    assert not result.notify
    assert CommitReport.get_by_id(report_id).notify_hold == "manual_trigger"


def test_completion_holds_whatever_the_clock_of_the_producer_says(
    storage: ObjectStorage, repository: Repository
) -> None:
    new = NewUpload(repo_id=repository.id, sha="a" * 40, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    accepted = accept_upload(storage, new, lcov_upload(), now() + timedelta(minutes=5))
    CommitReport.update(config=notify(manual_trigger=True)).where(CommitReport.id == accepted.report_id).execute()
    process_upload(storage, accepted.upload_id, POLICY, "test")
    assemble_report(storage, accepted.report_id)

    request_completion(accepted.report_id)

    assert CommitReport.get_by_id(accepted.report_id).notify_hold is None


def test_a_request_waits_for_pending_uploads_no_longer_than_an_hour(database: object) -> None:
    report = make_report(completion_requested_at=now() - COMPLETION_PATIENCE - timedelta(seconds=1))
    make_upload(report=report, state="received")
    fresh = make_report(completion_requested_at=now())
    make_upload(report=fresh, state="received")

    assert not waits_for_uploads(report, now())
    assert waits_for_uploads(fresh, now())


@pytest.mark.parametrize("state", OPEN_UPLOAD_STATES)
def test_people_are_not_told_while_any_upload_is_open(database: object, state: str) -> None:
    report = make_report()
    make_upload(report=report, state="merged")
    make_upload(report=report, state=state, lease_until=now(), lease_owner="test")


def test_an_old_request_says_nothing_of_uploads_that_came_after_it(database: object) -> None:
    report = make_report(completion_requested_at=now() - 2 * COMPLETION_PATIENCE, last_upload_at=now())
    make_upload(report=report, state="received")

    assert waits_for_uploads(report, now())


@pytest.mark.parametrize("state", sorted({*UPLOAD_STATES} - {*OPEN_UPLOAD_STATES}))
def test_people_are_told_when_every_upload_has_ended(database: object, state: str) -> None:
    report = make_report()
    make_upload(report=report, state=state, error_code="report_empty" if state == "error" else None)

    assert not waits_for_uploads(report, now())


def test_completion_of_an_unknown_report_is_nothing(database: object) -> None:
    assert request_completion(4711) is None
