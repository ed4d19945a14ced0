"""The base layer: coverage of flags that a commit may not upload, carried from its nearest ancestor with a report.

It is decided once. Until then the uploads of the commit go on without it; after that its sessions are uploads like the
others. What is carried, and when: docs/carryforward.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog
from peewee import fn

from app.clients.git.base import GitError, RateLimited
from app.clients.storage import ObjectStorage, StorageError
from app.helpers.diff import Diff
from app.logic.coverage.expressions import PatternInvalid
from app.logic.uploads import events, objects
from app.logic.uploads.base_sessions import Carried, NotCarried, Source, carry_sessions, read_source
from app.logic.uploads.base_source import Candidate, GitFor
from app.logic.uploads.carryforward import carried_name, choose_carried, is_enabled
from app.models.database import db
from app.models.git import Commit
from app.models.reports import FIRST_CARRIED_INDEX, CommitReport, Upload, UploadFlag

log = structlog.get_logger(__name__)

# Waits for an ancestor, the Git host or storage; who still cannot be had after the last one is done without.
RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """What is known of a base layer. "not_ready" = come back at `retry_at`; `reason` says why there is none (yet).

    `fresh` = this call made it, and the report wants assembly.
    """

    outcome: Literal["ready", "none", "not_ready"]
    retry_at: datetime | None = None
    reason: str | None = None
    fresh: bool = False


def build_base_layer(
    storage: ObjectStorage, git_for: GitFor, report: CommitReport, now: datetime, max_age: timedelta | None = None
) -> BaseLayer:
    """Decide what a commit report carries from an earlier commit, and store it; repeating that changes nothing.

    The configuration of the report must be pinned. Uploads that came more than `max_age` before the report are left
    behind, however often they were carried since; None = any age. What goes wrong outside becomes a reason, never an
    exception, because uploads must not wait for it. Any number of builders may work at once: the first to end decides.
    """
    assert report.config is not None, "the configuration is pinned before anything is carried"
    if report.base_state != "unknown":
        return _standing(report)
    if not is_enabled(report.config):
        return _settle(report, None)
    if report.base_not_before is not None and now < report.base_not_before:
        return _standing(report)
    try:
        return _build(storage, git_for, report, max_age)
    except PatternInvalid:
        return _settle(report, "path_pattern_invalid")
    except (NotCarried, GitError, StorageError) as error:
        if error.permanent:
            return _settle(report, error.code)
        not_before = error.reset_at if isinstance(error, RateLimited) else now
        return _put_off(report, error.code, now, not_before, getattr(error, "awaits", None))


def _build(storage: ObjectStorage, git_for: GitFor, report: CommitReport, max_age: timedelta | None) -> BaseLayer:
    commit = report.commit
    source = read_source(git_for, commit, None if max_age is None else report.created_at - max_age)
    names = {upload_id: [flag.name for flag in flags] for upload_id, flags in source.flags.items()}
    carry = choose_carried(report.config, names)
    if not carry.sessions:
        raise NotCarried("no_flag_to_carry", permanent=True)
    diff, problem = _diff(git_for, source.candidate, report)
    carried = carry_sessions(storage, source, carry, diff, commit)
    if not carried:
        raise NotCarried("no_line_left", permanent=True)
    facts = {"source": source.candidate.sha, "sessions": len(carried), "flags": len(carry.flags)}
    return _store(report, source, carried, facts | ({} if problem is None else {"diff": problem}))


def _diff(git_for: GitFor, source: Candidate, report: CommitReport) -> tuple[Diff, str | None]:
    """Return what changed since the source, and what is wrong with that: without any diff lines stay where they were.

    Raises a temporary GitError as long as it can be asked again later.
    """
    commit = report.commit
    try:
        diff = git_for(commit.repo).get_compare(source.sha, commit.sha).diff
    except GitError as error:
        if not error.permanent and report.base_attempts < len(RETRIES):
            raise
        log.info("base_layer.without_diff", report_id=report.id, source=source.sha, code=error.code)
        return Diff(), error.code
    return diff, "incomplete" if diff.incomplete else None


def _store(report: CommitReport, source: Source, carried: Sequence[Carried], facts: Mapping[str, Any]) -> BaseLayer:
    """Write the rows of all sessions and the decision in one transaction; the first builder to come here wins."""
    with db.atomic():
        locked = CommitReport.lock(report.id)
        if locked is None or locked.base_state != "unknown":
            return _standing(locked)
        rows = [
            _create(report, source, session, FIRST_CARRIED_INDEX + position) for position, session in enumerate(carried)
        ]
        CommitReport.update(base_state="ready", base_from_sha=source.candidate.sha, base_not_before=None).where(
            CommitReport.id == report.id
        ).execute()
        CommitReport.want_assembly(report.id)
        commit = report.commit
        events.record(commit.repo_id, commit.sha, events.CARRIED, [row.id for row in rows], extra=facts)
    return BaseLayer("ready", fresh=True)


def _create(report: CommitReport, source: Source, session: Carried, index: int) -> Upload:
    old = session.source
    row = Upload.carry(
        old,
        report.id,
        index,
        external_id=session.external_id,
        state="processed",
        carried_from_sha=source.candidate.sha,
        name=carried_name(old.name),
        parsed_path=session.path,
        parsed_identity=session.identity,
        parsed_at=fn.now(),
        totals=session.totals,
        created_at=old.created_at,  # the age of the data, however often it is carried
    )
    UploadFlag.link(row.id, source.flags[old.id])
    objects.adopt(session.path)
    return row


def _standing(report: CommitReport | None) -> BaseLayer:
    if report is None:
        return BaseLayer("none", reason="report_deleted")
    if report.base_state == "unknown":
        return BaseLayer("not_ready", report.base_not_before)
    return BaseLayer("ready" if report.base_state == "ready" else "none")


def _settle(report: CommitReport, reason: str | None) -> BaseLayer:
    """Decide that nothing is carried; a reason is told to people, None = they did not ask for anything."""
    undecided = (CommitReport.id == report.id) & (CommitReport.base_state == "unknown")
    with db.atomic():
        if (
            not CommitReport.update(base_state="none", base_not_before=None, base_from_sha=None)
            .where(undecided)
            .execute()
        ):
            return _standing(CommitReport.get_or_none(CommitReport.id == report.id))
        if reason is not None:
            commit = report.commit
            events.record(commit.repo_id, commit.sha, events.NOT_CARRIED, extra={"reason": reason})
    return BaseLayer("none", reason=reason)


def recall_waiting(report: CommitReport) -> tuple[int, ...]:
    """Return the reports that wait for this one to carry from it, and let them try at once: that is no try more."""
    commit = report.commit
    waiting = (
        (CommitReport.base_state == "unknown")
        & (CommitReport.base_from_sha == commit.sha)
        & CommitReport.commit.in_(Commit.select(Commit.id).where(Commit.repo == commit.repo_id))
    )
    tries = fn.GREATEST(CommitReport.base_attempts - 1, 0)
    recalled = CommitReport.update(base_not_before=fn.now(), base_from_sha=None, base_attempts=tries).where(waiting)
    return tuple(row.id for row in recalled.returning(CommitReport).execute())


def _put_off(report: CommitReport, reason: str, now: datetime, not_before: datetime, awaits: str | None) -> BaseLayer:
    """Note when to try again; builders that fail at the same time count as one try."""
    if report.base_attempts >= len(RETRIES):
        return _settle(report, reason)
    due = max(now + RETRIES[report.base_attempts], not_before)
    as_read = (
        (CommitReport.id == report.id)
        & (CommitReport.base_state == "unknown")
        & (CommitReport.base_attempts == report.base_attempts)
    )
    tried = {"base_attempts": report.base_attempts + 1, "base_not_before": due, "base_from_sha": awaits}
    if not CommitReport.update(**tried).where(as_read).execute():
        return _standing(CommitReport.get_or_none(CommitReport.id == report.id))
    log.info("base_layer.put_off", report_id=report.id, reason=reason, due=due.isoformat())
    return BaseLayer("not_ready", due, reason)
