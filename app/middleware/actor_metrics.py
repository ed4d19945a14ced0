"""Counts and times the messages of every actor."""

import os
import time
from typing import Any

from dramatiq import Actor, Broker, Message, MessageProxy, Middleware, Worker
from prometheus_client.multiprocess import mark_process_dead

from app import metrics
from app.middleware.delivery import OUTCOMES, delivery


class _Series:
    """The metrics of one actor with their labels bound, because looking labels up costs more than counting."""

    def __init__(self, actor: str, queue: str) -> None:
        self.messages = {outcome: metrics.actor_messages.labels(actor, outcome) for outcome in OUTCOMES}
        self.duration = metrics.actor_duration.labels(actor)
        self.in_progress = metrics.actor_in_progress.labels(actor)
        self.wait = metrics.queue_wait.labels(queue)


class ActorMetrics(Middleware):
    """Keeps the `covworker_actor_*` and `covworker_queue_wait_seconds` series."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}

    def after_declare_actor(self, broker: Broker, actor: Actor[Any, Any]) -> None:
        self._series[actor.actor_name] = _Series(actor.actor_name, actor.queue_name)

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        if delay is not None:
            # Dramatiq drops `eta` when the delay is over, but waiting is measured from that moment.
            message.options["due"] = message.options["eta"]

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        delivery(message)
        series = self._series[message.actor_name]
        series.in_progress.inc()
        due = message.options.get("due", message.message_timestamp)
        series.wait.observe(max(0.0, time.time() - due / 1000))

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        notes, series = delivery(message), self._series[message.actor_name]
        if exception is not None and notes.outcome == "ok":
            notes.outcome = "error"  # whoever decides about failures failed itself
        series.in_progress.dec()
        series.duration.observe(notes.seconds)
        series.messages[notes.outcome].inc()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self.after_process_message(broker, message)

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        if message.actor_name not in self._series:
            # One label for all of them: the name comes from outside.
            metrics.actor_messages.labels("unknown", "rejected").inc()

    def before_delay_message(self, broker: Broker, message: MessageProxy) -> None:
        message.options.setdefault("due", message.options["eta"])

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        if metrics.MULTIPROC_DIR:
            mark_process_dead(os.getpid(), metrics.MULTIPROC_DIR)  # type: ignore[no-untyped-call]  # has no types
