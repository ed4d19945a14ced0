"""Shows that a worker process is alive, by touching a file of its own."""

import os
import threading
import time
from pathlib import Path

from dramatiq import Broker, Middleware, Worker

from app import metrics
from app.helpers.memory import rss_bytes

INTERVAL = 10.0
MAX_AGE = 60.0
_PREFIX = "heartbeat_"


class Heartbeat(Middleware):
    """Touches `heartbeat_<pid>` in a folder and measures resident memory every ten seconds.

    A thread does it, so a call that holds the interpreter lock stops the heart as well.
    """

    def __init__(self, folder: Path, interval: float = INTERVAL) -> None:
        self.folder = folder
        self.interval = interval
        self._stopped = threading.Event()

    def after_process_boot(self, broker: Broker) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self._stopped.set()
        self._file().unlink(missing_ok=True)

    def _beat(self) -> None:
        while True:
            self._file().touch()
            metrics.process_rss.set(rss_bytes())
            if self._stopped.wait(self.interval):
                return

    def _file(self) -> Path:
        return self.folder / f"{_PREFIX}{os.getpid()}"


def silent_for(folder: Path) -> float | None:
    """Seconds since the worker process that is silent longest was heard of; None = there is no worker process.

    Files of processes that no longer exist do not count and are removed.
    """
    newest = time.time()
    silences = []
    for file in folder.glob(f"{_PREFIX}*"):
        if not is_running(int(file.name.removeprefix(_PREFIX))):
            file.unlink(missing_ok=True)
            continue
        try:
            silences.append(max(0.0, newest - file.stat().st_mtime))
        except FileNotFoundError:
            continue  # the process ended just now
    return max(silences, default=None)


def is_running(pid: int) -> bool:
    """Whether a process of this number exists on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
