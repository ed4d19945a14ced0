"""Deliver statuses and the comment once: equal payloads are skipped, an existing comment is edited."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from app.clients.git.base import CommitStatus, GitError, GitProvider
from app.models.database import now
from app.models.git import Commit, Pull
from app.models.results import Notification, PullComment

log = structlog.get_logger(__name__)

COMMENT_KIND: Final = "main"
POSTING_PATIENCE: Final = timedelta(minutes=2)  # longer than any single post takes; then the poster is taken for dead


class CommentBusy(GitError):
    """Another worker is posting the first comment of the pull request at this moment."""

    code = "comment_busy"
    permanent = False


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the notifications of one run go: a commit on its host, about a generation of its report."""

    git: GitProvider
    commit: Commit
    generation: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happened to one notification: sent, payload_unchanged, already_done, or the code of the error."""

    name: str
    outcome: str
    error: GitError | None = None


def deliver_statuses(channel: Channel, statuses: Sequence[tuple[str, CommitStatus]], coverage: float) -> list[Delivery]:
    """Post the statuses of a commit, given by kind, unless the host shows them already; an error stops no other.

    `coverage` in percent is shown by hosts that have a place for it.
    """
    deliveries = []
    shown: frozenset[tuple[str, ...]] | None = None
    for kind, status in statuses:
        row = Notification.ensure(channel.commit.id, f"status_{kind}", "default")
        digest = _digest(status.state, status.description, status.url or "")
        if row.state == "success" and _equal(row.payload_hash, digest):
            deliveries.append(Delivery(status.context, "payload_unchanged"))
            continue
        try:
            shown = _shown(channel) if shown is None else shown
            outcome = "already_done" if _key(status) in shown else "sent"
            if outcome == "sent":
                channel.git.set_status(channel.commit.sha, status, coverage=coverage)
        except GitError as error:
            deliveries.append(_failed(row, status.context, error))
        else:
            deliveries.append(_succeeded(row, status.context, outcome, digest, channel.generation))
    return deliveries


def _shown(channel: Channel) -> frozenset[tuple[str, ...]]:
    try:
        return frozenset(map(_key, channel.git.get_statuses(channel.commit.sha)))
    except GitError as error:
        # Who may write need not be allowed to read; saying something twice is better than saying nothing.
        log.info("notify.statuses.unreadable", code=error.code)
        return frozenset()


def _key(status: CommitStatus) -> tuple[str, ...]:
    return status.context, status.state, status.description


def deliver_comment(channel: Channel, pull: Pull, body: str, mark: str) -> Delivery:
    """Post the comment of a pull request, or edit the one that is there; `mark` is the hidden line that tells ours.

    The slot of the pull request is reserved before the first post, so two workers never post two comments.
    """
    row = Notification.ensure(channel.commit.id, "comment")
    digest = _digest(body)
    slot = PullComment.reserve(pull.id, COMMENT_KIND, POSTING_PATIENCE)
    if slot is None:
        return Delivery("comment", CommentBusy.code, CommentBusy("the comment is being posted by another worker"))
    known = slot.provider_comment_id
    if known is not None and _equal(slot.body_hash, digest):
        return _succeeded(row, "comment", "payload_unchanged", digest, channel.generation)
    ours = (PullComment.pull == pull.id) & (PullComment.kind == COMMENT_KIND)
    try:
        comment_id = _put_comment(channel.git, pull.number, known, body, mark)
    except GitError as error:
        # Whoever tries again need not wait: a comment that was posted after all is found by its mark.
        unused = PullComment.provider_comment_id.is_null() & (PullComment.reserved_at == slot.reserved_at)
        PullComment.delete().where(ours & unused).execute()
        return _failed(row, "comment", error)
    PullComment.update(provider_comment_id=comment_id, body_hash=digest, posted_at=now()).where(ours).execute()
    return _succeeded(row, "comment", "sent", digest, channel.generation)


def _put_comment(git: GitProvider, number: int, known: str | None, body: str, mark: str) -> str:
    """Edit our comment, or post one if there is none that we may edit; return its id."""
    for comment_id in _candidates(git, number, known, mark):
        try:
            git.edit_comment(number, comment_id, body)
        except GitError as error:
            if not error.permanent:
                raise
        else:
            return comment_id
    return git.post_comment(number, body)


def _candidates(git: GitProvider, number: int, known: str | None, mark: str) -> Iterator[str]:
    """Yield the comment we remember, then the one that a worker posted and died before it could remember it."""
    if known is not None:
        yield known
    found = git.find_comment(number, mark)
    if found is not None and found.id != known:
        yield found.id


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()


def _equal(stored: bytes | memoryview | None, digest: bytes) -> bool:
    return stored is not None and bytes(stored) == digest


def _succeeded(row: Notification, name: str, outcome: str, digest: bytes, generation: int) -> Delivery:
    _store(row, state="success", payload_hash=digest, generation=generation, detail=None)
    return Delivery(name, outcome)


def _failed(row: Notification, name: str, error: GitError) -> Delivery:
    log.info("notify.failed", notification=name, code=error.code)
    _store(row, state="error", detail=error.code)
    return Delivery(name, error.code, error)


def _store(row: Notification, **values: object) -> None:
    Notification.update(attempts=Notification.attempts + 1, **values).where(Notification.id == row.id).execute()
