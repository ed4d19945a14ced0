"""What the soak sends: commits of a repository, good and bad uploads for them, and what must become of each."""

import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.cli.demo import EXAMPLE
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.repository_yaml.effective import effective_config
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise
from app.logic.uploads.accept import Accepted, NewUpload, accept_upload
from app.logic.uploads.base_layer import RETRIES
from app.logic.uploads.envelope import write_envelope
from app.models.git import Commit
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.example import clone, example
from tests.expected import Raw, Sources, carry, commit_report, parts, problem
from tests.factories import make_owner, make_repository

FLAGS = ("unit", "integration", "web", "slow")
CONFIG_FILE = "codecov.yml"
CONFIG = b"""
flags:
  unit:
    carryforward: true
  web:
    carryforward: true
    paths: [web/, tools/, py/]
  slow:
    carryforward: true
    joined: false
"""
RULES: Final = effective_config({}, {}, normalise(load_yaml(CONFIG)).config)


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
    parent: "Revision | None"
    listing: tuple[str, ...]


@dataclass
class Traffic:
    """Commits and uploads, random but the same for the same seed.

    A commit gets no more uploads once it has a child: what the child carries depends on them, and on nothing else.
    """

    storage: ObjectStorage
    folder: Path
    chance: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)
    newest: Revision | None = None  # of the main branch
    heads: list[Revision] = field(default_factory=list)
    carried: dict[str, Sources] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checkout = clone(self.folder)
        self.git_client = LocalCheckout(self.checkout, self.folder / "posts")
        self.repository: Repository = make_repository(
            owner=make_owner(provider="local", provider_id="acme", username="acme"),
            provider="local",
            provider_id=str(self.checkout),
            name="rocket",
        )
        self.makers: list[tuple[int, Callable[[Revision], bytes]]] = [
            (6, self._example_report),
            (4, self._made_up_report),
            (1, self._bad_upload),
        ]

    def add_base(self) -> None:
        """Put a commit on the main branch, some lines away from its parent."""
        tree = example.base if self.newest is None else self.newest.sha
        sha = self._commit(tree, self._git("rev-parse", "refs/heads/main"))
        self._git("update-ref", "refs/heads/main", sha)
        self.newest = self._add(Revision(sha, "base", None, self.newest, self._files(sha)))

    def add_heads(self, count: int) -> None:
        """Put heads of pull requests on top of the main branch."""
        assert self.newest is not None
        for _ in range(count):
            number = 1000 + len(self.revisions)
            sha = self._commit(example.head, self.newest.sha)
            self._git("update-ref", f"refs/pull/{number}/head", sha)
            self.heads.append(self._add(Revision(sha, "head", number, self.newest, self._files(sha))))

    def targets(self) -> list[Revision]:
        """The commits that may get an upload: mostly the newest, at times one whose report is complete."""
        has_child = any(head.parent is self.newest for head in self.heads)
        return self.heads[-5:] + ([] if has_child or self.newest is None else [self.newest] * 5)

    def send(self, revision: Revision) -> Accepted:
        """Offer a random upload of a commit, as its producer would."""
        weights, makers = zip(*self.makers, strict=True)
        body = self.chance.choices(makers, weights)[0](revision)
        flags = tuple(self.chance.sample(FLAGS, self.chance.choice((0, 1, 1, 1, 2))))
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
        """The state and the code of the error that an upload, or a carried session, must end in."""
        if upload.kind == "uploaded":
            sent = self.sent[str(upload.name)]
            code = problem(sent.body, sent.flags, RULES)
            return ("merged", None) if code is None else ("error", code)
        left = {session.index for session, _ in self._parts(upload.report)}
        return ("merged" if upload.session_index in left else "superseded"), None

    def report(self, report: CommitReport) -> bytes | None:
        """The bytes that a report must have."""
        return commit_report(self._raw(report), RULES, self.base_layer(report))

    def base_layer(self, report: CommitReport) -> Sources:
        """What the commit of a report must carry: nothing only if its ancestors have nothing, or did not get ready."""
        sha = report.commit.sha
        if sha not in self.carried:
            self.carried[sha] = [] if gave_up(report) else self._from_ancestor(self.revisions[sha])
        return self.carried[sha]

    def _from_ancestor(self, revision: Revision) -> Sources:
        ancestor = revision.parent
        while ancestor is not None:
            row = CommitReport.select().join(Commit).where(Commit.sha == ancestor.sha).get_or_none()
            if row is not None and (parts := self._parts(row)):
                diff = self.git_client.get_compare(ancestor.sha, revision.sha).diff
                return carry(parts, ancestor.sha, diff, RULES)
            ancestor = ancestor.parent
        return []

    def _parts(self, report: CommitReport) -> Sources:
        return parts(self._raw(report), RULES, self.base_layer(report))

    def _raw(self, report: CommitReport) -> list[Raw]:
        uploads = Upload.select().where((Upload.report == report.id) & (Upload.kind == "uploaded"))
        sent = [(upload, self.sent[str(upload.name)]) for upload in uploads]
        return [Raw(one.body, upload.session_index or 0, one.flags, upload.name) for upload, one in sent]

    def _add(self, revision: Revision) -> Revision:
        self.revisions[revision.sha] = revision
        return revision

    def _example_report(self, revision: Revision) -> bytes:
        entries = self.chance.sample(example.uploads, self.chance.randint(1, 2))
        files = {e.path: (EXAMPLE / "reports" / revision.side / e.report).read_bytes() for e in entries}
        return write_envelope(files, revision.listing)

    def _made_up_report(self, revision: Revision) -> bytes:
        """Lines that overlap with those of other uploads in every way."""
        records = []
        for path in self.chance.sample(revision.listing, 3):
            lines = sorted(self.chance.sample(range(1, 200), 60))
            records += [f"SF:{path}", *(f"DA:{line},{self.chance.randint(0, 2)}" for line in lines), "end_of_record"]
        return write_envelope({"lcov.info": "\n".join(records).encode()}, revision.listing)

    def _bad_upload(self, revision: Revision) -> bytes:
        content = write_envelope({"lcov.info": b"SF:/elsewhere.c\nDA:1,1\nend_of_record\n"}, ("src/a.py",))
        notes = write_envelope({"notes.txt": b"hello"}, revision.listing)
        return self.chance.choice([b"", b"not json", b"[]", content, notes])

    def _commit(self, like: str, parent: str) -> str:
        """Commit the files of another commit, with our configuration and some lines more or less."""
        index = {"GIT_INDEX_FILE": str(self.folder / "index")}
        self._git("read-tree", like, **index)
        changed = {CONFIG_FILE: CONFIG}
        for path in self.chance.sample([path for path in self._files(like) if path != CONFIG_FILE], 3):
            lines = self._git("show", f"{like}:{path}").splitlines(keepends=True)
            at = self.chance.randrange(len(lines) + 1)
            lines[at : at + self.chance.randint(0, 2)] = ["added\n"] * self.chance.randint(0, 2)
            changed[path] = "".join(lines).encode()
        blobs = {path: self._git("hash-object", "-w", "--stdin", content=text) for path, text in changed.items()}
        entries = [f"100644 {blob}\t{path}" for path, blob in blobs.items()]
        if self.chance.random() < 0.3:
            moved = self.chance.choice([path for path in changed if path != CONFIG_FILE])
            entries += [f"0 {'0' * 40}\t{moved}", f"100644 {blobs[moved]}\t{moved}.moved"]
        self._git("update-index", "--index-info", content="\n".join(entries).encode(), **index)
        tree = self._git("write-tree", **index)
        return self._git("commit-tree", tree, "-p", parent, "-m", f"Commit {len(self.revisions)}")

    def _files(self, sha: str) -> tuple[str, ...]:
        return tuple(self._git("ls-tree", "-r", "--name-only", sha).splitlines())

    def _git(self, *arguments: str, content: bytes = b"", **environment: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        command = ["git", "-C", str(self.checkout), *identity, *arguments]
        done = subprocess.run(
            command, check=True, capture_output=True, input=content, timeout=60, env=os.environ | environment
        )
        return done.stdout.decode().strip()


def gave_up(report: CommitReport) -> bool:
    """Say whether the source of a base layer was waited for as long as is promised, and in vain."""
    return report.base_state == "none" and report.base_attempts == len(RETRIES)
