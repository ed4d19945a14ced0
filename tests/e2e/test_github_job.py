"""Uploads for a repository on GitHub end in statuses and one comment there, posted to a server on loopback."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from app.clients.git.local import LocalCheckout
from tests.e2e.test_demo import ROOT
from tests.example import clone, example

pytestmark = pytest.mark.e2e

API = "/repos/acme/rocket"
TOKEN = "made-up-token"


class FakeGitHub:
    """The part of GitHub's REST API that a notify run uses, answering from a real checkout."""

    def __init__(self, checkout: Path, state: Path) -> None:
        self.git = LocalCheckout(checkout, state)
        self.checkout = checkout
        self.statuses: list[dict[str, Any]] = []
        self.comments: dict[int, str] = {}
        self.tokens: set[str] = set()

    def answer(self, request: Request) -> Response:
        self.tokens.add(request.headers.get("Authorization", ""))
        path, method = request.path.removeprefix(API), request.method
        if method == "POST" and path.startswith("/statuses/"):
            self.statuses.append(request.get_json())
            return _json({}, 201)
        if method == "POST" and path == f"/issues/{example.pull}/comments":
            self.comments[len(self.comments) + 1] = request.get_json()["body"]
            return _json({"id": len(self.comments), "body": request.get_json()["body"]}, 201)
        if method == "PATCH" and path.startswith("/issues/comments/"):
            self.comments[int(path.rpartition("/")[2])] = request.get_json()["body"]
            return _json({"id": int(path.rpartition("/")[2]), "body": ""})
        return self._read(path, request)

    def _read(self, path: str, request: Request) -> Response:
        if path == f"/issues/{example.pull}/comments":
            return _json([{"id": number, "body": body} for number, body in self.comments.items()])
        if path.endswith("/status"):
            return _json({"statuses": []})
        if path.endswith("/check-runs"):
            return _json({"total_count": 0, "check_runs": []})
        if path.startswith("/compare/"):
            base, _, head = path.removeprefix("/compare/").partition("...")
            return self._compare(base, head, request)
        if path.endswith("/commits") and path.startswith("/pulls/"):
            listed = self._git("rev-list", f"{example.base}..{example.head}").split()
            return _json([self._commit(sha) for sha in listed])
        if path == f"/pulls/{example.pull}":
            return _json(self._pull())
        if path.startswith("/commits/") and path.endswith("/pulls"):
            return _json([self._pull()])
        if path.startswith("/commits/"):
            return _json(self._commit(path.removeprefix("/commits/")))
        if path == "/commits":
            return _json([self._commit(sha) for sha in self._git("rev-list", request.args["sha"]).split()])
        return _json({"message": "Not Found"}, 404)

    def _compare(self, base: str, head: str, request: Request) -> Response:
        fork = self._git("merge-base", base, head)
        if "diff" in request.headers.get("Accept", ""):
            return Response(self._git("diff", "-M", fork, head), content_type="text/plain")
        # Without patches the client asks for the raw diff, as it does for large changes.
        names = self._git("diff", "-M", "--name-only", fork, head).splitlines()
        ahead, behind = (len(self._git("rev-list", f"{a}..{b}").split()) for a, b in ((base, head), (head, base)))
        return _json(
            {
                "status": "diverged",
                "ahead_by": ahead,
                "behind_by": behind,
                "base_commit": self._commit(base),
                "merge_base_commit": self._commit(fork),
                "commits": [],
                "files": [{"filename": name, "status": "modified", "changes": 1} for name in names],
            }
        )

    def _pull(self) -> dict[str, Any]:
        repo = {"full_name": "acme/rocket", "id": 1}
        return {
            "number": example.pull,
            "title": "Add boosters",
            "state": "open",
            "merged": False,
            "user": {"id": 1, "login": "ada"},
            "labels": [],
            "base": {"ref": "main", "sha": self._git("rev-parse", "main"), "repo": repo},
            "head": {"ref": "feature/boosters", "sha": example.head, "repo": repo},
            "merge_commit_sha": None,
        }

    def _commit(self, name: str) -> dict[str, Any]:
        commit = self.git.get_commit(name)
        person = {"name": "Ada", "email": "ada@example.org", "date": commit.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {
            "sha": commit.sha,
            "commit": {"message": commit.message, "author": person, "committer": person},
            "author": None,
            "parents": [{"sha": parent} for parent in commit.parents],
        }

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.checkout), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


@pytest.fixture
def folder() -> Iterator[Path]:
    # The embedded server of root runs as a user of its own, who cannot enter pytest's closed folders.
    folder = Path(tempfile.mkdtemp(prefix="cw-github-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_statuses_and_one_comment_reach_the_host(httpserver: HTTPServer, folder: Path) -> None:
    checkout = clone(folder)
    github = FakeGitHub(checkout, folder / "posts")
    httpserver.expect_request(re.compile(f"^{API}/")).respond_with_handler(github.answer)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CW__EMBEDDED__FOLDER": str(folder / "data"),
        "CW__PROVIDERS__GITHUB__TOKEN": TOKEN,
        "CW__PROVIDERS__GITHUB__API_URL": httpserver.url_for("").rstrip("/"),
    }
    reports = ROOT / "examples" / "rocket" / "reports"

    def upload(side: str, sha: str, name: str, *more: str) -> str:
        command = [sys.executable, "-c", "from app.cli import main; main()", "upload", str(reports / side / name)]
        command += ["--repo", str(checkout), "--commit", sha, "--github", "acme/rocket", *more]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done.stdout

    upload("base", example.base, "python/unit.coverage.xml")
    upload("head", example.head, "python/unit.coverage.xml", "--pull", str(example.pull))
    first = dict(github.comments)
    upload("head", example.head, "go/coverage.out", "--pull", str(example.pull))

    contexts = [(status["context"], status["state"]) for status in github.statuses]
    assert ("coverage/project", "failure") in contexts and ("coverage/patch", "success") in contexts
    assert all(status["target_url"].endswith("/gh/acme/rocket/pull/42") for status in github.statuses[-2:])
    assert len(first) == len(github.comments) == 1
    assert first != github.comments
    assert "go/orbit/transfer.go" in github.comments[1]
    assert github.tokens == {f"Bearer {TOKEN}"}
