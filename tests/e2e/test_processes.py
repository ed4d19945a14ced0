"""Worker and scheduler as an operator runs them: endpoints, schedule, graceful stop, exit codes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import dramatiq
import pytest

from app.broker import rabbitmq_broker
from app.models.database import Database
from app.models.machinery import CronRun
from app.models.migrate import expected_version
from app.models.reports import Upload
from tests.e2e.conftest import ROOT, Cluster, wait_until
from tests.factories import make_upload

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and body; status 0 while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def send(amqp_url: str, queue: str, actor: str, **payload: object) -> None:
    broker = rabbitmq_broker(amqp_url)
    broker.declare_queue(queue, ensure=True)
    broker.enqueue(dramatiq.Message(queue_name=queue, actor_name=actor, args=(), kwargs=payload, options={}))
    broker.close()


def test_a_worker_tells_about_itself_and_stops_gracefully(cluster: Cluster, amqp_url: str) -> None:
    port = free_port()
    cluster.environment["CW__METRICS__PORT"] = str(port)
    worker = cluster.start_worker("--fork-function", "app.probes:serve_forever")
    wait_until(lambda: get(port, "/live")[0] == 200, 30, cluster.logs)
    send(amqp_url, "uploads", "uploads.process", upload_id=999_999)
    send(amqp_url, "uploads", "uploads.process", upload_id="seven")

    def counted(outcome: str) -> bool:
        series = f'covworker_actor_messages_total{{actor="uploads.process",outcome="{outcome}"}} 1.0'
        return series in get(port, "/metrics")[1]

    wait_until(lambda: counted("ok") and counted("rejected"), 30, cluster.logs)
    ready, version = get(port, "/ready"), get(port, "/version")

    assert (ready[0], set(json.loads(ready[1]).values())) == (200, {"ok"})
    assert json.loads(version[1])["schema"] == expected_version()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(30) == 0


def test_the_schedule_wakes_an_upload_whose_message_was_lost(
    cluster: Cluster, database: Database, amqp_url: str
) -> None:
    cluster.environment["CW__METRICS__PORT"] = str(free_port())
    upload = make_upload(object_path="raw/gone", state="received")
    database.execute_sql("UPDATE uploads SET created_at = now() - interval '1 hour'")
    database.execute_sql("UPDATE commit_reports SET config = '{}'")
    cluster.start_worker()

    with (cluster.folder / "worker-scheduler.log").open("wb") as log:
        scheduler = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "scheduler"],
            cwd=ROOT,
            env=cluster.environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: CronRun.get_or_none(CronRun.name == "sweep") is not None, 30, cluster.logs)
        wait_until(lambda: f'"upload_id": {upload.id}' in cluster.logs(), 30, cluster.logs)
    finally:
        scheduler.terminate()

    assert scheduler.wait(30) == 0
    assert Upload.get_by_id(upload.id).state == "received"  # its object may still arrive: retried later


def test_workers_refuse_to_start_without_a_configuration(cluster: Cluster) -> None:
    for name in [name for name in cluster.environment if name.startswith("CW__")]:
        del cluster.environment[name]

    worker = cluster.start_worker()

    assert worker.wait(30) == 1
    assert "database.url, broker.url and storage.url" in cluster.logs()
