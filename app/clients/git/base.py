"""The neutral interface of Git hosts: value types, errors and the operations the logic layer uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from app.helpers.diff import Diff

PullState = Literal["open", "closed", "merged"]
StatusState = Literal["pending", "success", "failure", "error"]
EntryKind = Literal["file", "folder", "other"]


@dataclass(frozen=True, slots=True)
class RepoRef:
    """Which repository: provider code, the host's own ids (survive renames) and the current names."""

    provider: str
    owner_id: str
    owner: str
    repo_id: str
    name: str

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Author:
    id: str | None
    username: str | None
    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `timestamp` is aware UTC, `parents` are full SHAs."""

    sha: str
    message: str
    timestamp: datetime
    author: Author
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullCommit:
    """One end of a pull request; `slug` None = unknown (deleted fork)."""

    branch: str
    sha: str
    slug: str | None


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; `base.sha` is the real fork point, not the tip of the target branch."""

    number: int
    title: str
    state: PullState
    author: Author
    base: PullCommit
    head: PullCommit
    labels: tuple[str, ...] = ()
    merge_commit_sha: str | None = None
    is_fork: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """The change from the merge base of two commits to the second one; commits newest first, the first one last."""

    diff: Diff
    commits: tuple[Commit, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitStatus:
    context: str
    state: StatusState
    description: str
    url: str | None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    body: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a folder; `path` is from the root of the repository, `other` is a symbolic link or a submodule."""

    path: str
    name: str
    kind: EntryKind


def choose_pull(heads: Mapping[int, PullCommit], sha: str, branch: str | None) -> int | None:
    """Choose among pull requests that contain a commit: the one it is the head of, then by branch, then the newest."""
    return max(
        heads, key=lambda number: (heads[number].sha == sha, heads[number].branch == branch, number), default=None
    )


def carries_marker(body: str, marker: str) -> bool:
    """Say whether a comment is ours: a line starts with the marker (a reply that quotes it has `> ` before it)."""
    return any(line.startswith(marker) for line in body.splitlines())


class GitError(Exception):
    """Base of every error of a Git client; `code` is stable and shown to users, `permanent` forbids a retry."""

    code = "provider_error"
    permanent = True


class Misconfigured(GitError):
    """No usable credential is configured."""

    code = "no_credentials"


class Unauthorized(GitError):
    """The credential was refused (401)."""

    code = "unauthorized"


class Forbidden(GitError):
    """The credential may not do this (403 without a rate limit)."""

    code = "forbidden"


class RepoNotFound(GitError):
    """The repository does not exist or is invisible to the credential."""

    code = "repository_not_found"


class ObjectNotFound(GitError):
    """The commit, pull, path or comment does not exist."""

    code = "object_not_found"


class ClientError(GitError):
    """Any other refusal (3xx, 4xx)."""

    code = "provider_client_error"


class RateLimited(GitError):
    """The budget of the credential is used up until `reset_at` (aware UTC)."""

    code = "rate_limited"
    permanent = False

    def __init__(self, message: str, reset_at: datetime) -> None:
        super().__init__(message)
        self.reset_at = reset_at


class ServerError(GitError):
    """The host answered 5xx."""

    code = "provider_server_error"
    permanent = False


class Unreachable(GitError):
    """The host did not answer: timeout, DNS, TLS, reset."""

    code = "provider_unreachable"
    permanent = False


class GitProvider(Protocol):
    """One repository on one host. Every method raises only GitError subclasses."""

    def get_commit(self, sha: str) -> Commit: ...

    def get_ancestors(self, sha: str, limit: int = 100) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return (sha, parents) of the commit and its ancestors, nearest first."""
        ...

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare: ...

    def get_commit_diff(self, sha: str) -> Diff:
        """Return the change of a commit against its first parent."""
        ...

    def get_pull(self, number: int) -> Pull: ...

    def find_pull(self, sha: str, branch: str | None = None) -> int | None: ...

    def get_statuses(self, sha: str) -> Sequence[CommitStatus]: ...

    def set_status(self, sha: str, status: CommitStatus, *, coverage: float | None = None) -> None: ...

    def post_comment(self, pull: int, body: str) -> str:
        """Post a comment on a pull request and return its id."""
        ...

    def edit_comment(self, pull: int, comment_id: str, body: str) -> None: ...

    def delete_comment(self, pull: int, comment_id: str) -> None: ...

    def find_comment(self, pull: int, marker: str) -> Comment | None:
        """Return our newest comment that contains the hidden marker."""
        ...

    def get_source(self, path: str, ref: str) -> bytes: ...

    def list_files(self, ref: str) -> Sequence[str]:
        """Return the path of every file tracked at a commit."""
        ...

    def list_folder(self, path: str, ref: str) -> Sequence[TreeEntry]:
        """Return what a folder holds at a commit, not what its folders hold; the root is ""."""
        ...

    def get_branch_head(self, name: str) -> str: ...

    def behind_by(self, base_branch: str, sha: str) -> int | None:
        """Return how many commits of the branch tip are missing from `sha`; None where the host cannot say."""
        ...
