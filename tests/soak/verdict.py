"""Is everything final, and is every report what an undisturbed computation gives?"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from app.clients.storage import ObjectStorage
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Upload
from app.models.results import Comparison
from tests.soak.traffic import Traffic

FINAL = ("merged", "error", "superseded")


@dataclass
class Verdict:
    """What was looked at, and one line for each thing that is wrong."""

    uploads: int = 0
    not_final: int = 0
    reports: int = 0
    differences: list[str] = field(default_factory=list)


def open_work() -> list[str]:
    """Name every row that waits for somebody; none = everything is final."""
    uploads = Upload.select().where(Upload.state.not_in(FINAL))
    reports = CommitReport.select().where(
        (CommitReport.assembly_done < CommitReport.assembly_wanted)
        | (CommitReport.notify_done < CommitReport.notify_wanted)
    )
    comparisons = Comparison.select().where(Comparison.state == "pending")
    return [
        *(f"upload {u.id}: {u.state}, attempt {u.attempts}, {u.lease_until}" for u in uploads),
        *(
            f"report {r.id}: assembly {r.assembly_done}/{r.assembly_wanted} {r.assembly_not_before}, "
            f"notification {r.notify_done}/{r.notify_wanted} {r.notify_not_before}"
            for r in reports
        ),
        *(f"comparison {c.id}: pending, attempt {c.attempts}, {c.lease_until}" for c in comparisons),
    ]


def judge(traffic: Traffic, storage: ObjectStorage, posts: Path) -> Verdict:
    """Compare all uploads, reports, objects and comments with what they must be."""
    verdict = Verdict()
    for report in CommitReport.select().order_by(CommitReport.id):
        uploads = list(Upload.select().where(Upload.report == report.id).order_by(Upload.session_index))
        verdict.uploads += len(uploads)
        verdict.not_final += sum(upload.state not in FINAL for upload in uploads)
        for upload in uploads:
            if (found := (upload.state, upload.error_code)) != (wanted := traffic.ending(upload)):
                verdict.differences.append(f"upload {upload.id} ended in {found}, must be {wanted}")
        verdict.reports += 1
        if _stored(storage, report) != traffic.report(uploads):
            verdict.differences.append(f"report {report.id} differs, generation {report.generation}")
    verdict.differences += _stray_objects(storage)
    verdict.differences += _repeated_comments(posts)
    return verdict


def _stored(storage: ObjectStorage, report: CommitReport) -> bytes | None:
    path = (report.object_paths or {}).get("report")
    return None if path is None else storage.get(path, max_bytes=1 << 30)


def _stray_objects(storage: ObjectStorage) -> list[str]:
    """What a row names is there and no garbage; what none names is garbage."""
    named = {path for upload in Upload.select() for path in (upload.object_path, upload.parsed_path) if path}
    named |= {path for report in CommitReport.select() if (path := (report.object_paths or {}).get("report"))}
    named |= {row.result_path for row in Comparison.select() if row.result_path}
    garbage, there = {row.path for row in ObjectGarbage.select()}, {*storage.list()}
    return [
        *(f"{path} is named by a row and missing" for path in sorted(named - there)),
        *(f"{path} is named by a row and garbage" for path in sorted(named & garbage)),
        *(f"{path} is named by nobody" for path in sorted(there - named - garbage)),
    ]


def _repeated_comments(posts: Path) -> list[str]:
    found: Counter[str] = Counter()
    for file in posts.glob("*/posts.json"):
        comments = msgspec.json.decode(file.read_bytes()).get("comments", {})
        found.update({pull: len(bodies) for pull, bodies in comments.items()})
    return [f"pull request {pull} has {count} comments" for pull, count in found.items() if count > 1]
