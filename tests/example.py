"""The bundled example as tests use it: a checkout, and uploads of real reports for its commits."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.cli.demo import EXAMPLE, read_example
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import Accepted, NewUpload, accept_upload
from app.logic.uploads.envelope import write_envelope

example = read_example()


def clone(folder: Path) -> Path:
    """Make the example's repository with its pull request in a folder."""
    checkout = folder / "rocket.git"
    command = ["git", "clone", "--quiet", "--mirror", str(EXAMPLE / "rocket.bundle"), str(checkout)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return checkout


@dataclass(frozen=True)
class Uploader:
    """Accepts uploads of the example's reports, in a fixed order with fixed flags and names."""

    storage: ObjectStorage
    checkout: Path
    repo_id: int

    def send(self, sha: str, number: int, side: str = "head", pull: int | None = None) -> Accepted:
        """Accept upload `number` (0, 1, ...; the example's reports in turn) for a commit."""
        entry = example.uploads[number % len(example.uploads)]
        git = LocalCheckout(self.checkout, self.checkout)
        commit = git.get_commit(sha)
        body = write_envelope(
            {entry.path: (EXAMPLE / "reports" / side / entry.report).read_bytes()}, tuple(git.list_files(sha))
        )
        new = NewUpload(
            repo_id=self.repo_id,
            sha=sha,
            committed_at=commit.timestamp,
            flags=entry.flags,
            name=f"{entry.name}-{number}",
            pull_number=pull,
        )
        return accept_upload(self.storage, new, body, datetime.now(UTC))
