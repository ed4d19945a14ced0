"""Actors that tell people about commits."""

from typing import Any

from marshmallow import Schema, fields

from app import metrics, runtime
from app.actors import observe
from app.actors.base import actor
from app.actors.wake import wake
from app.clients.git.base import GitError
from app.logic.maintenance import postponed
from app.logic.notifications import notify as logic


class CommitId(Schema):
    commit_id = fields.Integer(strict=True, required=True, metadata={"description": "commits.id"})


def _try_later(payload: dict[str, Any], error: BaseException) -> None:
    postponed.postpone_notification(int(payload["commit_id"]), error)


@actor(name="notify.commit", queue="notify", schema=CommitId, time_limit=180_000, on_exhausted=_try_later)
def notify_commit(commit_id: int) -> None:
    """Post statuses and the pull-request comment of a commit."""
    run = runtime.current()
    try:
        result = logic.notify_commit(run.storage, run.git_for, commit_id, run.notify_policy)
    except GitError:
        postponed.leave_to_retry(commit_id)
        raise
    for delivery in result.deliveries:
        kind = "comment" if delivery.name == "comment" else f"status_{delivery.name.rpartition('/')[2]}"
        outcome = "ok" if delivery.outcome in logic.QUIET_OUTCOMES else "error"
        metrics.notifications.labels(kind, outcome, delivery.outcome).inc()
    if result.outcome == "notified":
        postponed.notification_worked(commit_id)
        observe.notified(commit_id)
    run.notified(commit_id, result)
    if result.again:
        wake(notify_commit, commit_id=commit_id)
