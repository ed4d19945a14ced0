"""The checks behind /live and /ready, and the process that answers them beside the workers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from app import metrics, runtime
from app.broker import Broker, connect, queue_states
from app.exposition import Check, Exposition, QueueDepths, workers_alive
from app.models.migrate import current_version, expected_version

PROBE_OBJECT = "probe/ready"


class SchemaMismatch(RuntimeError):
    """The database has another schema than this release expects: run `coverage-worker migrate`."""


def readiness(run: runtime.Runtime) -> Mapping[str, Check]:
    """Return the checks of everything a worker needs, by name."""
    checks: dict[str, Check] = {
        "database": lambda: _closing(run, lambda: run.database.execute_sql("SELECT 1")),
        "schema": lambda: _closing(run, lambda: check_schema(run)),
        "storage": lambda: run.storage.stat(PROBE_OBJECT),
    }
    if isinstance(run.broker, Broker):
        broker = run.broker
        checks["broker"] = lambda: connect(broker).close()
    return checks


def check_schema(run: runtime.Runtime) -> None:
    found, expected = current_version(run.database), expected_version()
    if found != expected:
        raise SchemaMismatch(f"the database is at {found or 'no schema'}, this release needs {expected}")


def _closing(run: runtime.Runtime, check: Callable[[], object]) -> None:
    try:
        check()
    finally:
        if not run.database.is_closed():
            run.database.close()


def serve_forever() -> int:
    """Answer /metrics, /live, /ready and /version beside the workers (`dramatiq --fork-function`)."""
    runtime.ensure()
    run = runtime.current()
    live = workers_alive(Path(metrics.MULTIPROC_DIR)) if metrics.MULTIPROC_DIR else lambda: None
    return exposition(run, live).serve_forever()


def exposition(run: runtime.Runtime, live: Check) -> Exposition:
    """Build the HTTP side of a process."""
    broker = run.broker
    collectors = (QueueDepths(lambda: queue_states(broker)),) if isinstance(broker, Broker) else ()
    return Exposition(
        port=run.settings.metrics.port,
        live=live,
        ready=readiness(run),
        collectors=collectors,
        version={"schema": expected_version()},
    )
