"""Where the pages of an export get source text from: the Git host, a folder, or nowhere."""

from pathlib import Path
from typing import Protocol

from app.clients.git.base import ClientError, GitError, GitProvider, ObjectNotFound
from app.logic.coverage.exports.html.source_page import MAX_SOURCE


class Sources(Protocol):
    """Finds source text; `problem` says why it stopped."""

    problem: GitError | None

    def find(self, path: str) -> bytes | None: ...


class NoSources:
    """No source text at all; `problem` is the reason, if there is one."""

    def __init__(self, problem: GitError | None = None) -> None:
        self.problem = problem

    def find(self, path: str) -> bytes | None:
        """Find nothing."""
        return None


class GitSources:
    """The sources of a commit. A missing file is no problem; after any other one nothing more is asked for."""

    def __init__(self, git: GitProvider, sha: str) -> None:
        self._git = git
        self._sha = sha
        self.problem: GitError | None = None

    def find(self, path: str) -> bytes | None:
        if self.problem is not None or "\0" in path:
            return None
        try:
            return self._git.get_source(path, self._sha)
        except (ObjectNotFound, ClientError):
            return None
        except GitError as error:
            self.problem = error
            return None


class FolderSources:
    """The files below a folder. A report may name any path, so what lies elsewhere is never read."""

    problem: GitError | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def find(self, path: str) -> bytes | None:
        try:
            file = (self._folder / path).resolve()
            if not file.is_relative_to(self._folder) or not file.is_file():
                return None
            with file.open("rb") as stream:
                return stream.read(MAX_SOURCE + 1)
        except (OSError, ValueError, RuntimeError):
            return None  # a name that this system cannot have, no permission, a loop of links
