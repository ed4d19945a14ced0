"""Deliver statuses and the comment once: equal payloads are skipped, an existing comment is edited."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from app.clients.git.base import CommitStatus, GitError, GitProvider, ObjectNotFound
from app.logic.notifications.comment import marker
from app.logic.notifications.statuses import StatusDecision
from app.models.database import now
from app.models.git import Commit, Pull
from app.models.results import Notification, PullComment

POSTING_PATIENCE = timedelta(minutes=2)  # longer than any single post may take; then the poster is taken for dead


class CommentBusy(GitError):
    """Another worker is posting the first comment of the pull request at this moment."""

    code = "comment_busy"
    permanent = False


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the notifications of one run go: the commit on its host, under our names, for a report generation."""

    git: GitProvider
    commit: Commit
    status_prefix: str
    brand: str
    generation: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happened to one notification: sent, payload_unchanged, already_done, or the code of the error."""

    name: str
    outcome: str
    text: str = ""


def deliver_status(
    channel: Channel, decision: StatusDecision, url: str, coverage: Decimal | None
) -> tuple[Delivery, GitError | None]:
    """Post a status unless the host already shows it; a temporary error comes back too, so that it can be retried."""
    context = f"{channel.status_prefix}/{decision.kind}"
    row = Notification.ensure(channel.commit.id, f"status_{decision.kind}", "default")
    digest = _digest(decision.state, decision.description, url)
    if _said(row, digest):
        return Delivery(context, "payload_unchanged", decision.description), None
    status = CommitStatus(context, decision.state, decision.description, url)
    outcome = "sent"
    try:
        if _shown(channel.git, channel.commit.sha, status):
            outcome = "already_done"
        else:
            channel.git.set_status(channel.commit.sha, status, coverage=float(coverage or 0))
    except GitError as error:
        return _failed(row, context, error)
    _succeeded(row, digest, channel.generation)
    return Delivery(context, outcome, decision.description), None


def _shown(git: GitProvider, sha: str, status: CommitStatus) -> bool:
    return any(
        (known.context, known.state, known.description) == (status.context, status.state, status.description)
        for known in git.get_statuses(sha)
    )


def deliver_comment(channel: Channel, pull: Pull, body: str) -> tuple[Delivery, GitError | None]:
    """Post the comment of a pull request, or edit the one that is there: the row is reserved before the first post."""
    row = Notification.ensure(channel.commit.id, "comment")
    digest = _digest(body)
    slot = PullComment.reserve(pull.id, "main", POSTING_PATIENCE)
    if slot is None:
        return Delivery("comment", CommentBusy.code), CommentBusy("the comment is being posted by another worker")
    if slot.provider_comment_id is not None and slot.body_hash is not None and bytes(slot.body_hash) == digest:
        _succeeded(row, digest, channel.generation)
        return Delivery("comment", "payload_unchanged", body), None
    try:
        comment_id = _put_comment(channel.git, pull.number, slot.provider_comment_id, body, marker(channel.brand))
    except GitError as error:
        return _failed(row, "comment", error)
    PullComment.update(provider_comment_id=comment_id, body_hash=digest, posted_at=now()).where(
        (PullComment.pull == pull.id) & (PullComment.kind == "main")
    ).execute()
    _succeeded(row, digest, channel.generation)
    return Delivery("comment", "sent", body), None


def _put_comment(git: GitProvider, number: int, known: str | None, body: str, mark: str) -> str:
    if known is None:
        # A worker may have died between posting and remembering the id.
        found = git.find_comment(number, mark)
        known = found.id if found is not None else None
    if known is not None:
        try:
            git.edit_comment(number, known, body)
        except ObjectNotFound:
            return git.post_comment(number, body)
        return known
    return git.post_comment(number, body)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()


def _said(row: Notification, digest: bytes) -> bool:
    return row.state == "success" and row.payload_hash is not None and bytes(row.payload_hash) == digest


def _succeeded(row: Notification, digest: bytes, generation: int) -> None:
    Notification.update(
        state="success", payload_hash=digest, generation=generation, attempts=Notification.attempts + 1, detail=None
    ).where(Notification.id == row.id).execute()


def _failed(row: Notification, name: str, error: GitError) -> tuple[Delivery, GitError | None]:
    Notification.update(state="error", attempts=Notification.attempts + 1, detail=error.code).where(
        Notification.id == row.id
    ).execute()
    return Delivery(name, error.code), None if error.permanent else error
