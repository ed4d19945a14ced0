"""What a process tells the outside over HTTP: /metrics, /live, /ready and /version."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app import __version__, metrics
from app.broker import QueueState
from app.middleware.heartbeat import MAX_AGE, is_running, silent_for

log = structlog.get_logger(__name__)

Check = Callable[[], object]  # raises when something is wrong; brings its own time limit

READY_CACHE = 5.0
BIND_PAUSE = 5.0
REQUEST_TIMEOUT = 10.0


class NotAlive(Exception):
    """No sign of life."""


def workers_alive(folder: Path, max_age: float = MAX_AGE) -> Check:
    """A check that every worker process has shown a sign of life in the folder of their heartbeats lately."""

    def check() -> None:
        silence = silent_for(folder)
        if silence is None:
            raise NotAlive("no worker process has started")
        if silence > max_age:
            raise NotAlive(f"a worker process is silent for {silence:.0f} s")

    return check


class BuildInfo(Collector):
    """The version as a label of a constant."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        info = GaugeMetricFamily("covworker_build_info", "The running version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


@dataclass(frozen=True, slots=True)
class QueueDepths(Collector):
    """What the broker says about its queues; `covworker_broker_up` is 0 when it does not answer."""

    states: Callable[[], Mapping[str, QueueState]]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = GaugeMetricFamily("covworker_broker_up", "Whether the broker answers.")
        depth = GaugeMetricFamily(
            "covworker_queue_depth", "Messages no worker has taken yet; delayed ones are not counted.", labels=["queue"]
        )
        consumers = GaugeMetricFamily("covworker_queue_consumers", "Processes that listen.", labels=["queue"])
        dead = GaugeMetricFamily("covworker_dead_letters", "Messages that failed for good.", labels=["queue"])
        try:
            for queue, state in self.states().items():
                depth.add_metric([queue], state.ready)
                consumers.add_metric([queue], state.consumers)
                dead.add_metric([queue], state.dead)
            up.add_metric([], 1)
        except Exception as error:
            log.warning("broker_does_not_answer", error=type(error).__name__)
            up.add_metric([], 0)
        return [up, depth, consumers, dead]


@dataclass(slots=True)
class Exposition:
    """Answers on a port until it is stopped.

    `live` tells whether the processes work at all: a failure is a reason to restart them. `ready` are named checks of
    what they need: a failure is a reason to wait. Checks raise; only the type of the error is told to the outside.
    """

    port: int
    live: Check = lambda: None
    ready: Mapping[str, Check] = field(default_factory=dict)
    collectors: tuple[Collector, ...] = ()
    version: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    _started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ready_at: float = float("-inf")
    _ready_answer: tuple[int, dict[str, str]] = (503, {})
    _server: ThreadingHTTPServer | None = None

    def serve_forever(self) -> int:
        """Bind, however long the port is taken, and answer; the exit code of the process is returned."""
        with self.bind() as server:
            server.serve_forever()
        return 0

    def start(self) -> None:
        """Answer from a thread of this process, which ends with it."""
        threading.Thread(target=self.serve_forever, name="exposition", daemon=True).start()

    def bind(self) -> ThreadingHTTPServer:
        """Take the port; a process that dies because it is taken would not be restarted by anyone."""
        while True:
            try:
                self._server = _Server((self.host, self.port), self.handler())
                return self._server
            except OSError as error:
                log.warning("port_not_bound", port=self.port, error=str(error))
                time.sleep(BIND_PAUSE)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """The request handler of this exposition."""
        answers: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/metrics": self._metrics,
            "/live": lambda: _json(*self.check_live()),
            "/ready": lambda: _json(*self.check_ready()),
            "/version": lambda: _json(200, {"version": __version__, "started": self._started, **self.version}),
        }

        class Handler(BaseHTTPRequestHandler):
            timeout = REQUEST_TIMEOUT
            server_version = "coverage-worker"
            sys_version = ""

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def _answer(self, *, with_body: bool) -> None:
                answer = answers.get(self.path.partition("?")[0])
                status, kind, body = answer() if answer else (404, "text/plain", b"not found\n")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if with_body:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # probes come every few seconds
                pass

        return Handler

    def check_live(self) -> tuple[int, dict[str, str]]:
        """Status and body of /live."""
        try:
            self.live()
        except Exception as error:
            return 503, {"live": str(error) if isinstance(error, NotAlive) else type(error).__name__}
        return 200, {"live": "ok"}

    def check_ready(self) -> tuple[int, dict[str, str]]:
        """Status and body of /ready; probes within five seconds share one answer."""
        with self._lock:
            if time.monotonic() - self._ready_at >= READY_CACHE:
                results = {name: _run(name, check) for name, check in self.ready.items()}
                self._ready_answer = (200 if all(text == "ok" for text in results.values()) else 503, results)
                self._ready_at = time.monotonic()
            return self._ready_answer

    def _metrics(self) -> tuple[int, str, bytes]:
        registry = CollectorRegistry()
        registry.register(BuildInfo())
        for collector in self.collectors:
            registry.register(collector)
        if metrics.MULTIPROC_DIR:
            forget_dead_processes(Path(metrics.MULTIPROC_DIR))
            MultiProcessCollector(registry, metrics.MULTIPROC_DIR)  # type: ignore[no-untyped-call]  # has no types
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
        return 200, CONTENT_TYPE_LATEST, generate_latest(registry) + generate_latest(REGISTRY)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("request_failed", exc_info=True)  # mostly clients that went away


def _run(name: str, check: Check) -> str:
    try:
        check()
    except Exception as error:
        log.warning("not_ready", check=name, error=type(error).__name__, error_text=str(error))
        return type(error).__name__
    return "ok"


def _json(status: int, body: Mapping[str, str]) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(body).encode() + b"\n"


def forget_dead_processes(folder: Path) -> None:
    """Drop the gauges of processes that were killed, which would count as running for ever."""
    numbers = {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*_*.db")}
    for number in numbers:
        if number.isdigit() and not is_running(int(number)):
            mark_process_dead(int(number), str(folder))  # type: ignore[no-untyped-call]  # has no types


def probe(port: int, path: str = "/live", host: str = "127.0.0.1", timeout: float = 5) -> tuple[int, str]:
    """Ask an exposition, as the health check of a container does: status and body; status 0 = no answer."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError as error:
        return 0, f"port {port} does not answer: {error}"
    finally:
        connection.close()
