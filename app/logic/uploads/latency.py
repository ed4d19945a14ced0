"""How long uploads took, from the times in their rows."""

from dataclasses import dataclass
from datetime import datetime

from app.logic.uploads import events
from app.models.git import Commit
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from the arrival and from the merge of one upload until people were told."""

    since_arrival: float
    since_merge: float


def told_now(commit_id: int) -> list[Told]:
    """Return the times of the uploads that the newest notification of a commit was the first to speak of."""
    commit = Commit.get_by_id(commit_id)
    told = (
        UploadEvent.select()
        .where(
            (UploadEvent.repo_id == commit.repo_id)
            & (UploadEvent.commit_sha == commit.sha)
            & (UploadEvent.milestone == events.NOTIFIED)
        )
        .order_by(UploadEvent.created_at.desc())
        .limit(2)
    )
    times: list[datetime] = [event.created_at for event in told]
    if not times:
        return []
    news = (
        (CommitReport.commit == commit_id)
        & (Upload.kind == "uploaded")
        & (Upload.state == "merged")
        & (Upload.merged_at <= times[0])
    )
    if len(times) > 1:
        news &= Upload.merged_at > times[1]
    uploads = Upload.select().join(CommitReport).where(news)
    return [
        Told((times[0] - upload.created_at).total_seconds(), (times[0] - upload.merged_at).total_seconds())
        for upload in uploads
    ]
