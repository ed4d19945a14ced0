"""The patch coverage of a commit's own change, on the example's repository."""

from app.clients.git.base import GitProvider, Unreachable
from app.clients.storage import ObjectStorage
from app.logic.comparison.own_change import store_own_change
from app.logic.coverage.patch import patch_totals
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.logic.uploads.published import load_report
from app.models.reports import CommitReport
from tests.example import Uploader, example
from tests.logic.uploads.conftest import POLICY


def assembled(storage: ObjectStorage, uploader: Uploader) -> CommitReport:
    for number in range(len(example.uploads)):
        accepted = uploader.send(example.head, number)
        process_upload(storage, accepted.upload_id, POLICY, "test")
    assemble_report(storage, accepted.report_id)
    return CommitReport.get_by_id(accepted.report_id)


def test_the_lines_that_a_commit_adds_are_counted(storage: ObjectStorage, uploader: Uploader, git: GitProvider) -> None:
    report = assembled(storage, uploader)

    written = store_own_change(storage, lambda _: git, report.commit_id)

    assert written
    loaded = load_report(storage, report)
    assert loaded is not None
    expected = patch_totals(loaded.stored.load(), git.get_commit_diff(example.head)).as_dict()
    assert CommitReport.get_by_id(report.id).patch_totals == expected
    assert expected["lines"]


def test_a_host_that_does_not_answer_costs_the_number_only(storage: ObjectStorage, uploader: Uploader) -> None:
    report = assembled(storage, uploader)

    def unreachable(_: object) -> GitProvider:
        raise Unreachable("timeout")

    assert store_own_change(storage, unreachable, report.commit_id) is False
    assert CommitReport.get_by_id(report.id).patch_totals is None


def test_a_commit_without_a_report_has_none(storage: ObjectStorage, uploader: Uploader, git: GitProvider) -> None:
    uploader.send(example.head, 0)
    report = CommitReport.get()

    assert store_own_change(storage, lambda _: git, report.commit_id) is False
    assert store_own_change(storage, lambda _: git, 4711) is False
