"""Everything the soak runs on: PostgreSQL, RabbitMQ, a storage folder, worker processes and a scheduler of its own."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import dramatiq

from app.broker import QUEUES, connect, rabbitmq_broker
from app.clients.storage import ObjectStorage
from app.models.database import Database, db, open_database
from tests.e2e.conftest import ROOT, Cluster, kill_group
from tests.postgres_server import PostgresServer
from tests.rabbitmq_node import RabbitNode, free_ports

GROWN = 4.0  # seconds that a process needs to start working


class Plant:
    """Starts the services and processes, disturbs them, and stops all it started."""

    def __init__(self, workers: int, chance: random.Random) -> None:
        self.chance = chance
        self.counts = dict.fromkeys(("kills", "restarts", "purges", "storage pauses", "broker", "database"), 0)
        self.folder = Path(tempfile.mkdtemp(prefix="cw-soak-"))
        self.objects = self.folder / "objects"
        self.objects.mkdir()
        self.postgres = PostgresServer()
        self.rabbit = RabbitNode()
        self.wanted = workers
        self._processes: list[subprocess.Popen[bytes]] = []
        self._late: list[tuple[float, Path, Path]] = []
        self._started: dict[subprocess.Popen[bytes], float] = {}

    def start(self) -> None:
        self.postgres.start()
        self.rabbit.start()
        self._broker = rabbitmq_broker(self.rabbit.url)
        self.database: Database = open_database(self.postgres.url, pool_size=4, pool_wait=10)
        db.initialize(self.database)
        self.storage = ObjectStorage.from_url(self.objects.as_uri())
        self.cluster = Cluster(self._environment(), self.folder)
        # The last one is the scheduler.
        for place in range(self.wanted + 1):
            self._processes.append(self._start_at(place))

    def stop(self) -> None:
        if self._processes:
            self.cluster.processes += self._processes[-1:]
            self.cluster.stop()
            self.database.close_all()
            self._broker.close()
        self.rabbit.remove()
        self.postgres.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, queue: str, actor: str, **payload: Any) -> bool:
        """Publish a wake-up as another service would; False = the broker is away, and the wake-up is lost."""
        try:
            self._broker.declare_queue(queue, ensure=True)
            self._broker.enqueue(dramatiq.Message(queue, actor, (), payload, {}))
        except Exception:  # whatever it is, a sweeper must make up for it
            self._broker.close()
            return False
        return True

    # Disturbances

    def kill(self) -> None:
        """Kill -9 one process that had time to take up work: the whole group, or the child that works."""
        grown = [p for p, started in self._started.items() if time.monotonic() - started > GROWN and p.poll() is None]
        if not grown:
            return
        process = self.chance.choice(grown)
        if (children := _children(process.pid)) and self.chance.random() < 0.5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(children), signal.SIGKILL)
        else:
            kill_group(process)
        self.counts["kills"] += 1

    def restart(self) -> None:
        """Have one process group end as at an upgrade."""
        self.chance.choice(self._processes[: self.wanted]).terminate()
        self.counts["restarts"] += 1

    def purge(self) -> None:
        """Drop every message that waits in a queue."""
        connection = connect(self._broker)
        try:
            for queue in QUEUES:
                for name in (queue, f"{queue}.DQ"):
                    channel = connection.channel()
                    try:
                        channel.queue_purge(name)
                        channel.close()
                    except Exception:  # the queue is not declared yet
                        pass
        finally:
            connection.close()
        self.counts["purges"] += 1

    def pause_storage(self) -> None:
        """Make every access to storage fail for a moment: a file stands where the folder was."""
        away = self.folder / "objects.away"
        self.objects.rename(away)
        self.objects.touch()
        time.sleep(self.chance.uniform(0.5, 3))
        self.objects.unlink()
        away.rename(self.objects)
        self.counts["storage pauses"] += 1

    def delay_object(self, path: str, seconds: float) -> None:
        """Take an object away for a while, as if its client was still sending it."""
        held = self.folder / f"late-{time.monotonic_ns()}"
        with contextlib.suppress(OSError):  # storage is paused
            (self.objects / path).rename(held)
            self._late.append((time.monotonic() + seconds, held, self.objects / path))

    def deliver_objects(self) -> None:
        """Give back the objects that are due."""
        for late in [late for late in self._late if late[0] < time.monotonic()]:
            late[1].rename(late[2])
            self._late.remove(late)

    def restart_broker(self) -> None:
        self.rabbit.kill()
        self.rabbit.start()
        self.counts["broker"] += 1

    def restart_database(self) -> None:
        self.database.close_all()
        self.postgres.restart(self.chance.choice(["fast", "immediate"]))
        self.counts["database"] += 1

    def revive(self) -> None:
        """Start again what has ended, as a supervisor does."""
        for place, process in enumerate(self._processes):
            if process.poll() is not None:
                self._processes[place] = self._start_at(place)

    def logs(self) -> str:
        return self.cluster.logs()

    def errors(self) -> Counter[str]:
        """Count what the processes logged at level ERROR, for whoever reads the outcome."""
        found: Counter[str] = Counter()
        for line in self.logs().splitlines():
            with contextlib.suppress(ValueError, AttributeError):  # not every line is ours
                entry = json.loads(line)
                if entry.get("level") in ("error", "critical"):
                    found[" ".join(str(entry.get(key)) for key in ("event", "actor", "error") if key in entry)] += 1
        return found

    def _start_at(self, place: int) -> subprocess.Popen[bytes]:
        process = self.cluster.start_worker() if place < self.wanted else self._start_scheduler()
        self._started[process] = time.monotonic()
        return process

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        with (self.folder / "worker-scheduler.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", "from app.cli import main; main()", "scheduler"],
                cwd=ROOT,
                env=self.cluster.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CW_", "PROMETHEUS_"))}
        return kept | {
            "CW__DATABASE__URL": self.postgres.url,
            "CW__BROKER__URL": self.rabbit.url,
            "CW__STORAGE__URL": self.objects.as_uri(),
            "CW__EMBEDDED__FOLDER": str(self.folder / "state"),
            "CW__UPLOADS__LEASE": "2s",
            "CW__UPLOADS__DEBOUNCE": "0.2s",
            "CW__SWEEP__PATIENCE": "3s",
            "CW__METRICS__PORT": str(free_ports(1)[0]),
            "dramatiq_queue_prefetch": "2",
        }


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
