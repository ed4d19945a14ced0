"""The timeline of an upload: what happened to it and when, as a person reads it in `coverage-worker status`.

This is the one vocabulary: every milestone and every problem that a row may hold, with the text shown and what to do.
`code` is the short code of the same thing in the public upload log ("breadcrumbs"), for pages that know those codes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from peewee import PeeweeException

from app.helpers.text import storable_json
from app.logic.uploads import problems
from app.models.database import db
from app.models.machinery import UploadEvent

log = structlog.get_logger(__name__)

ACCEPTED = "accepted"
REFUSED = "refused"
DETAILS = "details"
DETAILS_MISSING = "details_missing"
PREPARED = "prepared"
CARRIED = "carried_forward"
NOT_CARRIED = "not_carried_forward"
REBOOKED = "rebooked"
PROCESSING = "processing"
WAITING = "waiting"
WAITING_FOR_STORAGE = "waiting_for_storage"
PROCESSED = "processed"
FAILED = "failed"
REPROCESSED = "reprocessed"
MERGED = "merged"
MERGE_FAILED = "merge_failed"
TRANSPLANTED = "transplanted"
COMPARED = "compared"
NOTIFIED = "notified"
NOTIFY_FAILED = "notify_failed"
EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone in words."""

    text: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem in words: what is wrong, and what mends it."""

    text: str
    remedy: str
    code: str = "u"


MILESTONES: Final[Mapping[str, Step]] = {
    ACCEPTED: Step("upload accepted", "wfcu"),
    REFUSED: Step("upload refused"),
    DETAILS: Step("commit details fetched", "fcd"),
    DETAILS_MISSING: Step("commit details not available"),
    PREPARED: Step("ready to process uploads", "rfr"),
    CARRIED: Step("coverage carried forward from an earlier commit"),
    NOT_CARRIED: Step("no coverage carried forward"),
    REBOOKED: Step("uploads moved from a synthetic merge commit to the head it merges"),
    PROCESSING: Step("a worker reads the upload", "pu"),
    WAITING: Step("waiting for the raw object", "wfcu"),
    WAITING_FOR_STORAGE: Step("waiting for object storage"),
    PROCESSED: Step("upload processed"),
    FAILED: Step("upload failed"),
    REPROCESSED: Step("an operator had the upload read again"),
    MERGED: Step("merged into the report of the commit", "uc"),
    MERGE_FAILED: Step("merge failed"),
    TRANSPLANTED: Step("coverage taken over from another commit"),
    COMPARED: Step("compared with the base", "cp"),
    NOTIFIED: Step("people notified", "ns"),
    NOTIFY_FAILED: Step("notification failed"),
    EXPIRED: Step("raw object deleted by age"),
}

_TOKEN = "the token of the Git host: is it valid, and may it read this repository and write statuses and comments?"
_LATER = "nothing: it is tried again by itself"

TROUBLES: Final[Mapping[str, Trouble]] = {
    problems.FILE_NOT_IN_STORAGE: Trouble(
        problems.TEXTS[problems.FILE_NOT_IN_STORAGE], "look at the log of the uploader, then upload again", "fnis"
    ),
    problems.REPORT_EXPIRED: Trouble(
        problems.TEXTS[problems.REPORT_EXPIRED], "run the tests again, or raise codecov.max_report_age", "rpe"
    ),
    problems.REPORT_EMPTY: Trouble(
        problems.TEXTS[problems.REPORT_EMPTY], "compare the paths of the report with `git ls-files`", "rem"
    ),
    problems.PROCESSING_TIMEOUT: Trouble(
        problems.TEXTS[problems.PROCESSING_TIMEOUT], "make the report smaller, or `reprocess` it", "tto"
    ),
    problems.UNKNOWN_PROCESSING: Trouble(
        problems.TEXTS[problems.UNKNOWN_PROCESSING], "try the file with `coverage-worker inspect`", "uf"
    ),
    problems.UNSUPPORTED_FILE_FORMAT: Trouble(
        problems.TEXTS[problems.UNSUPPORTED_FILE_FORMAT], "the notes say what to upload instead", "uf"
    ),
    problems.UNKNOWN_STORAGE: Trouble(
        problems.TEXTS[problems.UNKNOWN_STORAGE],
        "run `coverage-worker doctor`; an upload that waits comes back by itself, one that failed with `reprocess`",
    ),
    problems.PARSED_OBJECT_LOST: Trouble(
        problems.TEXTS[problems.PARSED_OBJECT_LOST], "upload reports of its flags for this commit"
    ),
    "no_credentials": Trouble("There is no token for the Git host.", "set providers.github.token", "rmb"),
    "unauthorized": Trouble("The Git host refuses the token.", _TOKEN, "gce"),
    "forbidden": Trouble("The token may not do this.", _TOKEN, "gce"),
    "repository_not_found": Trouble("The Git host shows no such repository to this token.", _TOKEN, "rnf"),
    "object_not_found": Trouble("The Git host does not know the commit.", "was it pushed?", "cnf"),
    "provider_client_error": Trouble("The Git host refused a request.", "look at the text beside it", "gce"),
    "rate_limited": Trouble("The budget of the token is used up.", _LATER, "int_rl"),
    "provider_server_error": Trouble("The Git host has an error.", _LATER, "int_re"),
    "provider_unreachable": Trouble("The Git host does not answer.", _LATER, "int_re"),
    "provider_error": Trouble("The Git host could not be used.", "look at the text beside it"),
    "assembly_failed": Trouble("The report could not be merged.", "the log of `uploads.assemble` has the traceback"),
    "notify_failed": Trouble("People could not be told.", _LATER, "int_or"),
    "transplant_failed": Trouble("The coverage of another commit could not be taken over.", "give both SHAs again"),
    "invalid_yaml": Trouble("The repository's configuration is not valid.", "correct the file at the named place"),
    "yaml_client_error": Trouble("The repository's configuration could not be read.", _TOKEN, "gce"),
    "yaml_unknown_error": Trouble("The repository's configuration could not be read.", _LATER),
    "repo_bot_invalid": Trouble("There is no usable account for the Git host.", _TOKEN, "rmb"),
    "bad_commit": Trouble("The upload names no full SHA.", "give the uploader the full SHA of the commit", "br"),
    "too_many_uploads": Trouble("The commit has as many uploads as it may have.", "raise the account's limit", "cul"),
    "repository_deleted": Trouble("The repository was deleted here.", "restore it, or upload to another", "rd"),
}


def describe(milestone: str | None) -> str:
    """Return the text of a milestone; one of a newer release is shown as it is."""
    step = MILESTONES.get(milestone or "")
    return step.text if step is not None else milestone or ""


def trouble(code: str) -> Trouble:
    """Return what is wrong and what mends it; a code of a newer release is shown as it is."""
    return TROUBLES.get(code) or Trouble(code, "")


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
