"""Whole processes: `dramatiq app.actors` on a real RabbitMQ and PostgreSQL, storage in a folder."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.models.database import Database

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 60.0


@dataclass
class Cluster:
    """Worker processes that share one database, broker and storage folder."""

    environment: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one `dramatiq app.actors` process group and return its master."""
        number = len(self.processes)
        metrics = self.folder / f"metrics-{number}"
        metrics.mkdir()
        with (self.folder / f"worker-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dramatiq",
                    "app.actors",
                    "--processes",
                    "1",
                    "--threads",
                    "2",
                    "--skip-logging",
                    *arguments,
                ],
                cwd=ROOT,
                env=self.environment | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("worker-*.log")))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a master and its worker processes as a crash of the machine would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], bool], limit: float, explain: Callable[[], str]) -> None:
    """Poll until the condition holds; fails with an explanation after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {limit:.0f} s: {explain()}")
        time.sleep(0.1)


@pytest.fixture
def cluster(database: Database, database_url: str, amqp_url: str) -> Iterator[Cluster]:
    with cluster_on(database_url, amqp_url) as running:
        yield running


@contextmanager
def cluster_on(database_url: str, amqp_url: str) -> Iterator[Cluster]:
    """Lend a cluster without workers yet; its processes end with the block, and its folder goes."""
    folder = Path(tempfile.mkdtemp(prefix="cw-cluster-"))
    (folder / "objects").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CW_", "CW__"))} | {
        "CW__DATABASE__URL": database_url,
        "CW__BROKER__URL": amqp_url,
        "CW__STORAGE__URL": (folder / "objects").as_uri(),
        "CW__EMBEDDED__FOLDER": str(folder / "state"),
        "CW__UPLOADS__LEASE": "2s",
        "CW__UPLOADS__DEBOUNCE": "0.2s",
        "dramatiq_queue_prefetch": "2",
    }
    running = Cluster(environment, folder)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
