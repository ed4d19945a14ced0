"""What the soak sends: commits of a repository, good and bad uploads for them, and what must become of each."""

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.cli.demo import EXAMPLE
from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import Accepted, NewUpload, accept_upload
from app.logic.uploads.envelope import write_envelope
from app.models.reports import Upload
from app.models.repositories import Repository
from tests.example import clone, example
from tests.expected import Raw, commit_report, problem
from tests.factories import make_owner, make_repository

FLAGS = ("unit", "integration", "web", "slow")


@dataclass(frozen=True, slots=True)
class Sent:
    """An upload that was offered; its row, if there is one, has this name."""

    sha: str
    body: bytes
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that gets uploads; `side` says whose reports of the example fit its files."""

    sha: str
    side: str
    pull: int | None


@dataclass
class Traffic:
    """Commits and uploads, random but the same for the same seed."""

    storage: ObjectStorage
    folder: Path
    chance: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checkout = clone(self.folder)
        self.repository: Repository = make_repository(
            owner=make_owner(provider="local", provider_id="acme", username="acme"),
            provider="local",
            provider_id=str(self.checkout),
            name="rocket",
        )
        self.listing = {
            side: tuple(self._git("ls-tree", "-r", "--name-only", sha).splitlines())
            for side, sha in (("base", example.base), ("head", example.head))
        }
        self.makers: list[tuple[int, Callable[[Revision], bytes]]] = [
            (6, self._example_report),
            (4, self._made_up_report),
            (1, self._bad_upload),
        ]

    def add_revisions(self, heads: int) -> None:
        """Put a commit on the main branch, and heads of pull requests on top of it.

        Another kind of commit, such as one that inherits coverage, is added here; its uploads in `makers`.
        """
        base = self._commit(example.base, self._git("rev-parse", "refs/heads/main"))
        self._git("update-ref", "refs/heads/main", base)
        self.revisions.append(Revision(base, "base", None))
        for _ in range(heads):
            number = 1000 + len(self.revisions)
            sha = self._commit(example.head, base)
            self._git("update-ref", f"refs/pull/{number}/head", sha)
            self.revisions.append(Revision(sha, "head", number))

    def send(self, revision: Revision) -> Accepted:
        """Offer a random upload of a commit, as its producer would."""
        weights, makers = zip(*self.makers, strict=True)
        body = self.chance.choices(makers, weights)[0](revision)
        flags = tuple(self.chance.sample(FLAGS, self.chance.randint(0, 2)))
        name = f"upload-{len(self.sent)}"
        self.sent[name] = Sent(revision.sha, body, flags)
        new = NewUpload(
            repo_id=self.repository.id,
            sha=revision.sha,
            committed_at=datetime.now(UTC),
            flags=flags,
            name=name,
            pull_number=revision.pull,
        )
        return accept_upload(self.storage, new, body, datetime.now(UTC))

    def ending(self, upload: Upload) -> tuple[str, str | None]:
        """The state and the code of the error that an upload must end in."""
        code = problem(self.sent[str(upload.name)].body)
        return ("merged", None) if code is None else ("error", code)

    def report(self, uploads: list[Upload]) -> bytes | None:
        """The bytes that the report of these uploads must have."""
        raw = []
        for upload in uploads:
            sent = self.sent[str(upload.name)]
            raw.append(Raw(sent.body, upload.session_index or 0, sent.flags, upload.name))
        return commit_report(raw)

    def _example_report(self, revision: Revision) -> bytes:
        entries = self.chance.sample(example.uploads, self.chance.randint(1, 2))
        files = {e.path: (EXAMPLE / "reports" / revision.side / e.report).read_bytes() for e in entries}
        return write_envelope(files, self.listing[revision.side])

    def _made_up_report(self, revision: Revision) -> bytes:
        """Lines that overlap with those of other uploads in every way."""
        records = []
        for path in self.chance.sample(self.listing[revision.side], 3):
            lines = sorted(self.chance.sample(range(1, 200), 60))
            records += [f"SF:{path}", *(f"DA:{line},{self.chance.randint(0, 2)}" for line in lines), "end_of_record"]
        return write_envelope({"lcov.info": "\n".join(records).encode()}, self.listing[revision.side])

    def _bad_upload(self, revision: Revision) -> bytes:
        content = write_envelope({"lcov.info": b"SF:/elsewhere.c\nDA:1,1\nend_of_record\n"}, ("src/a.py",))
        notes = write_envelope({"notes.txt": b"hello"}, self.listing[revision.side])
        return self.chance.choice([b"", b"not json", b"[]", content, notes])

    def _commit(self, like: str, parent: str) -> str:
        return self._git("commit-tree", f"{like}^{{tree}}", "-p", parent, "-m", f"Commit {len(self.revisions)}")

    def _git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        command = ["git", "-C", str(self.checkout), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
