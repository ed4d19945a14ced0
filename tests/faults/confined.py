"""A worker process with a limit of memory, that works until nothing is left."""

import multiprocessing
import resource
from multiprocessing.context import ForkServerProcess

from app.clients.storage import ObjectStorage
from tests.faults.simulation import simulated
from tests.faults.victim import Place

HOUR = 3600.0  # of the simulation


def start(place: Place, report_ids: list[int], memory: int) -> ForkServerProcess:
    """Start a worker that has `memory` bytes for its data and takes the reports one after another."""
    process = multiprocessing.get_context("forkserver").Process(target=_work, args=(place, report_ids, memory))
    process.start()
    return process


def _work(place: Place, report_ids: list[int], memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    with simulated(place.database_url, place.folder, storage=ObjectStorage.from_url(place.storage_url)) as simulation:
        for report_id in report_ids:
            simulation.send("uploads.prepare", report_id=report_id)
            simulation.settle(HOUR)
