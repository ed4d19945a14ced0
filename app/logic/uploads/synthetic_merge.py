"""Book uploads for GitHub's synthetic merge commit on the head of its pull request."""

from datetime import datetime

from app.clients.git.base import GitError, GitProvider
from app.logic.uploads import events
from app.logic.uploads.identity import synthetic_merge_head
from app.models.database import db
from app.models.git import Commit
from app.models.reports import CommitReport, Upload

PROVIDERS = ("github", "github_enterprise")


def rebook_synthetic_merge(git: GitProvider, report: CommitReport) -> int | None:
    """Move the uploads of a synthetic merge commit to its head; return the head's report, which wants to be prepared.

    None: the commit is no such merge, or the host does not say so; the uploads stay where they are. Only a message
    that the commit's own parents confirm counts, so that nobody books on a foreign commit by its wording. Repeating it
    moves what has come since.
    """
    commit = report.commit
    if commit.repo.provider not in PROVIDERS or not _may_be_one(commit):
        return None
    try:
        found = git.get_commit(commit.sha)
    except GitError:
        return None
    head = synthetic_merge_head(found.message)
    if head is None or head not in found.parents:
        return None
    with db.atomic():
        target = Commit.upsert(
            commit.repo_id, head, committed_at=commit.committed_at, branch=commit.branch, pull_number=commit.pull_number
        )
        target_id = CommitReport.ensure(target.id, report.report_type).id
        _move(report.id, target_id, commit, target)
    return int(target_id)


def booked_on(report_id: int) -> int:
    """Return the report that has the uploads of a report: its head's if they were moved there, else itself.

    Producers know only the commit that CI has checked out, and speak of its report.
    """
    report = CommitReport.get_or_none((CommitReport.id == report_id) & (CommitReport.state == "skipped"))
    head = synthetic_merge_head(report.commit.message) if report is not None else None
    if report is None or head is None:
        return report_id
    if Upload.select().where((Upload.report == report_id) & (Upload.kind == "uploaded")).exists():
        return report_id
    target = (
        CommitReport.select(CommitReport.id)
        .join(Commit)
        .where(
            (Commit.repo == report.commit.repo_id)
            & (Commit.sha == head)
            & (CommitReport.report_type == report.report_type)
        )
        .get_or_none()
    )
    return report_id if target is None else int(target.id)


def _may_be_one(commit: Commit) -> bool:
    return commit.message is None or synthetic_merge_head(commit.message) is not None


def _move(source_id: int, target_id: int, commit: Commit, target: Commit) -> None:
    """Give every upload a number in the other report; the caller holds a transaction."""
    # In one order, so that two movers, or a mover and an assembler, never wait for each other.
    locked = {report_id: CommitReport.lock(report_id) for report_id in sorted((source_id, target_id))}
    source, destination = locked[source_id], locked[target_id]
    mine = (Upload.report == source_id) & (Upload.kind == "uploaded")
    # Locked, so that nobody claims or settles one between this look and the move.
    uploads = list(Upload.select().where(mine).order_by(Upload.session_index).for_update())
    if source is None or destination is None or not uploads:
        return
    first = Upload.next_session_index(target_id)
    for index, upload in enumerate(uploads, first):
        Upload.update(report=target_id, session_index=index, **_state_after(upload)).where(
            Upload.id == upload.id
        ).execute()
    if any(upload.state in ("processed", "merged", "error") for upload in uploads):
        CommitReport.want_assembly(target_id)
    CommitReport.update(
        last_upload_at=_latest(source.last_upload_at, destination.last_upload_at),
        completion_requested_at=_latest(source.completion_requested_at, destination.completion_requested_at),
        state="processing" if destination.state != "pending" else "pending",
    ).where(CommitReport.id == target_id).execute()
    # A new generation makes an assembler that still has the uploads at hand lose, and nobody is told of this commit.
    CommitReport.update(
        state="skipped",
        generation=CommitReport.generation + 1,
        assembly_done=CommitReport.assembly_wanted,
        notify_done=CommitReport.notify_wanted,
        base_state="none" if source.base_state == "unknown" else source.base_state,
    ).where(CommitReport.id == source_id).execute()
    ids = [upload.id for upload in uploads]
    events.record(commit.repo_id, commit.sha, events.REBOOKED, ids, extra={"to": target.sha})
    events.record(commit.repo_id, target.sha, events.REBOOKED, ids, extra={"from": commit.sha})


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def _state_after(upload: Upload) -> dict[str, object]:
    """What is read stays read; a worker that is reading loses its claim, because it knows the old report."""
    if upload.state == "merged":
        return {"state": "processed", "merged_at": None}
    if upload.state in ("received", "processing"):
        return {"state": "received", "lease_until": None, "lease_owner": None, "attempts": upload.attempts + 1}
    return {}
