"""Decides what becomes of a message whose actor failed: another try later, or a final, visible error."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from dramatiq import Broker, MessageProxy, Middleware

from app import metrics
from app.middleware.delivery import Outcome, delivery
from app.middleware.errors import MAX_DELAY, ErrorClass, RetryPolicy, classify

log = structlog.get_logger(__name__)

OnExhausted = Callable[[dict[str, Any], BaseException], object]

# A person who reads the log needs the traceback only where the class does not say it all.
_WITH_TRACEBACK = frozenset(
    {ErrorClass.OTHER, ErrorClass.UNIQUE, ErrorClass.DATA, ErrorClass.MEMORY, ErrorClass.TIMEOUT}
)
_EXPECTED = frozenset({ErrorClass.REQUESTED, ErrorClass.SHUTDOWN})


class Retries(Middleware):
    """Retries by class of error and never loses the message.

    Actor options: `max_retries` caps the retries of all classes together, those that wait for a named moment left
    out; `on_exhausted(payload, error)` runs when the message has failed for good, so that a row can show the error.
    A failed message goes to the dead-letter queue.

    Stock Dramatiq acknowledges the message when its retry cannot be published. Here a message counts as failed until
    the retry is published, so it ends in the dead-letter queue, or comes again when the server is gone.

    `max_delay` seconds bound the waits of our own choice: somebody may be watching.
    """

    def __init__(self, max_delay: float = MAX_DELAY) -> None:
        self.max_delay = max_delay

    @property
    def actor_options(self) -> set[str]:
        return {"max_retries", "on_exhausted"}

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        if exception is None or message.failed:
            return
        message.fail()
        policy = classify(exception)
        delivery(message).error_class = policy.error_class
        delay = self._next_delay(broker, message, policy)
        if delay is None:
            self._give_up(broker, message, policy, exception)
        else:
            # A wait that the other side asked for is kept.
            bounded = delay if policy.wait is not None else min(delay, self.max_delay)
            self._retry(broker, message, policy, exception, bounded)

    def _next_delay(self, broker: Broker, message: MessageProxy, policy: RetryPolicy) -> float | None:
        options = message.options
        if policy.wait is not None:
            waiting_since = options.setdefault("waiting_since", _now_ms())
            return policy.delay(0, (_now_ms() - waiting_since) / 1000)
        limit = broker.get_actor(message.actor_name).options.get("max_retries")
        if limit is not None and options.get("retries", 0) >= limit:
            return None
        return policy.delay(options.get("retries_by_class", {}).get(policy.error_class, 0), 0)

    def _retry(
        self, broker: Broker, message: MessageProxy, policy: RetryPolicy, error: BaseException, delay: float
    ) -> None:
        options, name = message.options, str(policy.error_class)
        if policy.wait is None:
            by_class = options.get("retries_by_class", {})
            options["retries"] = options.get("retries", 0) + 1
            options["retries_by_class"] = {**by_class, name: by_class.get(name, 0) + 1}
        options["error"] = type(error).__name__
        delay_ms = round(delay * 1000)
        options["due"] = _now_ms() + delay_ms
        try:
            broker.enqueue(message._message, delay=delay_ms or None)
        except Exception:
            delivery(message).outcome = "error"
            log.exception("retry_not_published", error_class=name)
            return
        message.failed = False
        delivery(message).outcome = "retry"
        metrics.actor_retries.labels(message.actor_name, name).inc()
        level = log.info if policy.error_class in _EXPECTED else log.warning
        level("message_retried", delay_seconds=round(delay, 1), **_describe(policy, error))

    def _give_up(self, broker: Broker, message: MessageProxy, policy: RetryPolicy, error: BaseException) -> None:
        outcome: Outcome = "rejected" if policy.error_class is ErrorClass.REJECTED else "error"
        delivery(message).outcome = outcome
        log.error("message_failed", **_describe(policy, error))
        hook: OnExhausted | None = broker.get_actor(message.actor_name).options.get("on_exhausted")
        if hook is None or outcome == "rejected":  # a hook cannot find its row by a payload that makes no sense
            return
        try:
            hook(message.kwargs, error)
        except Exception:
            # The sweepers find the row; its message is in the dead-letter queue.
            log.exception("error_not_recorded")


def _describe(policy: RetryPolicy, error: BaseException) -> dict[str, Any]:
    facts: dict[str, Any] = {"error_class": str(policy.error_class), "error": type(error).__name__}
    if (code := getattr(error, "code", None)) is not None:
        facts["error_code"] = code
    if policy.error_class in _WITH_TRACEBACK:
        facts["exc_info"] = error
    else:
        facts["error_text"] = str(error)
    return facts


def _now_ms() -> int:
    return round(time.time() * 1000)
