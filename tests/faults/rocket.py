"""The example's pull request under faults: its base is complete, its head gets the same two uploads again and again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.clients.storage import ObjectStorage
from app.models.git import Commit, CommitError, Pull
from app.models.machinery import ObjectGarbage
from app.models.reports import CommitReport, Upload, UploadError
from app.models.results import Comparison, FlagComparison, Notification, PullComment
from tests.example import Uploader, example
from tests.faults.simulation import Simulation
from tests.logic.notifications.fake_host import FakeHost

UPLOADS = (2, 3)  # both carry the flag js, the second one web as well
UNIT, JS, WEB = 0, 2, 3


@dataclass(frozen=True)
class Plan:
    """The uploads of base and head, and the configuration that every repository has."""

    base: tuple[int, ...] = UPLOADS
    head: tuple[int, ...] = UPLOADS
    site: Mapping[str, Any] = field(default_factory=dict)


PLAIN = Plan()
# Of the two sessions that the head carries one is replaced by its own upload.
CARRYING = Plan(
    (UNIT, WEB), (UNIT, JS), {"flags": {"unit": {"carryforward": True}, "web": {"carryforward": True}, "js": {}}}
)


@dataclass
class PullRequest:
    """What happens to the head, and what became of it."""

    simulation: Simulation
    uploader: Uploader
    host: FakeHost
    plan: Plan = PLAIN

    def __post_init__(self) -> None:
        self.simulation.run.site = self.plan.site
        self.push_base()
        self.simulation.settle()

    def push_base(self) -> int:
        return self._push(self.plan.base, "base", example.base)

    def push(self) -> int:
        """Accept the uploads of the head, wake the pipeline, and return the report."""
        return self._push(self.plan.head, "head", example.head, example.pull)

    def _push(self, uploads: tuple[int, ...], side: str, sha: str, pull: int | None = None) -> int:
        accepted = [self.uploader.send(sha, number, side, pull) for number in uploads]
        self.simulation.send("uploads.prepare", report_id=accepted[0].report_id)
        return accepted[0].report_id

    def outcome(self) -> dict[str, Any]:
        """Everything that people can see, and that must not depend on faults; ids, times and counters of tries may."""
        return _outcome(self.uploader.storage, self.host)

    def stray_objects(self) -> list[str]:
        return stray_objects(self.uploader.storage)

    def forget(self) -> None:
        """Go back to the moment before the head was pushed."""
        Commit.delete().where(Commit.sha == example.head).execute()
        Pull.delete().execute()
        ObjectGarbage.delete().execute()
        storage = self.uploader.storage
        for path in set(storage.list()) - objects_of_rows():
            storage.delete(path)
        self.host.comments.clear()
        for shown in [key for key in self.host.statuses if key[0] == example.head]:
            del self.host.statuses[shown]
        self.simulation.queue.waiting.clear()
        self.simulation.dead.clear()


def _outcome(storage: ObjectStorage, host: FakeHost) -> dict[str, Any]:
    reports = [
        (r.commit.sha, r.state, _digest(r.fingerprint), r.coverage, r.sessions, _stored(storage, r))
        for r in CommitReport.select().order_by(CommitReport.created_at)
    ]
    return {
        "uploads": [
            (u.report.commit.sha, u.session_index, u.state, u.error_code, u.totals, u.notes)
            for u in Upload.select().order_by(Upload.id)
        ],
        "upload errors": [(e.upload.session_index, e.code, e.params) for e in UploadError.select()],
        "commit errors": [(e.commit.sha, e.code) for e in CommitError.select()],
        "reports": reports,
        "comparisons": [
            (c.base_commit.sha, c.head_commit.sha, c.state, c.error, c.patch_totals) for c in Comparison.select()
        ],
        "flags": sorted(
            (f.flag.name, str(f.base_totals), str(f.head_totals), str(f.patch_totals)) for f in FlagComparison.select()
        ),
        "notifications": sorted(
            (n.commit.sha, n.type, n.title, n.state, _digest(n.payload_hash)) for n in Notification.select()
        ),
        "comment rows": [(c.pull.number, c.kind, _digest(c.body_hash)) for c in PullComment.select()],
        "comments": sorted(host.comments.values()),
        "statuses": sorted((sha, name, s.state, s.description) for (sha, name), s in host.statuses.items()),
    }


def _digest(value: Any) -> str | None:
    return None if value is None else bytes(value).hex()


def _stored(storage: ObjectStorage, report: CommitReport) -> bytes | None:
    path = (report.object_paths or {}).get("report")
    return None if path is None else storage.get(path, max_bytes=1 << 30)


def objects_of_rows() -> set[str]:
    """The names of all objects that rows name."""
    named = {path for upload in Upload.select() for path in (upload.object_path, upload.parsed_path) if path}
    named |= {row.result_path for row in Comparison.select() if row.result_path}
    return named.union(*(_leaves(report.object_paths or {}) for report in CommitReport.select()))


def _leaves(paths: dict[str, Any]) -> set[str]:
    """The names in a mapping of names, or of mappings of names."""
    return set[str]().union(*(_leaves(path) if isinstance(path, dict) else {path} for path in paths.values()))


def stray_objects(storage: ObjectStorage) -> list[str]:
    """What breaks the rule that an object is named by a row, or garbage, and never both."""
    named, there = objects_of_rows(), {*storage.list()}
    garbage = {row.path for row in ObjectGarbage.select()}
    return [
        *(f"{path} is named by a row and missing" for path in sorted(named - there)),
        *(f"{path} is named by a row and garbage" for path in sorted(named & garbage)),
        *(f"{path} is named by nobody" for path in sorted(there - named - garbage)),
    ]
