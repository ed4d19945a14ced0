"""The brokers: RabbitMQ without the two ways stock Dramatiq loses a message, and a queue inside the process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pika
import pika.exceptions
from dramatiq import MessageProxy, Middleware
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import dq_name, xq_name
from dramatiq.errors import ConnectionClosed

QUEUES = ("uploads", "reports", "notify", "sync", "ingest", "maintenance")

# A message that kills its process this often is poison; its neighbours in the prefetch suffer with it, so be patient.
QUORUM_DELIVERY_LIMIT = 20
# Every restart of a worker delivers all delayed messages again, so they must not count. No limit cannot be said in a
# way that all server versions accept.
QUORUM_NO_LIMIT = 1_000_000


class OwnedConsumer(_RabbitmqConsumer):
    """A consumer that settles only what its own connection delivered.

    Delivery tags start again at 1 on every connection. Stock Dramatiq settles a message that finishes after a
    reconnect through the new connection, and thereby acknowledges another message, which is lost when its process
    dies. The server delivers the message of a lost connection again, so there is nothing to settle.
    """

    def __next__(self) -> MessageProxy | None:
        message: Any = super().__next__()  # type: ignore[no-untyped-call]  # the base class has no types
        if message is not None:
            message.owner = self
        return message  # type: ignore[no-any-return]  # the base class has no types

    def ack(self, message: Any) -> None:
        if self._owns(message):
            with self._lost_is_fine(message):
                super().ack(message)  # type: ignore[no-untyped-call]  # the base class has no types

    def nack(self, message: Any) -> None:
        if self._owns(message):
            with self._lost_is_fine(message):
                super().nack(message)  # type: ignore[no-untyped-call]  # the base class has no types

    def _owns(self, message: Any) -> bool:
        if message.owner is self:
            return True
        self._warn(message)
        return False

    @contextmanager
    def _lost_is_fine(self, message: Any) -> Iterator[None]:
        try:
            yield
        except ConnectionClosed:
            # Waiting for the next connection, as Dramatiq would, only keeps a worker thread from working.
            self._warn(message)

    def _warn(self, message: Any) -> None:
        self.logger.warning("Message %s is delivered again: its connection is gone.", message.message_id)


class Broker(RabbitmqBroker):
    """RabbitMQ with confirmed publishing, owned deliveries and bounded waits."""

    def __init__(self, *, url: str, middleware: list[Middleware], heartbeat: int, quorum: bool) -> None:
        super().__init__(url=url, middleware=middleware, confirm_delivery=True)
        self.quorum = quorum
        urls = url.split(";")
        servers = self.parameters if isinstance(self.parameters, list) else [self.parameters]
        for text, parameters in zip(urls, servers, strict=True):
            _set_defaults(parameters, text, heartbeat)

    @property
    def consumer_class(self) -> type[OwnedConsumer]:
        return OwnedConsumer

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        arguments: dict[str, Any] = super()._build_queue_arguments(queue_name)  # type: ignore[no-untyped-call]  # the base class has no types
        if self.quorum:
            arguments |= {"x-queue-type": "quorum", "x-delivery-limit": QUORUM_DELIVERY_LIMIT}
        return arguments

    def _declare_dq_queue(self, queue_name: str) -> Any:
        arguments = self._build_queue_arguments(queue_name)
        if self.quorum:
            arguments["x-delivery-limit"] = QUORUM_NO_LIMIT
        return self.channel.queue_declare(queue=dq_name(queue_name), durable=True, arguments=arguments)


def _set_defaults(parameters: Any, url: str, heartbeat: int) -> None:
    """Bound every wait; what the URL says about itself wins."""
    given = parse_qs(urlsplit(url).query)
    defaults = {
        "heartbeat": heartbeat,
        # Without it a memory or disk alarm of the server hangs every publisher.
        "blocked_connection_timeout": 60,
        "socket_timeout": 10,
        "stack_timeout": 15,
        "client_properties": {"connection_name": "coverage-worker"},
    }
    for name, value in defaults.items():
        if name not in given:
            setattr(parameters, name, value)


def rabbitmq_broker(
    url: str, *, middleware: Sequence[Middleware] = (), heartbeat: int = 60, quorum: bool = False
) -> Broker:
    """Make the broker for `amqp[s]://user:password@host:port/vhost?option=value`; nothing is connected yet.

    Several servers of a cluster are separated by `;` and tried in order. `heartbeat` is in seconds. `quorum` chooses
    replicated queues; a queue that exists cannot change its type. Options in the URL win. Raises ValueError for an
    address that cannot be parsed.
    """
    try:
        return Broker(url=url, middleware=list(middleware), heartbeat=heartbeat, quorum=quorum)
    except Exception:
        raise ValueError("the broker URL cannot be parsed") from None  # never repeated: it may hold a password


def stub_broker(*, middleware: Sequence[Middleware] = ()) -> StubBroker:
    """Make the broker of the embedded mode and of tests: queues in memory, same middleware, same actors."""
    return StubBroker(list(middleware), fail_fast_default=False)


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the server tells about a queue; messages held by workers are invisible."""

    ready: int
    consumers: int
    dead: int


def connect(broker: Broker) -> pika.BlockingConnection:
    """A connection of its own, for a check or an administrative command; the caller closes it."""
    return pika.BlockingConnection(parameters=broker.parameters)


def queue_states(broker: Broker, queues: Sequence[str] = QUEUES) -> dict[str, QueueState]:
    """Ask the server about queues without creating them; those that do not exist yet are left out."""
    connection = connect(broker)
    try:
        states = {}
        for queue in queues:
            main, dead = _declare_passive(connection, queue), _declare_passive(connection, xq_name(queue))
            if main is not None:
                states[queue] = QueueState(main[0], main[1], dead[0] if dead else 0)
        return states
    finally:
        connection.close()


def _declare_passive(connection: pika.BlockingConnection, queue: str) -> tuple[int, int] | None:
    channel = connection.channel()  # the server closes the channel when the queue does not exist
    try:
        method = channel.queue_declare(queue=queue, passive=True).method
    except pika.exceptions.ChannelClosedByBroker:
        return None
    channel.close()
    return method.message_count, method.consumer_count
