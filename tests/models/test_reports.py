"""Claims, counters and the publishing of reports."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import IntegrityError

from app.models import CommitReport, Flag, Upload, UploadError, UploadFlag
from app.models.database import db, now
from tests.factories import make_commit, make_report, make_repository, make_upload

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


def in_threads(work, calls: int = 6) -> list:
    """Results of the same call made by several threads at once."""

    def run(_: int):
        try:
            return work()
        finally:
            db.close()

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(run, range(calls)))


def expire(upload: Upload) -> None:
    Upload.update(lease_until=now() - MINUTE).where(Upload.id == upload.id).execute()


def test_a_commit_has_one_report_of_a_type_whoever_asks_first() -> None:
    commit = make_commit()

    reports = in_threads(lambda: CommitReport.ensure(commit.id, "coverage"))
    other = CommitReport.ensure(commit.id, "test_results")

    assert len({report.id for report in reports}) == 1
    assert CommitReport.select().count() == 2
    assert other.state == "pending"


def test_a_received_upload_is_claimed_by_exactly_one_worker() -> None:
    upload = make_upload()

    claims = in_threads(lambda: Upload.claim(upload.id, MINUTE, "worker"))

    (won,) = [claim for claim in claims if claim is not None]
    assert (won.state, won.attempts, won.lease_owner) == ("processing", 1, "worker")
    assert won.lease_until > now()


def test_an_upload_whose_lease_ran_out_can_be_claimed_again() -> None:
    upload = make_upload()
    Upload.claim(upload.id, MINUTE, "dead")
    expire(upload)

    claim = Upload.claim(upload.id, MINUTE, "alive")

    assert claim is not None
    assert (claim.attempts, claim.lease_owner) == (2, "alive")


@pytest.mark.parametrize("state", ["processed", "merged", "superseded"])
def test_a_finished_upload_is_not_claimed(state: str) -> None:
    upload = make_upload(state=state)

    assert Upload.claim(upload.id, MINUTE, "worker") is None


def test_settling_a_claim_frees_the_lease_and_stores_the_result() -> None:
    claim = Upload.claim(make_upload().id, MINUTE, "worker")

    settled = Upload.settle(claim.id, claim.attempts, "processed", parsed_path="parsed/1", totals={"n": 3})

    stored = Upload.get_by_id(claim.id)
    assert settled
    assert (stored.state, stored.parsed_path, stored.totals) == ("processed", "parsed/1", {"n": 3})
    assert (stored.lease_until, stored.lease_owner) == (None, None)


def test_a_worker_that_lost_its_claim_writes_nothing() -> None:
    upload = make_upload()
    slow = Upload.claim(upload.id, MINUTE, "slow")
    expire(upload)
    fast = Upload.claim(upload.id, MINUTE, "fast")

    outcomes = [
        Upload.renew(upload.id, slow.attempts, MINUTE),
        Upload.settle(upload.id, slow.attempts, "error", error_code="unknown"),
        Upload.settle(upload.id, fast.attempts, "processed"),
    ]

    assert outcomes == [False, False, True]
    assert Upload.get_by_id(upload.id).state == "processed"


def test_renewing_extends_the_lease() -> None:
    claim = Upload.claim(make_upload().id, MINUTE, "worker")

    renewed = Upload.renew(claim.id, claim.attempts, 10 * MINUTE)

    assert renewed
    assert Upload.get_by_id(claim.id).lease_until > claim.lease_until + 8 * MINUTE


def test_an_upload_in_error_says_why() -> None:
    upload = make_upload()

    with pytest.raises(IntegrityError):
        Upload.update(state="error").where(Upload.id == upload.id).execute()
    Upload.update(state="error", error_code="report_empty").where(Upload.id == upload.id).execute()

    assert Upload.get_by_id(upload.id).error_code == "report_empty"


def test_session_numbers_are_given_once_even_under_contention() -> None:
    report = make_report()
    uploads = [make_upload(report=report) for _ in range(6)]

    def number() -> int:
        with db.atomic():
            CommitReport.lock(report.id)
            index = Upload.next_session_index(report.id)
            Upload.update(session_index=index).where(Upload.id == uploads.pop().id).execute()
            return index

    numbers = in_threads(number)

    assert sorted(numbers) == [0, 1, 2, 3, 4, 5]


def test_session_numbers_of_a_range_ignore_the_others() -> None:
    report = make_report()
    make_upload(report=report, session_index=3)
    make_upload(report=report, session_index=10_000, kind="carried_forward", state="merged")

    own = Upload.next_session_index(report.id)
    carried = Upload.next_session_index(report.id, first=10_000)

    assert (own, carried) == (4, 10_001)


def test_wishes_are_counted_and_answered_up_to_what_was_seen() -> None:
    report = make_report()
    in_threads(lambda: CommitReport.want_assembly(report.id), calls=4)
    seen = CommitReport.get_by_id(report.id).assembly_wanted
    CommitReport.want_assembly(report.id)

    CommitReport.assembled(report.id, seen)
    CommitReport.assembled(report.id, seen - 2)

    stored = CommitReport.get_by_id(report.id)
    assert (seen, stored.assembly_wanted, stored.assembly_done) == (4, 5, 4)


def test_of_writers_that_saw_the_same_generation_one_publishes() -> None:
    report = make_report()

    outcomes = in_threads(lambda: CommitReport.publish(report.id, 0, state="complete", object_paths={"report": "r/1"}))

    stored = CommitReport.get_by_id(report.id)
    assert outcomes.count(True) == 1
    assert (stored.generation, stored.state, stored.object_paths) == (1, "complete", {"report": "r/1"})


def test_totals_of_a_report_are_stored_exactly() -> None:
    report = make_report()

    CommitReport.publish(report.id, 0, coverage=Decimal("66.66667"), lines=3, hits=2, misses=1, fingerprint=b"\x00\xff")

    stored = CommitReport.get_by_id(report.id)
    assert stored.coverage == Decimal("66.66667")
    assert bytes(stored.fingerprint) == b"\x00\xff"
    assert stored.partials is None


def test_flags_are_created_once_and_found_by_name() -> None:
    repo = make_repository()

    results = in_threads(lambda: Flag.ensure(repo.id, ["unit", "e2e", "unit"]))

    assert {frozenset((name, flag.id) for name, flag in flags.items()) for flags in results} == {
        frozenset((flag.name, flag.id) for flag in Flag.select())
    }
    assert set(results[0]) == {"unit", "e2e"}
    assert Flag.ensure(repo.id, []) == {}


def test_a_deleted_flag_comes_back_when_it_is_used_again() -> None:
    repo = make_repository()
    flag = Flag.ensure(repo.id, ["unit"])["unit"]
    Flag.update(deleted_at=now()).where(Flag.id == flag.id).execute()

    again = Flag.ensure(repo.id, ["unit"])["unit"]

    assert (again.id, again.deleted_at) == (flag.id, None)


def test_a_flag_used_all_the_time_is_not_written_all_the_time() -> None:
    repo = make_repository()
    first = Flag.ensure(repo.id, ["unit"])["unit"]

    again = Flag.ensure(repo.id, ["unit"])["unit"]
    Flag.update(last_seen_at=now() - timedelta(hours=2)).where(Flag.id == first.id).execute()
    later = Flag.ensure(repo.id, ["unit"])["unit"]

    assert again.last_seen_at == first.last_seen_at
    assert later.last_seen_at > now() - MINUTE


def test_flags_are_linked_to_an_upload_once() -> None:
    upload = make_upload()
    flags = Flag.ensure(upload.repo_id, ["unit", "e2e"])

    UploadFlag.link(upload.id, flags.values())
    UploadFlag.link(upload.id, [flags["unit"]])
    UploadFlag.link(upload.id, [])

    assert UploadFlag.select().count() == 2


def test_a_problem_of_an_upload_is_kept_once_per_code() -> None:
    upload = make_upload()

    UploadError.record(upload.id, "report_empty", path="a.xml")
    UploadError.record(upload.id, "report_empty", severity="warning", path="b.xml")

    assert [(error.severity, error.params) for error in UploadError.select()] == [("warning", {"path": "b.xml"})]


def test_tries_of_many_rounds_fit() -> None:
    upload = make_upload(attempts=1_000_000)

    assert Upload.get_by_id(upload.id).next_round == 1_000_100
