"""Many uploads with the same flags: one more is assembled upon a layer, whose objects come and go with the report."""

from app.clients.storage import ObjectStorage
from app.logic.coverage.incremental import LAYER_FROM
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.process import process_upload
from app.logic.uploads.published import layer_paths
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY
from tests.logic.uploads.test_pipeline import accept, stored_bytes


def body(number: int) -> bytes:
    return write_envelope(
        {"lcov.info": f"TN:\nSF:src/a.py\nDA:{number + 1},1\nend_of_record\n".encode()}, ("src/a.py",)
    )


def send(storage: ObjectStorage, repository: Repository, number: int) -> int:
    upload_id, report_id = accept(storage, repository, body(number), flags=["unit"])
    process_upload(storage, upload_id, POLICY, "test")
    return report_id


def send_many(storage: ObjectStorage, repository: Repository) -> int:
    """Process as many uploads as it takes to make a layer; returns their report."""
    return {send(storage, repository, number) for number in range(LAYER_FROM)}.pop()


def garbage() -> set[str]:
    return {row.path for row in ObjectGarbage.select()}


def test_one_more_upload_is_the_only_one_that_is_read(storage: ObjectStorage, repository: Repository) -> None:
    report_id = send_many(storage, repository)
    first = assemble_report(storage, report_id)
    send(storage, repository, LAYER_FROM)

    second = assemble_report(storage, report_id)
    incremental = stored_bytes(storage, report_id)
    CommitReport.want_assembly(report_id)
    CommitReport.update(fingerprint=b"").where(CommitReport.id == report_id).execute()
    anew = assemble_report(storage, report_id, incremental=False)

    assert (first.uploads, first.read) == (LAYER_FROM, LAYER_FROM)
    assert (second.uploads, second.read) == (LAYER_FROM + 1, 1)
    assert anew.read == LAYER_FROM + 1
    assert stored_bytes(storage, report_id) == incremental


def test_the_objects_of_a_report_are_those_of_its_row(storage: ObjectStorage, repository: Repository) -> None:
    report_id = send_many(storage, repository)
    assemble_report(storage, report_id)
    before = CommitReport.get_by_id(report_id).object_paths
    send(storage, repository, LAYER_FROM)
    assemble_report(storage, report_id)

    report = CommitReport.get_by_id(report_id)
    current = {report.object_paths["report"], *layer_paths(report).values()}
    replaced = {before["report"], *before["layers"].values()}
    reports = {path for path in storage.list() if path.startswith("reports/")}
    assert len(layer_paths(report)) == 1
    assert reports == current | replaced
    assert garbage() & reports == replaced


def test_a_lost_layer_costs_time_and_nothing_else(storage: ObjectStorage, repository: Repository) -> None:
    report_id = send_many(storage, repository)
    assemble_report(storage, report_id)
    for path in layer_paths(CommitReport.get_by_id(report_id)).values():
        storage.delete(path)
    send(storage, repository, LAYER_FROM)

    result = assemble_report(storage, report_id)

    assert result.read == LAYER_FROM + 1
    assert CommitReport.get_by_id(report_id).lines == LAYER_FROM + 1
