"""Send a wake-up for work that is already written down: if it gets lost, a sweeper finds the row."""

from datetime import timedelta
from typing import Any

import structlog
from dramatiq.middleware import CurrentMessage

from app import metrics
from app.actors.base import Actor

log = structlog.get_logger(__name__)

# A broker holds a delayed message in the memory of a worker; what is due later is left to the sweepers.
LONGEST_DELAY = timedelta(minutes=15)


def wake(actor: Actor[..., Any], delay: timedelta | None = None, **payload: Any) -> None:
    """Send a message to an actor, `delay` from now; a failure is logged and counted, never raised."""
    if delay is not None and delay > LONGEST_DELAY:
        return
    try:
        milliseconds = round(delay.total_seconds() * 1000) if delay is not None else None
        actor.send_with_options(kwargs=payload, delay=milliseconds)
    except Exception as error:
        metrics.wake_ups_lost.labels(actor.actor_name).inc()
        log.warning("wake_up_lost", wanted=actor.actor_name, payload=payload, error=type(error).__name__)


def is_repeated() -> bool:
    """Say whether an earlier try at the message at hand may have got half-way: its worker died, or it failed."""
    message = CurrentMessage.get_current_message()
    return message is not None and bool(getattr(message, "redelivered", False) or message.options.get("retries"))
