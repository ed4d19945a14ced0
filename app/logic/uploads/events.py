"""The timeline of an upload: what happened to it and when, as a person reads it in `coverage-worker status`."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from peewee import PeeweeException

from app.helpers.text import storable_json
from app.models.database import db
from app.models.machinery import UploadEvent

log = structlog.get_logger(__name__)

ACCEPTED = "accepted"
PREPARED = "prepared"
CARRIED = "carried_forward"
NOT_CARRIED = "not_carried_forward"
PROCESSING = "processing"
PROCESSED = "processed"
FAILED = "failed"
MERGED = "merged"
COMPARED = "compared"
NOTIFIED = "notified"


def record(
    repo_id: int,
    sha: str,
    milestone: str,
    upload_ids: Sequence[int] = (),
    *,
    error: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write one event; a failure to write it is logged and never reaches the caller's work."""
    try:
        with db.atomic():
            UploadEvent.record(
                repo_id,
                sha,
                upload_ids=list(upload_ids),
                milestone=milestone,
                error=error,
                extra=storable_json(dict(extra or {})),
            )
    except PeeweeException as failure:
        log.warning("upload.event.lost", milestone=milestone, sha=sha, error_class=type(failure).__name__)
