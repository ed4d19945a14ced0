"""What we read of GitHub's answers: schemas that ignore unknown fields and turn payloads into neutral values.

Source of the shapes: GitHub REST API reference, version 2022-11-28.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from app.clients.git.base import (
    Author,
    Comment,
    Commit,
    CommitStatus,
    EntryKind,
    Pull,
    PullCommit,
    StatusState,
    TreeEntry,
)
from app.helpers.diff import Diff, DiffKind, FileDiff
from app.helpers.unified_diff import parse_hunks

logger = structlog.get_logger(__name__)

MAX_COMPARE_FILES: Final = 300  # GitHub lists no more files of a comparison
_DIFF_KINDS: Final[Mapping[str, DiffKind]] = {"added": "new", "copied": "new", "removed": "deleted"}
_STATUS_STATES: Final[Mapping[str, StatusState]] = {
    "pending": "pending",
    "success": "success",
    "failure": "failure",
    "error": "error",
}
_CONCLUSIONS: Final[Mapping[str, StatusState]] = {
    "success": "success",
    "neutral": "success",
    "skipped": "success",
    "failure": "failure",
    "timed_out": "failure",
    "cancelled": "failure",
    "action_required": "failure",
    "startup_failure": "failure",
    "stale": "failure",
}

_ENTRY_KINDS: Final[Mapping[str, EntryKind]] = {"file": "file", "dir": "folder"}


class _Payload(Schema):
    class Meta:
        unknown = EXCLUDE


def _sha() -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{40,64}\Z"))


def _optional_text(name: str | None = None) -> fields.String:
    return fields.String(load_default=None, allow_none=True, data_key=name)


def _time() -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", default_timezone=UTC, load_default=None, allow_none=True)


class _Sha(_Payload):
    sha = _sha()


class _Account(_Payload):
    id = fields.Integer(load_default=None, allow_none=True)
    login = _optional_text()


class _Signature(_Payload):
    name = _optional_text()
    email = _optional_text()
    date = _time()


class _CommitText(_Payload):
    message = fields.String(load_default="")
    author = fields.Nested(_Signature, load_default=None, allow_none=True)
    committer = fields.Nested(_Signature, load_default=None, allow_none=True)


def _author(account: Mapping[str, Any] | None, signature: Mapping[str, Any] | None = None) -> Author:
    account, signature = account or {}, signature or {}
    number = account.get("id")
    return Author(
        None if number is None else str(number), account.get("login"), signature.get("name"), signature.get("email")
    )


def _utc(time: datetime | None) -> datetime:
    if time is None:
        raise ValidationError("Missing date.", "commit")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValidationError("Date out of range.", "commit") from None


class CommitPayload(_Payload):
    """A commit, as every endpoint that lists or shows commits gives it -> Commit."""

    sha = _sha()
    commit = fields.Nested(_CommitText, required=True)
    author = fields.Nested(_Account, load_default=None, allow_none=True)
    parents = fields.List(fields.Nested(_Sha), load_default=list)

    @post_load
    def _commit(self, data: dict[str, Any], **_: Any) -> Commit:
        text = data["commit"]
        dates = [signature["date"] for signature in (text["committer"], text["author"]) if signature]
        return Commit(
            sha=data["sha"],
            message=text["message"],
            timestamp=_utc(next(filter(None, dates), None)),
            author=_author(data["author"], text["author"]),
            parents=tuple(parent["sha"] for parent in data["parents"]),
        )


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One entry of a list of changed files; `cut` says that GitHub left out some of its lines."""

    diff: FileDiff
    cut: bool


class ChangedFilePayload(_Payload):
    """One changed file with its own piece of patch -> ChangedFile."""

    filename = fields.String(required=True)
    previous_filename = _optional_text()
    status = fields.String(required=True)
    additions = fields.Integer(load_default=0)
    deletions = fields.Integer(load_default=0)
    patch = _optional_text()

    @post_load
    def _file(self, data: dict[str, Any], **_: Any) -> ChangedFile:
        path = data["filename"]
        kind = _DIFF_KINDS.get(data["status"], "modified")
        if kind == "deleted":
            return ChangedFile(FileDiff(path, kind, before=path), cut=False)
        before = data["previous_filename"] if data["status"] == "renamed" else None
        file = FileDiff(path, kind, before, parse_hunks(data["patch"] or ""))
        cut = len(file.added_lines()) != data["additions"] or len(file.removed_lines()) != data["deletions"]
        return ChangedFile(file, cut)


def diff_of(files: Sequence[ChangedFile], *, most: int = MAX_COMPARE_FILES) -> Diff:
    """Join listed files; `incomplete` when the list is as long as GitHub makes it, or a file lacks lines."""
    return Diff({file.diff.path: file.diff for file in files}, len(files) >= most or any(file.cut for file in files))


class CommitFilesPayload(_Payload):
    """The files of a commit -> {"files": [ChangedFile]}."""

    files = fields.List(fields.Nested(ChangedFilePayload), load_default=list)


class ComparePayload(_Payload):
    """A three-dot comparison -> {"files", "commits", "base_commit", "merge_base_commit", "behind_by"}."""

    files = fields.List(fields.Nested(ChangedFilePayload), load_default=list)
    commits = fields.List(fields.Nested(CommitPayload), load_default=list)
    base_commit = fields.Nested(CommitPayload, required=True)


