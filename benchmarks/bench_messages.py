"""What our runtime adds to a message: `python -m benchmarks.bench_messages --scale 1`.

Workload at scale 1: 2,000 messages with one id for an actor that does nothing, sent one after the other to RabbitMQ and
then consumed by four threads. Ours has payload checks, retries, metrics shared between processes, log lines and the
database middleware; the baseline is Dramatiq with its default middleware. Both wait for the confirmation of every
message. Each measurement is a process of its own, both sides take turns, the best of four counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

Row = tuple[str, float, str, float, float, float]

MESSAGES = 2_000
ROUNDS = 4
THREADS = 4
QUEUE = "notify"
BASELINE = "bare Dramatiq"
MUST = 1.5


class Countdown:
    """Tells when all messages have been processed."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.left -= 1
            if not self.left:
                self.done.set()


def bare(url: str, tick: Callable[[], None]) -> tuple[RabbitmqBroker, Any]:
    """Dramatiq as it comes, with confirmed publishing."""
    broker = RabbitmqBroker(url=url, confirm_delivery=True)

    @dramatiq.actor(broker=broker, queue_name=QUEUE, actor_name="bench.nothing")
    def nothing(upload_id: int) -> None:
        tick()

    return broker, nothing


def ours(url: str, tick: Callable[[], None]) -> tuple[RabbitmqBroker, Any]:
    """Our broker with all of its middleware; the database is never connected."""
    from app.broker import rabbitmq_broker  # noqa: PLC0415  # the baseline must not pay for our imports
    from app.logging_setup import configure_logging  # noqa: PLC0415
    from app.middleware import standard_middleware  # noqa: PLC0415
    from app.models.database import open_database  # noqa: PLC0415

    configure_logging(stream=Path(os.devnull).open("w"))  # noqa: SIM115  # as long as the process
    database = open_database("postgresql://127.0.0.1/unused")
    broker = rabbitmq_broker(url, middleware=standard_middleware(database))
    dramatiq.set_broker(broker)

    from marshmallow import Schema, fields  # noqa: PLC0415

    from app.actors.base import actor  # noqa: PLC0415  # actors bind to the broker set above

    class Payload(Schema):
        upload_id = fields.Integer(strict=True, required=True)

    @actor(name="bench.nothing", queue=QUEUE, schema=Payload, time_limit=60_000)
    def nothing(upload_id: int) -> None:
        tick()

    return broker, nothing


SIDES = {"bare": bare, "ours": ours}


def measure(side: str, url: str, messages: int) -> dict[str, float]:
    """Send and consume in this process: seconds of both, and its peak of resident memory in MB."""
    countdown = Countdown(messages)
    broker, nothing = SIDES[side](url, countdown)
    broker.emit_after("process_boot")
    broker.declare_queue(QUEUE, ensure=True)
    begin = time.perf_counter()
    for number in range(messages):
        nothing.send(upload_id=number)
    sent = time.perf_counter()
    worker = dramatiq.Worker(broker, queues={QUEUE}, worker_threads=THREADS)
    worker.start()
    if not countdown.done.wait(120):
        raise SystemExit(f"{countdown.left} messages were not processed")
    consumed = time.perf_counter()
    worker.stop()
    for suffix in ("", ".DQ", ".XQ"):
        broker.channel.queue_delete(QUEUE + suffix)
    broker.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"send": sent - begin, "consume": consumed - sent, "peak": peak}


def in_new_process(side: str, url: str, messages: int) -> dict[str, float]:
    """Measure one side in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.check_output(
            [sys.executable, "-m", "benchmarks.bench_messages", "--side", side, "--messages", str(messages)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder, "BENCH_AMQP_URL": url},
        )
    result: dict[str, float] = json.loads(output)
    return result


def rows(scale: float) -> Iterator[Row]:
    """Measure: (operation, seconds, baseline, its seconds, allowed ratio, peak MB); nothing without RabbitMQ."""
    from tests.rabbitmq import provide_amqp  # noqa: PLC0415  # starts a server where none runs

    if (url := provide_amqp()) is None:
        return
    messages = max(200, int(MESSAGES * scale))
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(ROUNDS):
        for side, results in runs.items():
            results.append(in_new_process(side, url, messages))
    peak = max(result["peak"] for result in runs["ours"])
    steps: dict[str, Callable[[dict[str, float]], float]] = {
        "send": lambda result: result["send"],
        "consume": lambda result: result["consume"],
        "send and consume": lambda result: result["send"] + result["consume"],
    }
    for name, step in steps.items():
        fastest = {side: min(map(step, results)) for side, results in runs.items()}
        yield f"{name} {messages:,} messages", fastest["ours"], BASELINE, fastest["bare"], MUST, peak


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    options = parser.parse_args(arguments)
    if options.side:
        print(json.dumps(measure(options.side, os.environ["BENCH_AMQP_URL"], options.messages)))
        return
    for name, seconds, baseline, theirs, must, peak in rows(options.scale):
        print(
            f"{name:32} {seconds * 1000:8.1f} ms  {seconds / theirs:5.2f} x {baseline}  must <= {must}x  {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
