"""Actors that compare a commit with its base."""

from marshmallow import Schema, fields

from app import runtime
from app.actors.base import actor
from app.actors.notify import notify_commit
from app.actors.wake import wake
from app.logic.comparison.compute import compute_comparison


class ComparisonId(Schema):
    comparison_id = fields.Integer(strict=True, required=True, metadata={"description": "comparisons.id"})


@actor(name="comparisons.compute", queue="reports", schema=ComparisonId, time_limit=300_000)
def compute(comparison_id: int) -> None:
    """Compute and store a comparison, then have people told."""
    run = runtime.current()
    result = compute_comparison(run.storage, run.git_for, comparison_id)
    if result.head_commit_id is not None:
        wake(notify_commit, commit_id=result.head_commit_id)
