"""Messages are wake-up calls: lost, repeated and reordered ones change nothing in the end."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier
from typing import Any

import pytest

from app.clients.git.base import Unreachable
from app.clients.storage import ObjectStorage
from app.logic.uploads.assemble import Assembled, assemble_report
from app.logic.uploads.process import Processed, process_upload
from app.models.database import Database
from app.models.reports import CommitReport, Upload
from tests.example import Uploader, example
from tests.expected import Raw, commit_report
from tests.faults.rocket import CARRYING, PLAIN, PullRequest, stray_objects
from tests.faults.simulation import Simulation
from tests.logic.notifications.fake_host import FakeHost
from tests.logic.uploads.conftest import POLICY

TIMEOUT = 30  # seconds


@pytest.mark.parametrize("pull_request", [PLAIN, CARRYING], ids=["plain", "carrying"], indirect=True)
def test_messages_lost_at_any_moment_are_made_up_for(simulation: Simulation, pull_request: PullRequest) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()

    for processed in range(100):
        pull_request.forget()
        pull_request.push()
        for _ in range(processed):
            if (message := simulation.take()) is not None:
                simulation.deliver(message)
        if not simulation.queue.waiting:
            break
        simulation.queue.waiting.clear()
        simulation.settle()

        assert pull_request.outcome() == expected, processed
    assert processed >= 6


@pytest.mark.parametrize("pull_request", [PLAIN, CARRYING], ids=["plain", "carrying"], indirect=True)
@pytest.mark.parametrize("seed", range(4))
def test_every_message_three_times_in_any_order_is_as_good_as_once(
    simulation: Simulation, pull_request: PullRequest, seed: int
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()
    pull_request.forget()
    order, seen = random.Random(seed), set[int]()

    pull_request.push()
    while simulation.queue.waiting:
        for message in [waiting for waiting in simulation.queue.waiting if waiting.number not in seen]:
            seen.add(message.number)
            for redelivered in (False, True):
                repeated = copy(message)
                repeated.redelivered = redelivered
                simulation.queue.waiting.append(repeated)
        taken = simulation.take(order)
        assert taken is not None
        simulation.deliver(taken)

    assert pull_request.outcome() == expected
    assert pull_request.stray_objects() == []
    assert simulation.dead == []
    assert len(seen) >= 7


def test_a_lost_retry_of_a_notification_is_made_up_for(
    simulation: Simulation, pull_request: PullRequest, host: FakeHost
) -> None:
    pull_request.push()
    simulation.settle()
    expected = pull_request.outcome()
    pull_request.forget()

    pull_request.push()
    host.failures["set_status"] = [Unreachable("made up")] * 2
    while host.failures["set_status"] and (message := simulation.take()) is not None:
        simulation.deliver(message)
    simulation.queue.waiting.clear()
    simulation.settle()

    assert pull_request.outcome() == expected
    assert host.failures["set_status"] == []


class Meeting:
    """Storage in which two writers of an object of a kind wait for each other."""

    def __init__(self, real: ObjectStorage, kind: str) -> None:
        self.real = real
        self.kind = kind
        self.barrier = Barrier(2)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.real, name)
        return method

    def put(self, path: str, data: bytes, **options: Any) -> None:
        if path.startswith(self.kind):
            self.barrier.wait(TIMEOUT)
        self.real.put(path, data, **options)


def test_of_two_assemblers_at_once_one_publishes(
    database: Database, storage: ObjectStorage, uploader: Uploader
) -> None:
    accepted = [uploader.send(example.head, number) for number in range(3)]
    for one in accepted:
        process_upload(storage, one.upload_id, POLICY, "test")
    report_id = accepted[0].report_id
    meeting: Any = Meeting(storage, "reports/")

    def assemble(_: int) -> Assembled:
        with database.connection_context():
            return assemble_report(meeting, report_id)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(assemble, range(2)))

    report = CommitReport.get_by_id(report_id)
    stored = storage.get(report.object_paths["report"], max_bytes=1 << 30)
    assert sorted(result.outcome for result in results) == ["assembled", "superseded"]
    assert (report.generation, report.notify_wanted) == (1, 1)
    assert stored == commit_report(_raw(storage, upload) for upload in Upload.select())
    assert stray_objects(storage) == []


def _raw(storage: ObjectStorage, upload: Upload) -> Raw:
    body = storage.get(str(upload.object_path), max_bytes=1 << 30)
    flags = example.uploads[upload.session_index or 0].flags
    return Raw(body, upload.session_index or 0, tuple(flags), upload.name)


def test_of_many_workers_at_once_one_processes_an_upload(
    database: Database, storage: ObjectStorage, uploader: Uploader
) -> None:
    accepted = [uploader.send(example.head, number) for number in range(8)]
    start = Barrier(4)

    def work(number: int) -> list[Processed]:
        results = []
        with database.connection_context():
            for one in accepted:
                start.wait(TIMEOUT)
                results.append(process_upload(storage, one.upload_id, POLICY, f"worker-{number}"))
        return results

    with ThreadPoolExecutor(4) as threads:
        rounds = zip(*threads.map(work, range(4)), strict=True)

    for results in rounds:
        assert sum(result.outcome == "ok" for result in results) == 1
        assert {result.outcome for result in results} <= {"ok", "held", "not_claimed"}
    assert [(upload.state, upload.attempts) for upload in Upload.select()] == [("processed", 1)] * 8
