"""Actors that compare a commit with its base."""

from typing import Any

from marshmallow import Schema, fields

from app import runtime
from app.actors.base import actor
from app.actors.notify import notify_commit
from app.actors.wake import is_repeated, wake
from app.logic.comparison.compute import compute_comparison, give_up


class ComparisonId(Schema):
    comparison_id = fields.Integer(strict=True, required=True, metadata={"description": "comparisons.id"})


def _tell_without(payload: dict[str, Any], error: BaseException) -> None:
    head_commit_id = give_up(int(payload["comparison_id"]), error)
    if head_commit_id is not None:
        wake(notify_commit, commit_id=head_commit_id)


@actor(
    name="comparisons.compute",
    queue="reports",
    schema=ComparisonId,
    time_limit=300_000,
    on_exhausted=_tell_without,
)
def compute(comparison_id: int) -> None:
    """Compute and store a comparison, then have people told."""
    run = runtime.current()
    result = compute_comparison(run.storage, run.git_for, comparison_id)
    if result.outcome == "claimed_elsewhere" and not is_repeated():
        return  # the other worker tells, unless this was its message
    if result.head_commit_id is not None:
        wake(notify_commit, commit_id=result.head_commit_id)
