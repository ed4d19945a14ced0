"""What the middleware notes about one delivery of a message, for each other."""

import time
from dataclasses import dataclass, field
from typing import Literal

from dramatiq import MessageProxy

Outcome = Literal["ok", "retry", "error", "dropped", "rejected"]
OUTCOMES: tuple[Outcome, ...] = ("ok", "retry", "error", "dropped", "rejected")


@dataclass(slots=True)
class Delivery:
    """When processing began (monotonic seconds) and how it ended."""

    started: float = field(default_factory=time.monotonic)
    outcome: Outcome = "ok"
    error_class: str | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def delivery(message: MessageProxy) -> Delivery:
    """The notes about this delivery, begun at the first call."""
    notes: Delivery | None = vars(message).get("delivery")
    if notes is None:
        notes = vars(message)["delivery"] = Delivery()
    return notes
