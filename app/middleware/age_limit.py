"""Drops messages that are useless when they come late, such as the tick of a schedule."""

import time
from typing import Any

from dramatiq import Broker, MessageProxy, Middleware
from dramatiq.middleware import SkipMessage

from app.middleware.delivery import delivery


class AgeLimit(Middleware):
    """Skips a message older than the `max_age` (milliseconds since it was first sent) of its actor.

    Unlike Dramatiq's own, it does not fill the dead-letter queue with messages nobody will miss.
    """

    @property
    def actor_options(self) -> set[str]:
        return {"max_age"}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        max_age: Any = broker.get_actor(message.actor_name).options.get("max_age")
        if max_age is not None and time.time() * 1000 - message.message_timestamp > max_age:
            delivery(message).outcome = "dropped"
            raise SkipMessage("The message is older than its actor allows.")
