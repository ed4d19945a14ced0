"""A Git host in memory that keeps what is posted and records every call."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from app.clients.git.base import (
    Author,
    Comment,
    Commit,
    CommitStatus,
    Compare,
    GitError,
    ObjectNotFound,
    Pull,
    TreeEntry,
    carries_marker,
)
from app.helpers.diff import Diff

NOBODY = Author(None, None, None, None)
WRITES = ("set_status", "post_comment", "edit_comment", "delete_comment")


@dataclass
class FakeHost:
    """One repository. `failures` are raised, in order, by the operations they are listed under.

    `before` is called with the name and the arguments of each operation, ahead of its work.
    """

    diffs: Mapping[tuple[str, str], Diff] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    behind: int | None = None
    message: str = "Fuel the rocket"
    comments: dict[str, str] = field(default_factory=dict)
    statuses: dict[tuple[str, str], CommitStatus] = field(default_factory=dict)
    coverage: list[float | None] = field(default_factory=list)
    failures: dict[str, list[GitError]] = field(default_factory=dict)
    before: Callable[..., object] | None = None
    calls: list[tuple[object, ...]] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    @property
    def writes(self) -> list[object]:
        """The names of the operations that changed something here, or tried."""
        return [name for name, *_ in self.calls if name in WRITES]

    def _called(self, name: str, *arguments: object) -> None:
        with self._lock:
            self.calls.append((name, *arguments))
            errors = self.failures.get(name)
            error = errors.pop(0) if errors else None
        if self.before is not None:
            self.before(name, *arguments)
        if error is not None:
            raise error

    def get_commit(self, sha: str) -> Commit:
        self._called("get_commit", sha)
        return Commit(sha, self.message, datetime.now(UTC), NOBODY, self._parents(sha))

    def get_ancestors(self, sha: str, limit: int = 100) -> Sequence[tuple[str, tuple[str, ...]]]:
        self._called("get_ancestors", sha)
        listed = [(sha, self._parents(sha))]
        while listed[-1][1]:
            listed.append((listed[-1][1][0], self._parents(listed[-1][1][0])))
        return listed[:limit]

    def _parents(self, sha: str) -> tuple[str, ...]:
        return (self.parents[sha],) if sha in self.parents else ()

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare:
        self._called("get_compare", base, head)
        try:
            return Compare(self.diffs[base, head])
        except KeyError:
            raise ObjectNotFound(f"no comparison of {base} and {head}") from None

    def get_commit_diff(self, sha: str) -> Diff:
        self._called("get_commit_diff", sha)
        return Diff()

    def get_pull(self, number: int) -> Pull:
        self._called("get_pull", number)
        if number not in self.pulls:
            raise ObjectNotFound(f"no pull request {number}")
        return self.pulls[number]

    def find_pull(self, sha: str, branch: str | None = None) -> int | None:
        self._called("find_pull", sha)
        return next((number for number, pull in self.pulls.items() if pull.head.sha == sha), None)

    def get_statuses(self, sha: str) -> Sequence[CommitStatus]:
        self._called("get_statuses", sha)
        return [status for (of, _), status in self.statuses.items() if of == sha]

    def set_status(self, sha: str, status: CommitStatus, *, coverage: float | None = None) -> None:
        self._called("set_status", sha, status.context)
        self.statuses[sha, status.context] = status
        self.coverage.append(coverage)

    def post_comment(self, pull: int, body: str) -> str:
        self._called("post_comment", pull)
        with self._lock:
            self._numbers["comment"] += 1
            number = str(self._numbers["comment"])
        self.comments[number] = body
        return number

    def edit_comment(self, pull: int, comment_id: str, body: str) -> None:
        self._called("edit_comment", pull, comment_id)
        if comment_id not in self.comments:
            raise ObjectNotFound(f"no comment {comment_id}")
        self.comments[comment_id] = body

    def delete_comment(self, pull: int, comment_id: str) -> None:
        self._called("delete_comment", pull, comment_id)
        del self.comments[comment_id]

    def find_comment(self, pull: int, marker: str) -> Comment | None:
        self._called("find_comment", pull)
        ours = [Comment(number, body) for number, body in self.comments.items() if carries_marker(body, marker)]
        return ours[-1] if ours else None

    def get_source(self, path: str, ref: str) -> bytes:
        raise ObjectNotFound(path)

    def list_files(self, ref: str) -> Sequence[str]:
        self._called("list_files", ref)
        return []

    def list_folder(self, path: str, ref: str) -> Sequence[TreeEntry]:
        self._called("list_folder", path, ref)
        return []

    def get_branch_head(self, name: str) -> str:
        raise ObjectNotFound(name)

    def behind_by(self, base_branch: str, sha: str) -> int | None:
        self._called("behind_by", base_branch, sha)
        return self.behind
