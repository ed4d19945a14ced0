"""Commands for operators: migrate, doctor, contract, scheduler, healthcheck."""

import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console

from app import runtime
from app.cli import embedded
from app.models import migrate as migrations
from app.runtime import Runtime
from app.settings import load_settings

OLDEST_POSTGRES = 140_000
MAX_CLOCK_SKEW = timedelta(seconds=5)
EXIT_PROBLEMS = 1
NEED_DATABASE = ("schema", "clock")
ADVICE = {
    "database": "Start PostgreSQL or correct database.url.",
    "schema": "Run `coverage-worker migrate`.",
    "clock": "Set both machines by NTP.",
    "storage": "Create the bucket or folder, or correct storage.url and its keys.",
    "broker": "Start RabbitMQ or correct broker.url.",
    "github": "Set providers.github.token.",
}


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema; processes that do it at once take turns."""
    with embedded.opened() as run:
        # Embedded databases are migrated when they are opened.
        applied = migrations.migrate(run.database)
    click.echo("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")


class Problem(Exception):
    """What a check found wrong."""


@click.command()
def doctor() -> None:
    """Check configuration, database, broker and storage; one line each. Exit code 1 if something is wrong."""
    console = Console()
    settings = load_settings()
    console.print(f"[green]ok[/]  configuration: {'embedded mode' if settings.is_embedded else 'cluster mode'}")
    failed: set[str] = set()
    with embedded.opened(settings) as run:
        for name, check in _checks(run).items():
            if name in NEED_DATABASE and "database" in failed:
                console.print(
                    f"[yellow]?[/]   {name}: not checked, because the database is not usable", highlight=False
                )
                continue
            try:
                detail = check()
            except Exception as error:  # a check may fail in any way; the others still run
                failed.add(name)
                text = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
                console.print(f"[red]bad[/] {name}: {text}. {ADVICE[name]}", highlight=False, soft_wrap=True)
            else:
                console.print(f"[green]ok[/]  {name}: {detail}", highlight=False, soft_wrap=True)
    if failed:
        sys.exit(EXIT_PROBLEMS)


def _checks(run: Runtime) -> dict[str, Callable[[], str]]:
    return {
        "database": lambda: _check_database(run),
        "schema": lambda: _check_schema(run),
        "clock": lambda: _check_clock(run),
        "storage": lambda: _check_storage(run),
        "broker": lambda: _check_broker(run),
        "github": lambda: _check_github(run),
    }


def _check_database(run: Runtime) -> str:
    version = int(run.database.execute_sql("SHOW server_version_num").fetchone()[0])
    if version < OLDEST_POSTGRES:
        raise Problem(f"PostgreSQL {version // 10_000} is too old; 14 or newer is needed")
    return f"PostgreSQL {version // 10_000}"


def _check_schema(run: Runtime) -> str:
    pending = migrations.pending(run.database)
    if pending:
        raise Problem(f"{len(pending)} migrations are pending")
    return migrations.expected_version()


def _check_clock(run: Runtime) -> str:
    skew = abs(datetime.now(UTC) - run.database.execute_sql("SELECT clock_timestamp()").fetchone()[0])
    if skew > MAX_CLOCK_SKEW:
        raise Problem(f"this machine and the database differ by {skew.total_seconds():.0f} s")
    return "agrees with the database"


def _check_storage(run: Runtime) -> str:
    path = f"probe/doctor-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
    run.storage.put(path, b"probe")
    if run.storage.get(path, max_bytes=100) != b"probe":
        raise Problem("an object does not read back as it was written")
    run.storage.delete(path)
    return "an object was written, read and deleted"


def _check_broker(run: Runtime) -> str:
    from app.broker import Broker, connect  # noqa: PLC0415  # only this check needs a connection

    if not isinstance(run.broker, Broker):
        return "in memory"
    connection = connect(run.broker)
    connection.close()
    return "RabbitMQ accepts connections"


def _check_github(run: Runtime) -> str:
    return "a token is set" if run.settings.github.token else "no token: nothing can be posted to GitHub"


@click.command()
def contract() -> None:
    """Print the JSON Schema of every message, by actor."""
    runtime.configure_offline()
    import app.actors  # noqa: F401, PLC0415  # declares the actors on the broker made above
    from app.actors.base import contract as messages  # noqa: PLC0415

    json.dump(messages(), sys.stdout, indent=2)
    sys.stdout.write("\n")


@click.command()
def scheduler() -> None:
    """Send the jobs of the schedule until TERM; several schedulers never send a slot twice."""
    settings = load_settings()
    with embedded.opened(settings, work=settings.is_embedded, quiet=False) as run:
        from app.probes import exposition  # noqa: PLC0415  # after the runtime: its actors bind to the broker
        from app.schedule import JOBS  # noqa: PLC0415
        from app.scheduler import Scheduler  # noqa: PLC0415

        loop = Scheduler(JOBS, release=lambda: run.database.is_closed() or run.database.close())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        exposition(run, lambda: None).start()
        loop.run()


@click.command()
@click.option("--path", default="/live", show_default=True)
def healthcheck(path: str) -> None:
    """Ask the process of this container whether it lives. Exit code 1 if not."""
    from app.exposition import probe  # noqa: PLC0415

    status, body = probe(load_settings().metrics.port, path)
    click.echo(body.strip())
    sys.exit(0 if status == 200 else EXIT_PROBLEMS)
