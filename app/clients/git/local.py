"""The client for a local Git repository: reads through the git command, keeps posts in a folder and hands them on."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.clients.git.base import (
    Author,
    Comment,
    Commit,
    CommitStatus,
    Compare,
    EntryKind,
    ObjectNotFound,
    Pull,
    PullCommit,
    TreeEntry,
    carries_marker,
    choose_pull,
)
from app.clients.git.git_command import GitCommand
from app.clients.git.local_posts import LocalPosts
from app.helpers.diff import Diff
from app.helpers.unified_diff import parse_unified

# Told after a post is stored: where it belongs ("commit <sha>" or "pull <number>") and what it says.
OnPost = Callable[[str, CommitStatus | Comment], None]

_BRANCHES: Final = ("refs/heads/", "refs/remotes/origin/")
_PULLS: Final = ("refs/pull/", "refs/remotes/origin/pull/")
# The first half of an entry's mode: a link is 120000, a submodule 160000.
_ENTRY_KINDS: Final[Mapping[str, EntryKind]] = {"100": "file", "040": "folder"}
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999: Git stores any number
_COMMIT_FIELDS: Final = ("%H", "%ct", "%an", "%ae", "%P", "%B")
# A plumbing command, so diff.* settings of the user do not apply; the prefixes are what the parser expects.
_DIFF_TREE: Final = (
    "diff-tree",
    "-p",
    "-r",
    "-M",
    "--unified=3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-commit-id",
    "--ignore-submodules",
    "--root",
)


class LocalCheckout:
    """One repository on this machine: a work tree, or a bare clone (of a bundle, a mirror).

    Statuses and comments are kept under `state` and handed to `on_post`. Pull requests are the given ones, then what
    refs `pull/<number>/head` of a mirror tell.
    """

    def __init__(
        self,
        path: Path,
        state: Path,
        pulls: Mapping[int, Pull] | None = None,
        on_post: OnPost | None = None,
        timeout: float = 60,
    ) -> None:
        self._git = GitCommand(path, timeout)
        self._posts = LocalPosts(state)
        self._pulls = pulls or {}
        self._on_post = on_post

    # Commits and changes

    def get_commit(self, sha: str) -> Commit:
        return next(self._log("--max-count=1", self._git.resolve(sha)))

    def get_ancestors(self, sha: str, limit: int = 100) -> Sequence[tuple[str, tuple[str, ...]]]:
        listed = self._git.run("rev-list", "--parents", f"--max-count={limit}", self._git.resolve(sha))
        return [(line[0], tuple(line[1:])) for line in map(str.split, listed.decode().splitlines())]

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare:
        start, end = self._git.resolve(base), self._git.resolve(head)
        fork = self._git.merge_base(start, end)
        if fork is None:
            raise ObjectNotFound(f"git: {base} and {head} have no common ancestor")
        diff = parse_unified(self._git.run(*_DIFF_TREE, fork, end))
        if not with_commits:
            return Compare(diff)
        return Compare(diff, (*self._log(f"{start}..{end}"), *self._log("--max-count=1", start)))

    def get_commit_diff(self, sha: str) -> Diff:
        end = self._git.resolve(sha)
        start = self._git.find(f"{end}^1")
        if start is None and b"\nparent " in self._git.run("cat-file", "commit", end).partition(b"\n\n")[0]:
            raise ObjectNotFound(f"git: the parent of {end} is missing: the clone is shallow")
        return parse_unified(self._git.run(*_DIFF_TREE, *([start, end] if start else [end])))

    def _log(self, *revisions: str) -> Iterator[Commit]:
        """Yield commits, newest first."""
        template = "%x00".join(_COMMIT_FIELDS)
        output = self._git.run("log", "-z", "--encoding=UTF-8", f"--format=tformat:{template}", *revisions)
        texts = output.decode(errors="replace").split("\0")
        for at in range(0, len(texts) - 1, len(_COMMIT_FIELDS)):
            sha, seconds, name, email, parents, message = texts[at : at + len(_COMMIT_FIELDS)]
            time = datetime.fromtimestamp(min(int(seconds), _LAST_SECOND), UTC)
            yield Commit(sha, message.rstrip("\n"), time, Author(None, None, name, email), tuple(parents.split()))

    # Pull requests

    def get_pull(self, number: int) -> Pull:
        if number in self._pulls:
            return self._pulls[number]
        for prefix in _PULLS:
            if head := self._git.find(f"{prefix}{number}/head"):
                return self._pull_of_ref(number, head)
        raise ObjectNotFound(f"git: no pull request {number}")

    def find_pull(self, sha: str, branch: str | None = None) -> int | None:
        full = self._git.find(sha)
        if full is None:
            return None
        heads = {
            number: pull.head
            for number, pull in self._pulls.items()
            if pull.state == "open" and self._lies_between(pull.base.sha, full, pull.head.sha)
        }
        # What the default branch has is in no open pull, though every later pull contains it.
        if not self._git.is_ancestor(full, self._default_branch().sha):
            listed = self._git.run("for-each-ref", f"--contains={full}", "--format=%(objectname) %(refname)", *_PULLS)
            for match in re.finditer(r"^(\w+) \S+/pull/(\d+)/head$", listed.decode(errors="replace"), re.MULTILINE):
                number = int(match[2])
                if number not in self._pulls:
                    heads[number] = PullCommit(self._branch_of(match[1], number), match[1], None)
        return choose_pull(heads, full, branch)

    def pull_between(self, number: int, base: str, head: str = "HEAD") -> Pull:
        """Describe an open pull request of `head` into `base`, both branches or other names of commits."""
        end, target = self._git.resolve(head), self._git.resolve(base)
        fork = self._git.merge_base(target, end) or target
        commit = self.get_commit(end)
        return Pull(
            number=number,
            title=commit.message.partition("\n")[0],
            state="open",
            author=commit.author,
            base=PullCommit(self._branch_named(base) or base, fork, None),
            head=PullCommit(self._branch_named(head) or self._branch_of(end, number), end, None),
        )

    def _pull_of_ref(self, number: int, head: str) -> Pull:
        """Describe the pull of a mirrored ref: into the default branch, merged if that holds its head."""
        target = self._default_branch()
        merges = self._merges_after(head, target.sha)
        merge, parent = next(((sha, parents[0]) for sha, parents in merges if head in parents[1:]), (None, target.sha))
        pull = self.pull_between(number, parent, head)
        return replace(
            pull,
            state="merged" if self._git.is_ancestor(head, target.sha) else "open",
            base=replace(pull.base, branch=target.branch),
            merge_commit_sha=merge,
        )

    def _merges_after(self, sha: str, tip: str) -> list[tuple[str, list[str]]]:
        listed = self._git.run("rev-list", "--merges", "--parents", "--ancestry-path", f"{sha}..{tip}")
        return [(line[0], line[1:]) for line in map(str.split, listed.decode().splitlines())]

    def _lies_between(self, base: str, sha: str, head: str) -> bool:
        return self._git.is_ancestor(sha, head) and not self._git.is_ancestor(sha, base)

    def _default_branch(self) -> PullCommit:
        """Return the branch others start from: the remote's, that of a bare clone, or one with a usual name."""
        _, remote = self._git.attempt("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        bare = self._git.run("rev-parse", "--is-bare-repository").strip() == b"true"
        _, own = self._git.attempt("symbolic-ref", "--quiet", "HEAD")
        usual = [f"{prefix}{name}" for name in ("main", "master") for prefix in _BRANCHES]
        for name in (remote.decode().strip(), own.decode().strip() if bare else "", *usual, "HEAD"):
            if sha := self._git.find(name):
                return PullCommit(_short(name), sha, None)
        raise ObjectNotFound("git: the repository has no commits")

    def _branch_named(self, ref: str) -> str | None:
        """Return the branch a resolvable name means (`HEAD`, `origin/main`); None = it names a commit only."""
        full = self._git.run("rev-parse", "--symbolic-full-name", ref).decode(errors="replace").strip()
        return _short(full) if full.startswith(_BRANCHES) else None

    def _branch_of(self, sha: str, number: int) -> str:
        """Return the branch whose tip a commit is, else the name of the pull's ref."""
        listed = self._git.run("for-each-ref", f"--points-at={sha}", "--format=%(refname)", *_BRANCHES)
        names = [_short(name) for name in listed.decode(errors="replace").splitlines()]
        return next((name for name in names if name != "HEAD"), f"pull/{number}/head")

    # Posts

    def get_statuses(self, sha: str) -> Sequence[CommitStatus]:
        return self._posts.statuses(self._git.resolve(sha))

    def set_status(self, sha: str, status: CommitStatus, *, coverage: float | None = None) -> None:
        full = self._git.resolve(sha)
        timed = replace(status, time=status.time or datetime.now(UTC))
        self._posts.set_status(full, timed)
        self._told(f"commit {full}", timed)

    def post_comment(self, pull: int, body: str) -> str:
        comment = self._posts.add_comment(pull, body)
        self._told(f"pull {pull}", comment)
        return comment.id

    def edit_comment(self, pull: int, comment_id: str, body: str) -> None:
        self._told(f"pull {pull}", self._posts.edit_comment(pull, comment_id, body))

    def delete_comment(self, pull: int, comment_id: str) -> None:
        self._posts.delete_comment(pull, comment_id)

    def find_comment(self, pull: int, marker: str) -> Comment | None:
        newest_first = reversed(self._posts.comments(pull))
        return next((comment for comment in newest_first if carries_marker(comment.body, marker)), None)

    def _told(self, place: str, post: CommitStatus | Comment) -> None:
        if self._on_post is not None:
            self._on_post(place, post)

    # Files and branches

    def get_source(self, path: str, ref: str) -> bytes:
        sha = self._git.resolve(ref)
        code, content = self._git.attempt("cat-file", "blob", f"{sha}:{path}", codes=(0, 128))
        if code:
            raise ObjectNotFound(f"git: no file {path!r} at {ref}")
        return content

    def list_files(self, ref: str) -> Sequence[str]:
        listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", self._git.resolve(ref))
        entries = [entry.partition("\t") for entry in listed.decode(errors="replace").split("\0") if entry]
        return [path for description, _, path in entries if description.split()[1] == "blob"]

    def list_folder(self, path: str, ref: str) -> Sequence[TreeEntry]:
        tree = f"{self._git.resolve(ref)}:{path}"
        code, listed = self._git.attempt("ls-tree", "-z", "--full-tree", tree, codes=(0, 128))
        if code:
            raise ObjectNotFound(f"git: no folder {path!r} at {ref}")
        entries = [entry.partition("\t") for entry in listed.decode(errors="replace").split("\0") if entry]
        return [
            TreeEntry(f"{path}/{name}" if path else name, name, _ENTRY_KINDS.get(description[:3], "other"))
            for description, _, name in entries
        ]

    def get_branch_head(self, name: str) -> str:
        sha = self._branch_sha(name)
        if sha is None:
            raise ObjectNotFound(f"git: no branch {name!r}")
        return sha

    def behind_by(self, base_branch: str, sha: str) -> int | None:
        tip, head = self._branch_sha(base_branch), self._git.find(sha)
        if tip is None or head is None:
            return None
        return int(self._git.run("rev-list", "--count", f"{head}..{tip}"))

    def _branch_sha(self, name: str) -> str | None:
        return next((sha for prefix in _BRANCHES if (sha := self._git.find(prefix + name))), None)


def _short(ref: str) -> str:
    """Return the branch name of a full ref."""
    return next((ref.removeprefix(prefix) for prefix in _BRANCHES if ref.startswith(prefix)), ref)
