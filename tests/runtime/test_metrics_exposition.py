"""What a process tells over HTTP, and metrics shared between processes."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import __version__
from app.broker import QueueState
from app.exposition import Exposition, NotAlive, QueueDepths, probe, workers_alive

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start an exposition on a free port of the loopback interface."""
    servers = []

    def start(**options: Any) -> int:
        server = Exposition(port=0, host="127.0.0.1", **options).bind()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return int(server.server_address[1])

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def broken() -> None:
    raise RuntimeError("password=hunter2")


def test_metrics_hold_the_build_and_our_series(serve: Serve) -> None:
    status, body = probe(serve(), "/metrics")

    found = samples(body)
    assert status == 200
    assert found["covworker_build_info", (("version", __version__),)] == 1
    assert any(name == "covworker_process_rss_bytes" for name, _ in found)


def test_the_depth_of_queues_is_asked_from_the_broker_at_every_scrape(serve: Serve) -> None:
    port = serve(collectors=(QueueDepths(lambda: {"uploads": QueueState(ready=3, consumers=2, dead=1)}),))

    found = samples(probe(port, "/metrics")[1])

    queue = (("queue", "uploads"),)
    assert found["covworker_queue_depth", queue] == 3
    assert found["covworker_queue_consumers", queue] == 2
    assert found["covworker_dead_letters", queue] == 1
    assert found["covworker_broker_up", ()] == 1


def test_a_broker_that_does_not_answer_is_a_metric_not_an_error(serve: Serve) -> None:
    status, body = probe(serve(collectors=(QueueDepths(broken),)), "/metrics")  # type: ignore[arg-type]  # it raises

    assert status == 200
    assert samples(body)["covworker_broker_up", ()] == 0


def test_ready_names_what_is_missing_without_its_secrets(serve: Serve) -> None:
    port = serve(ready={"database": lambda: None, "broker": broken})

    status, body = probe(port, "/ready")

    assert status == 503
    assert json.loads(body) == {"database": "ok", "broker": "RuntimeError"}


def test_ready_asks_at_most_every_five_seconds(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    port = serve(ready={"database": lambda: asked.append(1)})

    answers = [probe(port, "/ready")[0] for _ in range(5)]
    shared = len(asked)
    monkeypatch.setattr("app.exposition.READY_CACHE", 0.0)
    probe(port, "/ready")

    assert answers == [200] * 5
    assert shared == 1
    assert len(asked) == 2


def test_live_says_why_it_is_not(serve: Serve) -> None:
    def silent() -> None:
        raise NotAlive("a worker process is silent for 61 s")

    assert probe(serve(), "/live")[0] == 200
    status, body = probe(serve(live=silent), "/live")
    assert status == 503
    assert "silent for 61 s" in body


def test_workers_are_alive_while_their_hearts_beat(tmp_path: Path) -> None:
    check = workers_alive(tmp_path, max_age=60)
    with pytest.raises(NotAlive, match="no worker process"):
        check()
    heart = tmp_path / f"heartbeat_{os.getpid()}"

    heart.touch()
    check()
    os.utime(heart, (time.time() - 61, time.time() - 61))

    with pytest.raises(NotAlive, match="silent for 61 s"):
        check()


def test_the_version_is_told_with_the_start_and_the_schema(serve: Serve) -> None:
    status, body = probe(serve(version={"schema": "0007"}), "/version")

    answer = json.loads(body)
    assert status == 200
    assert answer["version"] == __version__
    assert answer["schema"] == "0007"
    assert answer["started"].endswith("+00:00")


def test_other_paths_are_not_found(serve: Serve) -> None:
    assert probe(serve(), "/admin")[0] == 404


def test_a_probe_of_a_silent_port_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        status, body = probe(taken.getsockname()[1], timeout=1)

    assert status == 0
    assert "does not answer" in body


def test_a_taken_port_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.exposition.BIND_PAUSE", 0.05)
    taken = socket.create_server(("127.0.0.1", 0))
    exposition = Exposition(port=taken.getsockname()[1], host="127.0.0.1")
    bound: list[Any] = []
    thread = threading.Thread(target=lambda: bound.append(exposition.bind()))
    thread.start()
    time.sleep(0.2)
    waited = not bound

    taken.close()
    thread.join(5)

    assert waited
    bound.pop().server_close()


WORKER = """
import os, sys, time
from app import metrics
from app.middleware.actor_metrics import ActorMetrics
metrics.actor_messages.labels("tests.shared", "ok").inc(2)
metrics.actor_in_progress.labels("tests.shared").inc()
print("counted", flush=True)
sys.stdin.readline()
"""


def test_processes_share_their_metrics_and_a_killed_one_is_not_in_progress(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"counted\n"

    def scrape() -> dict[Any, float]:
        script = "from app.exposition import Exposition; print(Exposition(port=0)._metrics()[2].decode())"
        return samples(subprocess.check_output([sys.executable, "-c", script], env=environment, text=True))

    before = scrape()
    workers[0].kill()
    workers[0].wait()
    after = scrape()
    for worker in workers:
        worker.communicate()

    actor = (("actor", "tests.shared"),)
    assert before["covworker_actor_messages_total", (*actor, ("outcome", "ok"))] == 4
    assert before["covworker_actor_in_progress", actor] == 2
    assert after["covworker_actor_messages_total", (*actor, ("outcome", "ok"))] == 4
    assert after["covworker_actor_in_progress", actor] == 1
