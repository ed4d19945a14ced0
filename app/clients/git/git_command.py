"""Running the git command on a repository that may belong to anyone: bounded, quiet, deaf to its configuration."""

import os
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Final

from app.clients.git.base import GitError, Misconfigured, ObjectNotFound, RepoNotFound, ServerError, Unreachable

# A mounted checkout often belongs to another user, which git refuses unless told otherwise. The refusal protects from
# commands in the repository's own configuration; everything that could start one is switched off here instead.
_OPTIONS: Final = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "safe.directory=*",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.quotepath=off",
    "-c",
    "log.showSignature=false",
)
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would otherwise fetch what is missing, over any transport
}
_ERROR_LENGTH: Final = 300


class GitCommand:
    """Runs git in one repository (work tree or bare). Raises only GitError subclasses."""

    def __init__(self, path: Path, timeout: float = 60) -> None:
        self._path = path
        self._timeout = timeout

    def run(self, *arguments: str) -> bytes:
        """Return what a command prints; any failure raises."""
        return self.attempt(*arguments, codes={0})[1]

    def attempt(self, *arguments: str, codes: Collection[int] = (0, 1)) -> tuple[int, bytes]:
        """Return exit code and output; a code outside `codes` raises."""
        command = ["git", "-C", str(self._path), *_OPTIONS, *arguments]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=inherited | _ENVIRONMENT,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreachable(f"git {arguments[0]}: no end after {self._timeout:g} s") from None
        except ValueError:
            raise ObjectNotFound(f"git {arguments[0]}: a name holds a NUL character") from None
        except OSError as error:
            raise Misconfigured(f"git cannot be started: {error.strerror}") from None
        if done.returncode not in codes:
            raise _failure(arguments[0], done.returncode, done.stderr.decode(errors="replace"))
        return done.returncode, done.stdout

    def resolve(self, ref: str) -> str:
        """Return the full SHA of the commit a name stands for."""
        sha = self.find(ref)
        if sha is None:
            raise ObjectNotFound(f"git: {ref!r} names no commit")
        return sha

    def find(self, ref: str) -> str | None:
        """Return the full SHA of the commit a name stands for, None if there is none; never reads it as an option."""
        if not ref or ref.startswith("-") or not ref.isprintable():
            return None
        code, output = self.attempt("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", codes=(0, 1, 128))
        if code == 128:
            self.run("rev-parse", "--git-dir")  # tells a missing repository from a malformed name
        return output.decode().strip() if code == 0 else None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Both full SHAs; a commit is its own ancestor."""
        return self.attempt("merge-base", "--is-ancestor", ancestor, descendant)[0] == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two full SHAs; None = unrelated histories."""
        code, output = self.attempt("merge-base", one, other)
        return output.decode().strip() if code == 0 else None


def _failure(command: str, code: int, message: str) -> GitError:
    text = f"git {command}: {message.strip()[:_ERROR_LENGTH] or f'exit code {code}'}"
    if "not a git repository" in message or "cannot change to" in message:
        return RepoNotFound(text)
    return ServerError(text)
