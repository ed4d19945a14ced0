"""Which uploads make up a report: carried-forward ones go when their flag is uploaded, and come back if it fails."""

from typing import Any

import pytest

from app.clients.storage import ObjectStorage
from app.logic.coverage import codec
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.logic.uploads.published import load_report
from app.logic.uploads.sessions import is_joined, replaced_by
from app.models.reports import CommitReport, Flag, Upload, UploadFlag
from app.models.repositories import Repository
from tests.logic.coverage.oracle import Measure, report_of
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, lcov_upload

CARRIES = {"flags": {"unit": {"carryforward": True}, "e2e": {"carryforward": True}, "lint": {"carryforward": False}}}


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ([], set()),
        ([("unit",)], {1, 2, 3}),
        ([("e2e",)], {3, 4}),
        ([("unit",), ("e2e",)], {1, 2, 3, 4}),
        ([("lint",)], set()),
        ([()], set()),
        ([("lint", "e2e")], {3, 4}),
    ],
)
def test_an_upload_replaces_every_carried_one_that_shares_a_carried_flag(
    arrived: list[tuple[str, ...]], expected: set[int]
) -> None:
    carried = {1: ("unit",), 2: ("unit",), 3: ("e2e", "unit"), 4: ("e2e",)}

    assert replaced_by(arrived, carried, CARRIES) == expected


@pytest.mark.parametrize(
    ("flags", "config", "expected"),
    [
        ((), {}, True),
        (("unit",), {"flags": {"unit": {}}}, True),
        (("nightly",), {"flags": {"nightly": {"joined": False}}}, False),
        (("unit", "nightly"), {"flags": {"nightly": {"joined": False}}}, False),
        (("unit",), {"flag_management": {"default_rules": {"joined": False}}}, False),
        (("unit",), {"flags": {"unit": {"joined": None}}}, True),
    ],
)
def test_one_unjoined_flag_keeps_an_upload_out_of_the_whole(
    flags: tuple[str, ...], config: dict[str, Any], expected: bool
) -> None:
    assert is_joined(flags, config) is expected


def carry(storage: ObjectStorage, report: CommitReport, index: int, flag: str, lines: list[Measure]) -> Upload:
    """Put a carried-forward upload into a report, as preparing it does."""
    encoded = codec.encode(report_of(lines), {"formats": []})
    path = f"parsed/carried/{index}"
    storage.put(path, encoded, compress=False)
    stored = codec.open_report(encoded)
    upload = Upload.create(
        report=report,
        repo=report.commit.repo,
        kind="carried_forward",
        state="processed",
        session_index=10_000 + index,
        parsed_path=path,
        parsed_identity=stored.identity,
        totals=stored.totals.as_dict(),
        carried_from_sha="b" * 40,
    )
    UploadFlag.link(upload.id, Flag.ensure(report.commit.repo_id, [flag]).values())
    return upload


def test_the_carried_flag_goes_with_its_upload_and_returns_when_that_is_lost(
    storage: ObjectStorage, repository: Repository
) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload(), flags=["unit"])
    CommitReport.update(config=CARRIES).where(CommitReport.id == report_id).execute()
    report = CommitReport.get_by_id(report_id)
    unit = carry(storage, report, 0, "unit", [Measure(path="src/old.py", line=1, hits=1)])
    e2e = carry(storage, report, 1, "e2e", [Measure(path="src/c.py", line=1, hits=1)])

    def files() -> list[str]:
        assemble_report(storage, report_id)
        loaded = load_report(storage, CommitReport.get_by_id(report_id))
        assert loaded is not None
        return list(loaded.stored.files)

    CommitReport.want_assembly(report_id)
    before = files()
    process_upload(storage, upload_id, POLICY, "test")
    after = files()
    states = [Upload.get_by_id(upload.id).state for upload in (unit, e2e)]
    Upload.update(state="error", error_code="report_empty").where(Upload.id == upload_id).execute()
    CommitReport.want_assembly(report_id)
    restored = files()

    assert before == ["src/c.py", "src/old.py"]
    assert after == ["src/a.py", "src/c.py"]
    assert states == ["superseded", "merged"]
    assert restored == before
    assert Upload.get_by_id(unit.id).state == "merged"


def test_a_failed_upload_replaces_nothing(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, b"broken", flags=["unit"])
    CommitReport.update(config=CARRIES).where(CommitReport.id == report_id).execute()
    carry(storage, CommitReport.get_by_id(report_id), 0, "unit", [Measure(path="src/old.py", line=1, hits=1)])

    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    assert (report.lines, report.state, report.notify_hold) == (1, "complete", "no_coverage")


def test_a_carried_upload_whose_object_is_gone_is_left_out(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload(), flags=["lint"])
    CommitReport.update(config=CARRIES).where(CommitReport.id == report_id).execute()
    lost = carry(storage, CommitReport.get_by_id(report_id), 0, "unit", [Measure(path="src/old.py", line=1, hits=1)])
    storage.delete(lost.parsed_path)
    process_upload(storage, upload_id, POLICY, "test")

    first = assemble_report(storage, report_id)
    second = assemble_report(storage, report_id)

    assert (first.outcome, first.again, first.reprocess) == ("parsed_object_lost", True, ())
    assert (second.outcome, CommitReport.get_by_id(report_id).lines) == ("assembled", 2)
    assert Upload.get_by_id(lost.id).error_code == "parsed_object_lost"


def test_a_report_goes_when_its_last_upload_turns_out_bad(storage: ObjectStorage, repository: Repository) -> None:
    upload_id, report_id = accept(storage, repository, lcov_upload())
    process_upload(storage, upload_id, POLICY, "test")
    assemble_report(storage, report_id)
    before = CommitReport.get_by_id(report_id)
    Upload.update(state="error", error_code="report_empty").where(Upload.id == upload_id).execute()
    CommitReport.want_assembly(report_id)

    assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    assert (before.state, before.lines) == ("complete", 2)
    assert (report.state, report.lines, report.fingerprint, report.generation) == ("error", None, None, 2)
    assert load_report(storage, report) is None
