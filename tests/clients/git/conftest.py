"""Real parts for the Git clients: repositories made by git, HTTP servers on loopback, raw sockets that misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from app.clients.git.base import RepoRef
from app.clients.git.github import GitHub
from app.clients.http import HttpClient, HttpPolicy
from tests.clients.git.parts import NOW, TOKEN, Repository, Serve


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "rocket")


@pytest.fixture
def sleeps() -> list[float]:
    """The waits a client asked for; none of them is slept."""
    return []


@pytest.fixture
def http(sleeps: list[float]) -> Iterator[HttpClient]:
    client = HttpClient("github", sleep=sleeps.append, rand=lambda: 0.5)
    yield client
    client.close()


@pytest.fixture
def impatient_http(sleeps: list[float]) -> Iterator[HttpClient]:
    client = HttpClient("github", HttpPolicy(read_timeout=0.1), sleep=sleeps.append, rand=lambda: 0.5)
    yield client
    client.close()


@pytest.fixture
def github(httpserver: HTTPServer, http: HttpClient) -> GitHub:
    repo = RepoRef(provider="github", owner_id="7", owner="acme", repo_id="42", name="rocket")
    return GitHub(repo, TOKEN, httpserver.url_for("/"), http, now=lambda: NOW)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that hand each connection, its request read, to a function; return the address."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    try:
                        answer(connection)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(timeout=5)


@pytest.fixture
def closed_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
