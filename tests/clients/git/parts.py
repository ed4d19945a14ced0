"""What tests of the Git clients share: constants, types and a repository under construction."""

import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TOKEN: Final = "ghs_verysecret"
NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Serve = Callable[[Callable[[socket.socket], None]], str]


class Repository:
    """A Git repository under construction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.date = "2026-03-01T12:00:00+02:00"
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = {"NAME": "Ada Example", "EMAIL": "ada@example.com", "DATE": self.date}
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env |= {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in identity.items()}
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["git", *arguments], cwd=self.path, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        """Write (None: delete) files, commit everything and return the SHA."""
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")
