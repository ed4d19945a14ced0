"""Keeps a hungry message from taking the machine down with it."""

import os
import resource
import signal
import threading
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware

from app.helpers.memory import rss_bytes

log = structlog.get_logger(__name__)


class MemoryCap(Middleware):
    """Limits the data a worker process may allocate: beyond it Python raises MemoryError, and the process lives.

    Put it below the limit of the container divided by the number of processes. Linux only.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def after_process_boot(self, broker: Broker) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        cap = self.size if hard == resource.RLIM_INFINITY else min(self.size, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (cap, hard))


class RecycleAbove(Middleware):
    """Ends the process gracefully once a message leaves it with more resident memory than this; it is then restarted.

    Dramatiq ends the whole group of processes when one of them ends, so this is a remedy for leaks, not a limit.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._once = threading.Lock()

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        if (rss := rss_bytes()) > self.size and self._once.acquire(blocking=False):
            log.warning("process_recycled", rss_bytes=rss, limit_bytes=self.size)
            # The worker process answers TERM by finishing running messages; a second TERM would kill it.
            os.kill(os.getpid(), signal.SIGTERM)
