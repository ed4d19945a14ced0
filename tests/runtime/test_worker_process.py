"""Whole worker processes on a real RabbitMQ: start, answer, stop, and die in the middle of a job."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import dramatiq
import pytest

from app.broker import Broker, rabbitmq_broker
from app.exposition import probe
from tests.runtime.running import eventually, remove_queues

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]

ROOT = Path(__file__).parents[2]
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def queue() -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def producer(amqp_url: str, queue: str) -> Iterator[Broker]:
    """A broker that knows no actors, as another service."""
    broker = rabbitmq_broker(amqp_url)
    broker.declare_queue(queue)
    yield broker
    remove_queues(broker)
    broker.close()


@pytest.fixture
def start(amqp_url: str, queue: str, port: int, tmp_path: Path, producer: Broker) -> Iterator[Start]:
    processes = []

    def launch() -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
            "TEST_FOLDER": str(tmp_path),
            "TEST_BROKER": amqp_url,
            "TEST_QUEUE": queue,
            "TEST_PORT": str(port),
        }
        module = "tests.runtime.worker_app"
        command = [sys.executable, "-m", "dramatiq", module, "--processes", "1", "--threads", "2", "--skip-logging"]
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--fork-function", f"{module}:serve"],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.append(process)
        return process

    yield launch
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def send(broker: Broker, queue: str, name: str, *, wait: bool = False) -> None:
    broker.enqueue(
        dramatiq.Message(
            queue_name=queue, actor_name="tests.work", args=(), kwargs={"name": name, "wait": wait}, options={}
        )
    )


def test_a_worker_processes_messages_answers_and_stops_when_told(
    start: Start, producer: Broker, queue: str, port: int, tmp_path: Path
) -> None:
    process = start()
    send(producer, queue, "one")
    eventually((tmp_path / "one.done").exists)
    eventually(lambda: probe(port, "/live")[0] == 200)
    _, metrics = probe(port, "/metrics")

    process.send_signal(signal.SIGTERM)

    assert process.wait(15) == 0
    assert 'covworker_actor_messages_total{actor="tests.work",outcome="ok"} 1.0' in metrics
    assert "covworker_broker_up 1.0" in metrics
    assert f'covworker_queue_consumers{{queue="{queue}"}} 1.0' in metrics
    assert not list((tmp_path / "metrics").glob("heartbeat_*"))


def test_a_job_killed_in_the_middle_runs_again_and_nothing_is_lost(
    start: Start, producer: Broker, queue: str, tmp_path: Path
) -> None:
    process = start()
    send(producer, queue, "victim", wait=True)
    first_run = tmp_path / "victim.0"
    eventually(lambda: first_run.exists() and first_run.read_text())

    os.kill(int(first_run.read_text()), signal.SIGKILL)
    exit_code = process.wait(20)
    start()
    eventually((tmp_path / "victim.done").exists)

    assert exit_code != 0
    assert (tmp_path / "victim.1").exists()
    assert not (tmp_path / "victim.2").exists()
