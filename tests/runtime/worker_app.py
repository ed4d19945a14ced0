"""Actors and exposition of the worker processes that test_worker_process starts."""

import os
import time
from pathlib import Path

import dramatiq

from app import metrics
from app.broker import queue_states, rabbitmq_broker
from app.exposition import Exposition, QueueDepths, workers_alive
from app.logging_setup import configure_logging
from app.middleware import standard_middleware

FOLDER = Path(os.environ["TEST_FOLDER"])
METRICS = Path(metrics.MULTIPROC_DIR or FOLDER)

configure_logging()
broker = rabbitmq_broker(os.environ["TEST_BROKER"], middleware=standard_middleware(heartbeat_folder=METRICS))
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=os.environ["TEST_QUEUE"], actor_name="tests.work", max_retries=0)
def work(name: str, wait: bool) -> None:
    """Leave a file for each run; the first run of a waiting job never ends."""
    runs = len(list(FOLDER.glob(f"{name}.*")))
    (FOLDER / f"{name}.{runs}").write_text(str(os.getpid()))
    if wait and runs == 0:
        time.sleep(60)
    (FOLDER / f"{name}.done").touch()


def serve() -> int:
    """The process that answers beside the workers."""
    return Exposition(
        port=int(os.environ["TEST_PORT"]),
        host="127.0.0.1",
        live=workers_alive(METRICS),
        collectors=(QueueDepths(lambda: queue_states(broker, [os.environ["TEST_QUEUE"]])),),
    ).serve_forever()
