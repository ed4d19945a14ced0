"""Actors that change whole reports."""

from typing import Any

import structlog
from marshmallow import Schema, fields, validate

from app import runtime
from app.actors.base import actor
from app.actors.uploads import assemble, prepare
from app.actors.wake import wake
from app.logic.uploads.transplant import give_up, transplant
from app.models.reports import CommitReport

log = structlog.get_logger(__name__)


def _sha(description: str) -> fields.String:
    return fields.String(
        required=True, validate=validate.Regexp(r"[0-9a-f]{40,64}\Z"), metadata={"description": description}
    )


class Transplant(Schema):
    repo_id = fields.Integer(strict=True, required=True, metadata={"description": "repositories.id"})
    from_sha = _sha("commits.sha that has the coverage")
    to_sha = _sha("commits.sha that gets it")


def _record_failure(payload: dict[str, Any], error: BaseException) -> None:
    give_up(int(payload["repo_id"]), str(payload["to_sha"]), error)


@actor(
    name="reports.transplant",
    queue="reports",
    schema=Transplant,
    time_limit=300_000,
    on_exhausted=_record_failure,
)
def transplant_report(repo_id: int, from_sha: str, to_sha: str) -> None:
    """Give a commit the coverage of another one."""
    result = transplant(runtime.current().storage, repo_id, from_sha, to_sha)
    if result.report_id is None:
        log.warning("report.not_transplanted", repo_id=repo_id, outcome=result.outcome)
        return
    # Also when nothing was added: this may be the repetition of a message whose worker died before this line.
    wake_report(result.report_id)


def wake_report(report_id: int) -> None:
    """Have a report that got sessions assembled, and prepared if it has never been."""
    if CommitReport.get_by_id(report_id).config is None:
        wake(prepare, report_id=report_id)
    wake(assemble, report_id=report_id)
