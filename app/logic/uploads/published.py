"""The published report of a commit and its objects in storage."""

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, open_assembled
from app.logic.uploads import objects
from app.models.reports import CommitReport


def report_path(report: CommitReport) -> str | None:
    path: str | None = (report.object_paths or {}).get("report")
    return path


def layer_paths(report: CommitReport) -> dict[str, str]:
    """Return where the joins of groups of uploads are, by key (app/logic/coverage/incremental.py)."""
    paths: dict[str, str] = (report.object_paths or {}).get("layers") or {}
    return paths


def open_published(storage: ObjectStorage, report: CommitReport) -> AssembledReport | None:
    """Open the current commit report; None if there is none yet.

    Raises ObjectMissing, ObjectCorrupt or codec.CodecError for an object that was lost or damaged.
    """
    path = report_path(report)
    return None if path is None else open_assembled(storage.get(path, max_bytes=objects.MAX_OBJECT))


def load_report(storage: ObjectStorage, report: CommitReport) -> AssembledReport | None:
    """Do the same for somebody who needs the report; one that was lost or damaged is assembled again."""
    try:
        return open_published(storage, report)
    except (ObjectMissing, ObjectCorrupt, codec.ReportCorrupt):
        current = CommitReport.get_or_none(CommitReport.id == report.id)
        is_same = current is not None and report_path(current) == report_path(report)
        if current is not None and is_same and current.assembly_done >= current.assembly_wanted:
            CommitReport.want_assembly(report.id)
        raise