class MergeBasePayload(_Payload):
    """The little of a comparison that tells where two commits stand -> {"merge_base_commit": {"sha"}, "behind_by"}."""

    merge_base_commit = fields.Nested(_Sha, load_default=None, allow_none=True)
    behind_by = fields.Integer(load_default=None, allow_none=True, strict=True)


class _Repo(_Payload):
    id = fields.Integer(load_default=None, allow_none=True)
    full_name = fields.String(required=True)


class _PullEnd(_Payload):
    ref = fields.String(required=True)
    sha = _sha()
    repo = fields.Nested(_Repo, load_default=None, allow_none=True)


class _Label(_Payload):
    name = fields.String(required=True)


def _pull_commit(end: Mapping[str, Any]) -> PullCommit:
    return PullCommit(end["ref"], end["sha"], end["repo"]["full_name"] if end["repo"] else None)


class PullPayload(_Payload):
    """A pull request -> Pull whose base is the tip of the target branch at GitHub's last sync."""

    number = fields.Integer(required=True)
    title = fields.String(load_default="")
    state = fields.String(required=True, validate=validate.OneOf(("open", "closed")))
    merged = fields.Boolean(load_default=False)
    user = fields.Nested(_Account, load_default=None, allow_none=True)
    base = fields.Nested(_PullEnd, required=True)
    head = fields.Nested(_PullEnd, required=True)
    labels = fields.List(fields.Nested(_Label), load_default=list)
    merge_commit_sha = _optional_text()

    @post_load
    def _pull(self, data: dict[str, Any], **_: Any) -> Pull:
        base, head = data["base"], data["head"]
        return Pull(
            number=data["number"],
            title=data["title"],
            state="merged" if data["merged"] else data["state"],
            author=_author(data["user"]),
            base=_pull_commit(base),
            head=_pull_commit(head),
            labels=tuple(label["name"] for label in data["labels"]),
            # For an open pull request GitHub puts the SHA of a test merge here.
            merge_commit_sha=data["merge_commit_sha"] if data["merged"] else None,
            # Only a fork can vanish under its pull request.
            is_fork=head["repo"] is None or head["repo"] != base["repo"],
        )


class StatusPayload(_Payload):
    """One commit status -> CommitStatus."""

    context = fields.String(required=True)
    state = fields.String(required=True)
    description = _optional_text()
    target_url = _optional_text()
    updated_at = _time()

    @post_load
    def _status(self, data: dict[str, Any], **_: Any) -> CommitStatus:
        state = _known(_STATUS_STATES, data["state"])
        return CommitStatus(data["context"], state, data["description"] or "", data["target_url"], data["updated_at"])


class CombinedStatusPayload(_Payload):
    """The latest status of every context -> {"statuses": [CommitStatus]}."""

    statuses = fields.List(fields.Nested(StatusPayload), load_default=list)


class _CheckOutput(_Payload):
    title = _optional_text()


class CheckRunPayload(_Payload):
    """One check run -> CommitStatus."""

    name = fields.String(required=True)
    status = fields.String(required=True)
    conclusion = _optional_text()
    details_url = _optional_text()
    started_at = _time()
    completed_at = _time()
    output = fields.Nested(_CheckOutput, load_default=None, allow_none=True)

    @post_load
    def _status(self, data: dict[str, Any], **_: Any) -> CommitStatus:
        state = _known(_CONCLUSIONS, data["conclusion"]) if data["status"] == "completed" else "pending"
        title = (data["output"] or {}).get("title") or ""
        return CommitStatus(data["name"], state, title, data["details_url"], data["completed_at"] or data["started_at"])


class CheckRunsPayload(_Payload):
    """The latest check runs of a commit -> {"check_runs": [CommitStatus]}."""

    check_runs = fields.List(fields.Nested(CheckRunPayload), load_default=list)


def _known(states: Mapping[str, StatusState], name: str | None) -> StatusState:
    """Translate a state; an unknown one holds nothing up but is not taken for a result either."""
    state = states.get(name or "")
    if state is None:
        logger.warning("unknown_status_state", provider="github", state=name)
    return state or "pending"


class CommentPayload(_Payload):
    """A comment -> Comment."""

    id = fields.Integer(required=True)
    body = _optional_text()

    @post_load
    def _comment(self, data: dict[str, Any], **_: Any) -> Comment:
        return Comment(str(data["id"]), data["body"] or "")


class BranchPayload(_Payload):
    """A branch -> {"commit": {"sha"}}."""

    commit = fields.Nested(_Sha, required=True)


class EntryPayload(_Payload):
    """One entry of a folder -> TreeEntry."""

    path = fields.String(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)

    @post_load
    def _entry(self, data: dict[str, Any], **_: Any) -> TreeEntry:
        return TreeEntry(data["path"], data["name"], _ENTRY_KINDS.get(data["type"], "other"))


class FolderPayload(_Payload):
    """A folder, as the media type `object` gives it -> {"entries": [TreeEntry]}, None for what is no folder."""

    entries = fields.List(fields.Nested(EntryPayload), load_default=None, allow_none=True)


class TreePayload(_Payload):
    """A Git tree -> {"tree": entries as given, "truncated": bool}.

    Trees hold up to 100 000 entries, so these are read as they are: a schema per entry would take seconds.
    """

    tree = fields.List(fields.Raw(), required=True)
    truncated = fields.Boolean(load_default=False)
