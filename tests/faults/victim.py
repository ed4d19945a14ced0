"""A worker process that kills itself with SIGKILL before one of its steps."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.clients.storage import ObjectStorage
from tests.faults.simulation import simulated
from tests.faults.steps import Action, Strikes, struck_at


@dataclass(frozen=True)
class Place:
    """Where the worker finds its database, its objects, and the folder with what is posted."""

    database_url: str
    storage_url: str
    folder: Path


def start(place: Place, report_id: int, strike_at: int) -> ForkServerProcess:
    """Start a worker on a report; it ends with exit code 0 when it has fewer steps than `strike_at`."""
    # The server has imported everything, so that a worker starts at once; nothing else is inherited.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.victim"])
    process = context.Process(target=_work, args=(place, report_id, strike_at))
    process.start()
    return process


def _work(place: Place, report_id: int, strike_at: int) -> None:
    storage = ObjectStorage.from_url(place.storage_url)
    strikes = Strikes(_die, _die, _die, _die)
    with simulated(place.database_url, place.folder, storage=storage) as simulation:
        simulation.send("uploads.prepare", report_id=report_id)
        with struck_at(simulation, strikes, strike_at):
            simulation.work()


def _die(_: Action) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
