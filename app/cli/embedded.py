"""Everything inside one process: PostgreSQL from the wheel, a queue in memory, the same actors as the cluster."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from app import runtime
from app.models import migrate
from app.runtime import Runtime
from app.settings import Settings, load_settings

POLL = 0.05


class WorkUnfinished(click.ClickException):
    """The queue did not become empty in time."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again


@contextmanager
def opened(
    settings: Settings | None = None, *, folder: Path | None = None, work: bool = False, quiet: bool = True
) -> Iterator[Runtime]:
    """Lend a runtime: the configured one, or an embedded one whose parts live in `folder` as long as the block.

    `work` starts worker threads in this process; a configured installation has workers of its own. `quiet` leaves
    the log of a service to services.
    """
    settings = settings or load_settings()
    if quiet:
        settings = _quiet(settings)
    if not settings.is_embedded:
        run = runtime.configure(settings, worker=False)
        try:
            yield run
        finally:
            run.database.close_all()
        return
    with _embedded(settings, folder or Path(settings.embedded.folder), work) as run:
        yield run


def _quiet(settings: Settings) -> Settings:
    """A person at a terminal wants results, not the log of a service: by default only warnings are shown."""
    if settings.log.level != "INFO":
        return settings
    return replace(settings, log=replace(settings.log, level="WARNING", format="text"))


@contextmanager
def _embedded(settings: Settings, folder: Path, work: bool) -> Iterator[Runtime]:
    try:
        # Without the wheel the rest of the command line must still work.
        from app.helpers import embedded_postgres  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}.") from error
    # Started by root, the server runs as a user of its own, who must be able to reach the folder.
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        url = embedded_postgres.start(folder / "postgres")
    except OSError as error:
        problem = f"The data folder {folder} cannot be used: {error.strerror}"
        raise click.ClickException(f"{problem}. Set embedded.folder (variable CW__EMBEDDED__FOLDER).") from error
    except embedded_postgres.EmbeddedPostgresUnavailable as error:
        raise click.ClickException(f"{error}. Set embedded.folder (variable CW__EMBEDDED__FOLDER).") from error
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    run = runtime.configure(settings, database_url=url, folder=folder)
    worker: Worker | None = None
    try:
        migrate.migrate(run.database)
        if work:
            worker = start_worker(run)
        yield run
    finally:
        if worker is not None:
            worker.stop()
        run.database.close_all()
        embedded_postgres.stop(folder / "postgres")


def start_worker(run: Runtime) -> Worker:
    """Start worker threads on the broker of this process."""
    import app.actors  # noqa: F401, PLC0415  # actors bind to the broker that the runtime has just made

    run.broker.emit_after("process_boot")
    worker = Worker(run.broker, worker_timeout=50, worker_threads=run.settings.worker.threads)
    worker.start()
    return worker


def drain(run: Runtime, on_poll: Callable[[], object] = lambda: None, timeout: float = 1800) -> None:
    """Wait until every queue of the process, and every delayed message, is done; raises WorkUnfinished."""
    broker = run.broker
    assert isinstance(broker, StubBroker), "only the queue in memory can be watched to its end"
    deadline = time.monotonic() + timeout
    # Looked at twice: a message may move from one queue to another between two looks.
    quiet = 0
    while quiet < 2:
        if time.monotonic() > deadline:
            raise WorkUnfinished(f"still working after {timeout:.0f} s; `status` shows where it is")
        busy = any(queue.unfinished_tasks for queue in broker.queues.values())
        quiet = 0 if busy else quiet + 1
        on_poll()
        time.sleep(POLL)
