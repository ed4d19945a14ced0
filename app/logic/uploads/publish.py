"""Publish an assembled report: store its objects, then switch readers over and settle its uploads at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

from peewee import fn

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.logic.coverage.assembled import AssembledReport, open_assembled
from app.logic.uploads import events, finish, object_names, objects
from app.logic.uploads.published import layer_paths, report_path
from app.logic.uploads.sessions import USABLE, Chosen
from app.models.database import db
from app.models.git import CommitError
from app.models.reports import OPEN_UPLOAD_STATES, CommitReport, Upload
from app.models.repositories import Repository

FAILED: Final = "assembly_failed"  # commit error while the report of a commit cannot be assembled
MAX_INTEGER: Final = 2**31 - 1  # of the database's integer columns
ACTIVE_AGAIN: Final = timedelta(hours=1)  # repositories are listed by activity; finer would be a hot row
_NOTHING: Final[Mapping[str, Any]] = {
    "object_paths": {},
    "fingerprint": None,
    "patch_totals": None,
    **dict.fromkeys(("coverage", "files", "lines", "hits", "misses", "partials", "branches", "methods", "sessions")),
    **dict.fromkeys(("complexity", "complexity_total")),
}


@dataclass(frozen=True, slots=True)
class Merged:
    """A commit report in bytes, None = there is no coverage; with the layers it brings, and keeps, by key."""

    report: bytes | None = None
    layers: Mapping[str, bytes] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Published:
    """The report that was published: bytes as stored, files, sessions."""

    size: int
    files: int
    sessions: int


def publish(
    storage: ObjectStorage, report: CommitReport, merged: Merged, chosen: Chosen
) -> tuple[tuple[Upload, ...], Published | None] | None:
    """Switch readers to the new contents; equal contents only settle the uploads. None = another assembler won.

    Returns the uploads that became part of the report, and what was published, if anything.
    """
    commit = report.commit
    fingerprint = hashlib.sha256(merged.report or b"").digest()
    paths: dict[str, Any] = {}
    values: dict[str, Any] = {}
    published: Published | None = None
    if merged.report is not None and not _is_published(storage, report, fingerprint):
        assembled = open_assembled(merged.report)
        published = Published(len(merged.report), assembled.totals.files, len(assembled.sessions))
        paths = _write_objects(storage, report, merged)
        values = _columns(assembled) | {"object_paths": paths, "fingerprint": fingerprint}
    with db.atomic():
        # The lock of the row keeps new uploads out until it is decided whether any is pending.
        locked = CommitReport.lock(report.id)
        if locked is None or locked.generation != report.generation:
            return None
        fresh = _settle_uploads(chosen)
        pending = has_open_uploads(report.id)
        hold = finish.decide(finish.read_facts(locked, has_report=merged.report is not None), locked.config or {}).hold
        CommitReport.update(
            state=_state(pending=pending, skipped=hold == "ci_skip", has_report=merged.report is not None),
            finished_at=None if pending else fn.now(),
            notify_hold=hold,
        ).where(CommitReport.id == report.id).execute()
        CommitReport.assembled(report.id, report.assembly_wanted)
        CommitError.delete().where((CommitError.commit == commit.id) & (CommitError.code == FAILED)).execute()
        if merged.report is None and not pending and locked.fingerprint is not None:
            # Its uploads were read afresh and none is good any more: readers must not go on with what was wrong.
            CommitReport.publish(report.id, report.generation, **_NOTHING)
            _swap_objects(locked, {"report": None, "layers": {}})
        if published is not None:
            CommitReport.publish(report.id, report.generation, **values)
            CommitReport.want_notification(report.id)
            _swap_objects(locked, paths)
            _touch(commit.repo)
            extra = {"generation": report.generation + 1, "uploads": len(chosen.uploads)}
            merged_ids = [upload.id for upload in chosen.uploads]
            events.record(commit.repo_id, commit.sha, events.MERGED, merged_ids, extra=extra)
    return fresh, published


def _settle_uploads(chosen: Chosen) -> tuple[Upload, ...]:
    """Mark what the report is made of, and return what is new in it; a carried upload that was replaced may return."""
    fresh: list[Upload] = []
    for uploads, state in ((chosen.uploads, "merged"), (chosen.superseded, "superseded")):
        ids = [upload.id for upload in uploads if upload.state != state]
        values: dict[str, Any] = {"state": state} | ({"merged_at": fn.now()} if state == "merged" else {})
        movable = Upload.id.in_(ids) & Upload.state.in_((*USABLE, "superseded"))
        rows = Upload.update(**values).where(movable).returning(Upload).execute()
        fresh += rows if state == "merged" else ()
    return tuple(fresh)


def _write_objects(storage: ObjectStorage, report: CommitReport, merged: Merged) -> dict[str, Any]:
    """Store the new report and its new layers; returns the paths of all that belong to it."""
    commit = report.commit
    path = object_names.commit_report(
        commit.repo.storage_prefix, commit.sha, str(report.external_id), report.generation + 1, token_hex(8)
    )
    assert merged.report is not None, "there is nothing to store"
    objects.put(storage, path, merged.report, compress=False)
    layers = {key: value for key, value in layer_paths(report).items() if key in merged.kept}
    for key, content in merged.layers.items():
        layers[key] = object_names.report_layer(path, key)
        objects.put(storage, layers[key], content, compress=False)
    return {"report": path, "layers": layers}


def _swap_objects(locked: CommitReport, paths: Mapping[str, Any]) -> None:
    """Keep the objects of the new report and let go of those of the old one that it does not use."""
    old = {report_path(locked), *layer_paths(locked).values()} - {None}
    new = {paths["report"], *paths["layers"].values()} - {None}
    for path in new - old:
        objects.adopt(path)
    for path in old - new:
        objects.replace(path)


def _is_published(storage: ObjectStorage, report: CommitReport, fingerprint: bytes) -> bool:
    """Say whether readers get these contents already; a report whose object was lost or damaged is written again."""
    path = report_path(report)
    if path is None or report.fingerprint is None or bytes(report.fingerprint) != fingerprint:
        return False
    try:
        return hashlib.sha256(storage.get(path, max_bytes=objects.MAX_OBJECT)).digest() == fingerprint
    except (ObjectMissing, ObjectCorrupt):
        return False


def has_open_uploads(report_id: int) -> bool:
    """Say whether an upload of the report is still on its way."""
    return bool(Upload.select().where((Upload.report == report_id) & Upload.state.in_(OPEN_UPLOAD_STATES)).exists())


def _touch(repository: Repository) -> None:
    stale = Repository.last_activity_at.is_null() | (Repository.last_activity_at < fn.now() - ACTIVE_AGAIN)
    Repository.update(last_activity_at=fn.now()).where((Repository.id == repository.id) & stale).execute()


def _columns(assembled: AssembledReport) -> dict[str, Any]:
    totals = assembled.totals
    return {
        "coverage": totals.percent,
        "files": totals.files,
        "lines": totals.lines,
        "hits": totals.hits,
        "misses": totals.misses,
        "partials": totals.partials,
        "branches": totals.branches,
        "methods": totals.methods,
        "sessions": len(assembled.sessions),
        # The only numbers that a tool makes up: a nonsense one must not keep the report from being published.
        "complexity": min(totals.complexity, MAX_INTEGER),
        "complexity_total": min(totals.complexity_total, MAX_INTEGER),
    }


def _state(*, pending: bool, skipped: bool, has_report: bool) -> str:
    if pending:
        return "processing"
    if skipped:
        return "skipped"
    return "complete" if has_report else "error"
