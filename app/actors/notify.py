"""Actors that tell people about commits."""

from marshmallow import Schema, fields

from app import metrics, runtime
from app.actors.base import actor
from app.actors.wake import wake
from app.logic.notifications import notify as logic


class CommitId(Schema):
    commit_id = fields.Integer(strict=True, required=True, metadata={"description": "commits.id"})


@actor(name="notify.commit", queue="notify", schema=CommitId, time_limit=180_000)
def notify_commit(commit_id: int) -> None:
    """Post statuses and the pull-request comment of a commit."""
    run = runtime.current()
    result = logic.notify_commit(run.storage, run.git_for, commit_id, run.notify_policy)
    for delivery in result.deliveries:
        kind = "comment" if delivery.name == "comment" else f"status_{delivery.name.rpartition('/')[2]}"
        outcome = "ok" if delivery.outcome in logic.QUIET_OUTCOMES else "error"
        metrics.notifications.labels(kind, outcome, delivery.outcome).inc()
    run.notified(commit_id, result)
    if result.again:
        wake(notify_commit, commit_id=commit_id)
