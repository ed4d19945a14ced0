"""A repository with a history, whose commits get real uploads, and what a later commit carries from them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.clients.git.base import GitProvider
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.coverage import codec
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.base_layer import BaseLayer, build_base_layer
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.process import process_upload
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Flag, Upload, UploadFlag
from app.models.repositories import Repository
from tests.clients.git.parts import Repository as Checkout
from tests.factories import make_commit, make_report
from tests.logic.uploads.conftest import POLICY

Hits = Mapping[str, Mapping[int, int]]
CARRY: Mapping[str, Any] = {"flag_management": {"default_rules": {"carryforward": True}}}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class History:
    """Commits one after another; `head` is the one that carries."""

    def __init__(self, folder: Path, storage: ObjectStorage, repo: Repository) -> None:
        self.storage = storage
        self.repo = repo
        self.checkout = Checkout(folder / "history")
        self.git: GitProvider = LocalCheckout(self.checkout.path, folder / "posts")

    def git_for(self, _: Repository) -> GitProvider:
        return self.git

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        return self.checkout.commit("Climb", files or {})

    def upload(self, sha: str, hits: Hits, flags: Sequence[str] = (), name: str | None = None) -> Upload:
        """Accept an upload and parse it."""
        parents = self.git.get_commit(sha).parents
        new = NewUpload(
            self.repo.id, sha, NOON, flags, name, parent_sha=parents[0] if parents else None, build_url="https://ci/1"
        )
        accepted = accept_upload(self.storage, new, write_envelope({"lcov.info": lcov(hits)}, tuple(hits)), NOON)
        process_upload(self.storage, accepted.upload_id, POLICY, "test")
        return Upload.get_by_id(accepted.upload_id)

    def finish(self, sha: str) -> CommitReport:
        """Assemble the report of a commit that carries nothing itself."""
        report = report_of(sha)
        CommitReport.update(config={}, base_state="none").where(CommitReport.id == report.id).execute()
        assemble_report(self.storage, report.id)
        return report_of(sha)

    def parent(self, *uploads: tuple[Hits, Sequence[str]]) -> str:
        """A commit with these uploads, and its report."""
        sha = self.commit()
        for hits, flags in uploads:
            self.upload(sha, hits, flags, name="job")
        self.finish(sha)
        return sha

    def head(self, files: Mapping[str, str | bytes | None] | None = None, **facts: Any) -> CommitReport:
        """The report of a new commit, prepared but without uploads."""
        sha = self.commit(files)
        commit = make_commit(repo=self.repo, sha=sha, parent_sha=self.git.get_commit(sha).parents[0])
        return make_report(commit=commit, **{"config": CARRY, "base_state": "unknown"} | facts)

    def build(self, report: CommitReport, now: datetime = NOON, max_age: timedelta | None = None) -> BaseLayer:
        return build_base_layer(self.storage, self.git_for, CommitReport.get_by_id(report.id), now, max_age)

    def contents(self, upload: Upload) -> bytes:
        return self.storage.get(upload.parsed_path, max_bytes=1 << 30)

    def hits(self, upload: Upload) -> dict[str, dict[int, int]]:
        report = codec.open_report(self.contents(upload)).load()
        rows = [slice(*report.offsets[number : number + 2]) for number in range(len(report.files))]
        return {
            path: dict(zip(report.line[row].tolist(), report.hits[row].tolist(), strict=True))
            for path, row in zip(report.files, rows, strict=True)
        }


def lcov(hits: Hits) -> bytes:
    files = (
        f"SF:{path}\n" + "".join(f"DA:{line},{count}\n" for line, count in lines.items()) + "end_of_record\n"
        for path, lines in hits.items()
    )
    return "".join(files).encode()


def report_of(sha: str) -> CommitReport:
    return next(report for report in CommitReport.select() if report.commit.sha == sha)


def carried(report: CommitReport) -> list[Upload]:
    """The carried sessions of a report, in the order of their numbers."""
    mine = (Upload.report == report.id) & (Upload.kind == "carried_forward")
    return list(Upload.select().where(mine).order_by(Upload.session_index))


def flags_of(upload: Upload) -> list[str]:
    query = UploadFlag.select(UploadFlag, Flag).join(Flag).where(UploadFlag.upload == upload.id).order_by(Flag.name)
    return [row.flag.name for row in query]


def told(report: CommitReport) -> list[tuple[str, dict[str, Any]]]:
    """The timeline of a commit: milestones and their facts."""
    mine = UploadEvent.commit_sha == report.commit.sha
    return [(row.milestone, row.extra) for row in UploadEvent.select().where(mine).order_by(UploadEvent.id)]
