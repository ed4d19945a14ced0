"""Binds what is known about a message to every log line written while it is processed."""

from typing import Any

import structlog
from dramatiq import Broker, Message, MessageProxy, Middleware
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from app.middleware.delivery import delivery

log = structlog.get_logger(__name__)

SLOW = 1.0  # seconds


class LogContext(Middleware):
    """Adds message id, actor, queue, attempt, trace and the ids of the payload; tells how slow or failed ones ended.

    The trace is the id of the message that began a chain; messages sent while processing one inherit it.
    """

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        if trace := get_contextvars().get("trace_id"):
            message.options.setdefault("trace_id", trace)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        delivery(message)
        bind_contextvars(
            message_id=message.message_id,
            actor=message.actor_name,
            queue=message.queue_name,
            attempt=message.options.get("retries", 0) + 1,
            trace_id=message.options.get("trace_id", message.message_id),
            **{name: value for name, value in message.kwargs.items() if name.endswith("_id")},
        )

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        notes = delivery(message)
        # A line per wake-up that found nothing to do would cost more than the wake-up; the metrics count it.
        tell = log.debug if notes.outcome == "ok" and notes.seconds < SLOW else log.info
        tell("message_processed", outcome=notes.outcome, duration_ms=round(notes.seconds * 1000))
        clear_contextvars()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self.after_process_message(broker, message)
