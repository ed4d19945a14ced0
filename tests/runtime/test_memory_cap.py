"""Memory and signs of life of worker processes."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from app.broker import stub_broker
from app.helpers.memory import rss_bytes, trim
from app.middleware.heartbeat import Heartbeat, silent_for
from tests.runtime.running import eventually, running


def test_a_hungry_message_gets_a_memory_error_and_its_process_lives() -> None:
    script = """
import dramatiq
from dramatiq import Worker
from app.broker import stub_broker
from app.middleware import standard_middleware
broker = stub_broker(middleware=standard_middleware(memory_cap=400 << 20))
seen = []
@dramatiq.actor(broker=broker, queue_name="uploads", max_retries=0)
def hog():
    try:
        bytearray(1 << 30)
    except MemoryError:
        seen.append("MemoryError")
        raise
@dramatiq.actor(broker=broker, queue_name="uploads")
def modest():
    seen.append("ok")
broker.emit_after("process_boot")
worker = Worker(broker, worker_timeout=50, worker_threads=1)
worker.start()
hog.send()
broker.join("uploads", timeout=20000)
modest.send()
broker.join("uploads", timeout=20000)
worker.stop()
print(seen, len(broker.dead_letters))
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=dict(os.environ), timeout=60
    )

    assert result.stdout.splitlines()[-1:] == ["['MemoryError', 'ok'] 1"], result.stderr


def test_the_cap_is_a_limit_of_data_not_of_this_process() -> None:
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY


def test_resident_memory_is_known_and_trimming_does_no_harm() -> None:
    before = rss_bytes()
    block = bytearray(80 << 20)
    grown = rss_bytes()
    del block
    trim()

    assert grown - before > 60 << 20
    assert rss_bytes() < grown - (60 << 20)


def test_a_heart_beats_until_the_worker_stops(tmp_path: Path) -> None:
    broker = stub_broker(middleware=[Heartbeat(tmp_path, interval=0.05)])

    with running(broker):
        eventually(lambda: silent_for(tmp_path) is not None)
        time.sleep(0.3)
        silence = silent_for(tmp_path)

    assert silence is not None
    assert silence < 0.25
    assert silent_for(tmp_path) is None


def test_hearts_of_processes_that_are_gone_do_not_count(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f"heartbeat_{gone.pid}").touch()
    mine = tmp_path / f"heartbeat_{os.getpid()}"
    mine.touch()
    os.utime(mine, (time.time() - 100, time.time() - 100))

    silence = silent_for(tmp_path)

    assert silence is not None
    assert silence >= 100
    assert list(tmp_path.iterdir()) == [mine]


def test_a_process_that_stays_big_after_a_message_ends_itself_once_and_gracefully() -> None:
    script = """
import signal
import dramatiq
from dramatiq import Worker
from app.broker import stub_broker
from app.middleware.memory_cap import RecycleAbove
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append("TERM"))
broker = stub_broker(middleware=[RecycleAbove(1 << 20)])
@dramatiq.actor(broker=broker, queue_name="uploads")
def job(): ...
worker = Worker(broker, worker_timeout=50, worker_threads=2)
worker.start()
for _ in range(5):
    job.send()
broker.join("uploads", timeout=20000)
worker.stop()
print(told)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert result.stdout.splitlines()[-1:] == ["['TERM']"], result.stderr
