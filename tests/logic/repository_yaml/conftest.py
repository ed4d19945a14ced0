"""What the logic of the configuration works with: a real Git repository, its rows, and GitHub on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from app.clients.git.base import RepoRef
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout
from app.clients.http import HttpClient
from tests.clients.git.parts import NOW, TOKEN, Repository


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "rocket")


@pytest.fixture
def git(source: Repository, tmp_path: Path) -> LocalCheckout:
    return LocalCheckout(source.path, tmp_path / "posts")


@pytest.fixture
def github(httpserver: HTTPServer) -> Iterator[GitHub]:
    """GitHub at the test server, whose retries are not slept."""
    http = HttpClient("github", sleep=lambda _: None, rand=lambda: 0.5)
    repo = RepoRef(provider="github", owner_id="7", owner="acme", repo_id="42", name="rocket")
    yield GitHub(repo, TOKEN, httpserver.url_for("/"), http, now=lambda: NOW)
    http.close()
