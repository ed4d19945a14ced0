"""Send a wake-up for work that is already written down: if it gets lost, a sweeper finds the row."""

from datetime import timedelta
from typing import Any

import structlog

from app import metrics
from app.actors.base import Actor

log = structlog.get_logger(__name__)


def wake(actor: Actor[..., Any], delay: timedelta | None = None, **payload: Any) -> None:
    """Send a message to an actor, `delay` from now; a failure is logged and counted, never raised."""
    try:
        milliseconds = round(delay.total_seconds() * 1000) if delay is not None else None
        actor.send_with_options(kwargs=payload, delay=milliseconds)
    except Exception as error:
        metrics.wake_ups_lost.labels(actor.actor_name).inc()
        log.warning("wake_up_lost", wanted=actor.actor_name, payload=payload, error=type(error).__name__)
