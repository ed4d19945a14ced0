"""The broker on a real RabbitMQ: nothing is lost where stock Dramatiq loses messages."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import dramatiq
import pika
import pytest
from dramatiq import Worker
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Retries as StockRetries

from app import broker as broker_module
from app.broker import Broker, queue_states, rabbitmq_broker, stub_broker
from app.middleware.retries import Retries
from tests.runtime.running import eventually, remove_queues, running

STOCK, OURS = "stock", "ours"


def make_broker(kind: str, url: str) -> RabbitmqBroker:
    if kind == STOCK:
        return RabbitmqBroker(url=url, confirm_delivery=True, middleware=[StockRetries(min_backoff=50)])
    return rabbitmq_broker(url, middleware=[Retries()])


@pytest.fixture
def queue() -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
def rabbit(amqp_url: str, request: pytest.FixtureRequest) -> Iterator[RabbitmqBroker]:
    broker = make_broker(getattr(request, "param", OURS), amqp_url)
    yield broker
    remove_queues(broker)
    broker.close()


def cut(worker: Worker, queue: str) -> None:
    """Cut the connection a consumer listens on, as a failing network does."""
    consumer: Any = worker.consumers[queue].consumer
    consumer.connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)


def ready(url: str, queue: str) -> int:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        return int(connection.channel().queue_declare(queue, passive=True).method.message_count)
    finally:
        connection.close()


# A connection that was cut is left for the collector, which may come at any time.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.amqp
@pytest.mark.parametrize(
    ("rabbit", "survivors"), [(STOCK, 1), (OURS, 2)], indirect=["rabbit"], ids=["stock loses one", "ours keeps both"]
)
def test_a_late_ack_never_settles_a_message_of_another_connection(
    rabbit: RabbitmqBroker, survivors: int, queue: str, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.2)
    started: list[str] = []
    first_run, later_runs = threading.Event(), threading.Event()

    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job(name: str) -> None:
        gate = first_run if name == "slow" and name not in started else later_runs
        started.append(name)
        if name != "quick":
            gate.wait(20)

    worker = Worker(rabbit, worker_timeout=50, worker_threads=4)
    worker.start()
    for name in ("quick", "slow", "other"):  # deliveries 1, 2 and 3 of the first connection
        job.send(name)
    eventually(lambda: len(started) == 3)

    cut(worker, queue)
    eventually(lambda: len(started) == 5)  # "slow" and "other" run again as deliveries 1 and 2 of the second one
    first_run.set()  # the first run of "slow" ends late; its delivery 2 is "other" now
    time.sleep(0.3)
    worker.consumers[queue].running = False
    cut(worker, queue)  # the process dies
    eventually(lambda: ready(amqp_url, queue))
    time.sleep(0.2)

    left = ready(amqp_url, queue)
    later_runs.set()
    worker.stop(timeout=5_000)
    assert left == survivors
    gc.collect()


@pytest.mark.amqp
@pytest.mark.parametrize(
    ("rabbit", "kept"), [(STOCK, 0), (OURS, 1)], indirect=["rabbit"], ids=["stock loses it", "ours dead-letters it"]
)
def test_a_message_whose_retry_cannot_be_published_is_dead_lettered(
    rabbit: RabbitmqBroker, kept: int, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job() -> None:
        failed.set()
        raise RuntimeError("first try")

    job.send()

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionClosed(OSError("the publishing connection is gone"))

    monkeypatch.setattr(rabbit, "enqueue", refuse)
    with running(rabbit):
        eventually(failed.is_set)
        time.sleep(0.3)

    assert rabbit.get_queue_message_counts(queue) == (0, 0, kept)


@pytest.mark.amqp
def test_a_failed_message_is_retried_through_the_delay_queue(
    rabbit: Broker, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flaky(Exception):
        permanent = False

    monkeypatch.setattr("app.middleware.errors.RetryPolicy.delay", lambda *_: 0.1)
    tries: list[int] = []

    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise Flaky

    job.send()
    with running(rabbit):
        eventually(lambda: len(tries) == 3)

    assert rabbit.get_queue_message_counts(queue) == (0, 0, 0)


@pytest.mark.amqp
def test_a_message_of_a_killed_connection_is_delivered_again_and_its_worker_thread_goes_on_at_once(
    rabbit: Broker, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 1.0)
    started: list[float] = []
    ended: list[float] = []
    gate = threading.Event()

    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job() -> None:
        started.append(time.monotonic())
        gate.wait(10)
        ended.append(time.monotonic())

    job.send()
    with running(rabbit, threads=1) as worker:
        eventually(lambda: started)
        cut(worker, queue)
        time.sleep(0.2)
        gate.set()
        eventually(lambda: len(ended) == 2)

    assert started[1] - ended[0] < 4  # stock waits five seconds to settle what it cannot settle
    assert rabbit.get_queue_message_counts(queue) == (0, 0, 0)


@pytest.mark.amqp
@pytest.mark.parametrize("body", [b"not json", b"\xff", b'{"actor_name": "job"}'])
def test_an_unreadable_message_goes_to_the_dead_letters_and_the_worker_lives(
    rabbit: Broker, queue: str, body: bytes
) -> None:
    done = threading.Event()

    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job() -> None:
        done.set()

    rabbit.declare_queue(queue, ensure=True)
    rabbit.channel.basic_publish("", queue, body)
    job.send()
    with running(rabbit):
        eventually(done.is_set)

    assert rabbit.get_queue_message_counts(queue) == (0, 0, 1)


@pytest.mark.amqp
def test_quorum_queues_are_declared_alike_every_time_and_carry_messages(amqp_url: str, queue: str) -> None:
    quorum = rabbitmq_broker(amqp_url, quorum=True)
    done = threading.Event()

    @dramatiq.actor(broker=quorum, queue_name=queue, actor_name="job")
    def job() -> None:
        done.set()

    job.send_with_options(delay=100)
    with running(quorum):
        eventually(done.is_set)

    again = rabbitmq_broker(amqp_url, quorum=True)
    again.declare_queue(queue, ensure=True)
    assert quorum.get_queue_message_counts(queue) == (0, 0, 0)
    remove_queues(quorum)
    quorum.close()
    again.close()


@pytest.mark.amqp
def test_queue_states_leave_out_queues_that_do_not_exist(rabbit: Broker, queue: str) -> None:
    @dramatiq.actor(broker=rabbit, queue_name=queue, actor_name="job")
    def job() -> None: ...

    job.send()
    job.send()

    states = queue_states(rabbit, [queue, "absent"])

    assert states == {queue: broker_module.QueueState(ready=2, consumers=0, dead=0)}


def test_every_wait_is_bounded_and_the_url_wins() -> None:
    broker = rabbitmq_broker("amqp://u:p@127.0.0.1:1/%2F?heartbeat=7;amqp://127.0.0.2:1/", heartbeat=30)

    first, second = broker.parameters

    assert (first.heartbeat, second.heartbeat) == (7, 30)
    assert first.blocked_connection_timeout == second.blocked_connection_timeout == 60
    assert broker.confirm_delivery


def test_a_bad_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="cannot be parsed") as caught:
        rabbitmq_broker("amqp://user:hunter2@host:5672/?nonsense=1")

    assert "hunter2" not in repr(caught.value)


def test_an_unreachable_server_is_an_error_of_the_sender() -> None:
    broker = rabbitmq_broker("amqp://127.0.0.1:1/?socket_timeout=0.2&connection_attempts=1")

    @dramatiq.actor(broker=broker, queue_name="uploads", actor_name="job")
    def job() -> None: ...

    with pytest.raises(ConnectionClosed):
        job.send()


def test_the_broker_inside_the_process_runs_the_same_actors() -> None:
    broker = stub_broker()
    done = threading.Event()

    @dramatiq.actor(broker=broker, queue_name="uploads", actor_name="job")
    def job() -> None:
        done.set()

    job.send()
    with running(broker):
        assert done.wait(5)
