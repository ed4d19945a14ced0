"""The command group: every command in its own module, errors in one sentence with the next step."""

import sys

import click
from peewee import OperationalError
from rich.console import Console

from app import __version__
from app.cli.complete import complete
from app.cli.demo import demo
from app.cli.export import export
from app.cli.inspect import inspect
from app.cli.operate import contract, doctor, healthcheck, migrate, scheduler
from app.cli.report import report
from app.cli.reprocess import reprocess
from app.cli.status import status
from app.cli.transplant import transplant
from app.cli.upload import upload
from app.cli.validate import validate
from app.clients.git.base import GitError
from app.clients.storage import StorageError
from app.settings import SettingsError

EXIT_CONFIGURATION = 78  # EX_CONFIG and EX_UNAVAILABLE of sysexits.h
EXIT_UNAVAILABLE = 69


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="coverage-worker")
def cli() -> None:
    """Turn coverage uploads into commit reports, comparisons, statuses and pull-request comments.

    Without any configuration everything runs inside this command: a PostgreSQL of its own, a queue in memory, objects
    in a local folder. With database.url, broker.url and storage.url set, the work goes to the workers.
    """


for command in (
    demo,
    upload,
    complete,
    inspect,
    report,
    export,
    status,
    reprocess,
    transplant,
    validate,
    migrate,
    doctor,
    contract,
    scheduler,
    healthcheck,
):
    cli.add_command(command)


def main() -> None:
    """Run the command and turn expected failures into one sentence and an exit code."""
    console = Console(stderr=True)
    try:
        # Outside its standalone mode click returns the code of an Exit instead of raising it.
        if code := cli(standalone_mode=False):
            sys.exit(code)
    except click.exceptions.Abort:
        console.print("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        console.print("[red]The configuration cannot be used:[/]")
        for problem in error.problems:
            console.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
        console.print("Correct these keys (docs/configuration.md) and try again.")
        sys.exit(EXIT_CONFIGURATION)
    except OperationalError as error:
        _fail(console, f"The database does not answer: {_first_line(error)}", "Check database.url, or run `doctor`.")
    except StorageError as error:
        _fail(console, f"Object storage does not answer: {_first_line(error)}", "Check storage.url, or run `doctor`.")
    except GitError as error:
        _fail(console, f"Git says: {_first_line(error)}", "Check the repository path and the commit.")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _fail(console: Console, problem: str, advice: str) -> None:
    console.print(f"[red]{problem}[/]", highlight=False, soft_wrap=True)
    console.print(advice, highlight=False)
    sys.exit(EXIT_UNAVAILABLE)
