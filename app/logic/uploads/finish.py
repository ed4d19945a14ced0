"""What follows when a report is assembled: tell people, tell them that uploads failed, or wait."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from peewee import fn

from app.models.database import database_now, db
from app.models.reports import FIRST_TRANSPLANTED_INDEX, OPEN_UPLOAD_STATES, CommitReport, Upload

Hold = Literal["ci_skip", "manual_trigger", "builds", "no_coverage"]
Topic = Literal["coverage", "upload_errors"]

COMPLETION_PATIENCE = timedelta(minutes=60)  # how long a request to tell people waits for uploads that are pending
_SKIP = re.compile(r"\[(?:ci|skip| |-){3,}\]")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the uploads of a commit. Transplanted ones count: somebody asked for them to stand for builds.

    Sessions carried forward from an ancestor are no builds and count nowhere here.
    `completion_requested`: somebody said, after the last upload, that all are in.
    """

    message: str | None = None
    succeeded: int = 0
    failed: int = 0
    has_report: bool = False
    completion_requested: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """The decision: why people are not told now, or what they are told about."""

    hold: Hold | None = None
    topic: Topic = "coverage"


def decide(facts: Facts, config: Mapping[str, Any]) -> Finish:
    """Decide about a commit none of whose uploads is pending; the first rule that fits wins (docs/notifications.md).

    All uploads of the commit count, so the answer does not depend on which of them were assembled together.
    """
    notify = _notify_rules(config)
    if asks_to_skip(facts.message):
        return Finish("ci_skip")
    if not facts.completion_requested:
        if notify.get("manual_trigger"):
            return Finish("manual_trigger")
        if facts.succeeded < (notify.get("after_n_builds") or 0):
            return Finish("builds")
    if tells_of_failures(config) and (facts.failed or not facts.has_report):
        return Finish(topic="upload_errors")
    if not facts.succeeded or not facts.has_report:
        return Finish("no_coverage")
    return Finish()


def asks_to_skip(message: str | None) -> bool:
    """Say whether the message of a commit asks that nobody is told of it."""
    return message is not None and _SKIP.search(message) is not None


def skip(report_id: int) -> None:
    """Hold back a report whose commit message, not known when it was assembled, asks to skip it."""
    CommitReport.update(notify_hold="ci_skip", state="skipped").where(CommitReport.id == report_id).execute()


def tells_of_failures(config: Mapping[str, Any]) -> bool:
    """Say whether people hear of failed uploads instead of coverage."""
    return bool(_notify_rules(config).get("notify_error"))


def _notify_rules(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return (config.get("codecov") or {}).get("notify") or {}


def read_facts(report: CommitReport, *, has_report: bool | None = None) -> Facts:
    """Read the facts of a report; `has_report` overrides what its row says, for one that is about to be published."""
    build = (Upload.kind == "uploaded") | (Upload.session_index >= FIRST_TRANSPLANTED_INDEX)
    query = (
        Upload.select(Upload.state, fn.COUNT(Upload.id))
        .where((Upload.report == report.id) & build)
        .group_by(Upload.state)
    )
    counts: dict[str, int] = dict(query.tuples().iterator())
    return Facts(
        message=report.commit.message,
        succeeded=counts.get("merged", 0),
        failed=counts.get("error", 0),
        has_report=report.fingerprint is not None if has_report is None else has_report,
        completion_requested=completion_requested_at(report) is not None,
    )


def completion_requested_at(report: CommitReport) -> datetime | None:
    """Return when somebody said that all uploads are in; None = never, or an upload has come since."""
    requested: datetime | None = report.completion_requested_at
    if requested is None or (report.last_upload_at is not None and requested < report.last_upload_at):
        return None
    return requested


def waits_for_uploads(report: CommitReport, now: datetime) -> bool:
    """Say whether uploads are pending that people should not be told without.

    Somebody who has asked to tell them waits for an hour, then hears what is there.
    """
    requested = completion_requested_at(report)
    if requested is not None and now - requested > COMPLETION_PATIENCE:
        return False
    pending = (Upload.report == report.id) & Upload.state.in_(OPEN_UPLOAD_STATES)
    return bool(Upload.select().where(pending).exists())


def request_completion(report_id: int) -> int | None:
    """Note that all uploads of a report are in and people should be told; returns the commit to tell about.

    With uploads still pending, the assembly that settles the last one tells. Repeating it changes nothing.
    """
    with db.atomic():
        report = CommitReport.lock(report_id)
        if report is None:
            return None
        said_at = database_now()
        report.completion_requested_at = said_at
        hold = decide(read_facts(report), report.config or {}).hold
        values = {"completion_requested_at": said_at, "notify_hold": hold}
        CommitReport.update(values).where(CommitReport.id == report_id).execute()
        CommitReport.want_notification(report_id)
    return report.commit_id
