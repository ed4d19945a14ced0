"""Is everything final, and is every report what an undisturbed computation gives?"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from app.clients.storage import ObjectStorage, StorageError
from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Upload
from tests.faults.rocket import stray_objects
from tests.soak.traffic import Traffic, gave_up


@dataclass
class Verdict:
    """What was looked at, and one line for each thing that is wrong."""

    uploads: int = 0
    carried: int = 0
    too_late: int = 0
    not_final: int = 0
    reports: int = 0
    differences: list[str] = field(default_factory=list)


def judge(traffic: Traffic, storage: ObjectStorage, posts: Path) -> Verdict:
    """Compare all uploads, reports, objects and comments with what they must be."""
    verdict = Verdict()
    for report in CommitReport.select().order_by(CommitReport.id):
        uploads = list(Upload.select().where(Upload.report == report.id).order_by(Upload.session_index))
        carried = [upload for upload in uploads if upload.kind == "carried_forward"]
        verdict.uploads += len(uploads) - len(carried)
        verdict.carried += len(carried)
        verdict.too_late += gave_up(report)
        if (here := len(carried)) != (wanted_here := len(traffic.base_layer(report))):
            verdict.differences.append(f"report {report.id} carries {here} sessions, must carry {wanted_here}")
        verdict.not_final += sum(upload.state in OPEN_UPLOAD_STATES for upload in uploads)
        for upload in uploads:
            if (found := (upload.state, upload.error_code)) != (wanted := traffic.ending(upload)):
                verdict.differences.append(f"upload {upload.id} ended in {found}, must be {wanted}")
        verdict.reports += 1
        if _stored(storage, report) != traffic.report(report):
            verdict.differences.append(f"report {report.id} differs, generation {report.generation}")
    verdict.differences += stray_objects(storage)
    verdict.differences += _repeated_comments(posts)
    return verdict


def _stored(storage: ObjectStorage, report: CommitReport) -> bytes | None:
    path = (report.object_paths or {}).get("report")
    try:
        return None if path is None else storage.get(path, max_bytes=1 << 30)
    except StorageError as error:
        return str(error).encode()


def _repeated_comments(posts: Path) -> list[str]:
    found: Counter[str] = Counter()
    for file in posts.glob("*/posts.json"):
        comments = msgspec.json.decode(file.read_bytes()).get("comments", {})
        found.update({pull: len(bodies) for pull, bodies in comments.items()})
    return [f"pull request {pull} has {count} comments" for pull, count in found.items() if count > 1]
