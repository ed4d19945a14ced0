"""Structured logs: one JSON object per line on standard error, secrets blotted out, bursts cut short."""

import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_SECRET_WORDS = ("token", "secret", "password", "authorization", "cookie", "private_key", "api_key")
_REDACTED = "[redacted]"
# The user and password of a URL, the value of a header, tokens of GitHub and GitLab; never the quote that ends a text.
_CREDENTIALS = re.compile(
    r'(://)[^\s/@"\\]+(?=@)|(Bearer |Basic )[^\s"\\]+|gh[a-z]_\w{16,}|github_pat_\w+|glpat-[\w-]+'
)
BURST = 10
PERIOD = 60.0


def configure_logging(
    level: str = "INFO", style: Literal["json", "text"] = "json", stream: TextIO | None = None
) -> None:
    """Send the logs of our code and of libraries through one set of processors to `stream` (standard error).

    `text` is for people at a terminal. Worker processes call this when `app.actors` is imported: Dramatiq has
    replaced standard error by the pipe to its main process by then. Calling it again replaces the configuration.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(style)],
        )
    )
    handler.addFilter(BurstLimit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quiet_libraries()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _quiet_libraries() -> None:
    # Every reconnect of a consumer would tell its whole story.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    # Our Retries reports failed messages, by class and without their payload.
    logging.getLogger("dramatiq.worker.WorkerThread").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def _renderer(style: Literal["json", "text"]) -> Processor:
    render: Callable[[WrappedLogger, str, EventDict], Any] = (
        structlog.processors.JSONRenderer(default=str)
        if style == "json"
        else structlog.dev.ConsoleRenderer(timestamp_key="ts", exception_formatter=structlog.dev.plain_traceback)
    )

    def line(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return _CREDENTIALS.sub(rf"\1\2{_REDACTED}", render(logger, method, event))

    return line


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blot out the values of keys whose names speak of secrets, at any depth of dictionaries and lists."""
    for key, value in event.items():
        if _is_secret(key):
            event[key] = _REDACTED
        elif isinstance(value, dict | list | tuple):
            event[key] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _REDACTED if _is_secret(key) else _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


@lru_cache(maxsize=1024)
def _is_secret(key: Any) -> bool:
    return isinstance(key, str) and any(word in key.lower() for word in _SECRET_WORDS)


class BurstLimit(logging.Filter):
    """Lets warnings and errors of the same event through ten times a minute; then a line says how many were left out.

    Routine lines are not limited: they are as many as the messages.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], list[float]] = {}  # event -> [begin of its minute, count]

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        event = record.msg
        name = str(event.get("event")) if isinstance(event, dict) else str(event)
        now = self._clock()
        with self._lock:
            begin, count = self._seen.get((record.name, name), (now, 0))
            left_out = 0
            if now - begin >= PERIOD:
                left_out, begin, count = max(0, int(count) - BURST), now, 0
            self._seen[record.name, name] = [begin, count + 1]
            if len(self._seen) > 1000:  # events are static texts; only a mistake makes them many
                self._seen.clear()
        if left_out and isinstance(event, dict):
            event["left_out"] = left_out
        return count < BURST
