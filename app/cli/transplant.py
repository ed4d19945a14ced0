"""`coverage-worker transplant`: give a commit the coverage of another one."""

import click
from rich.console import Console

from app.cli import embedded
from app.cli.terminal import counted
from app.cli.upload import find_commit
from app.logic.uploads.transplant import TEXTS
from app.logic.uploads.transplant import transplant as give_coverage
from app.settings import load_settings


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def transplant(source: str, target: str) -> None:
    """Give the commit TO the coverage of the commit FROM (SHAs or their beginnings).

    For a rebase, or a merge queue, where the tests do not run again. Exit code 1 if there is nothing to take over.
    """
    console = Console()
    settings = load_settings()
    with embedded.opened(settings, work=True) as run:
        # Actors bind to the broker of the configured runtime.
        from app.actors.reports import wake_report  # noqa: PLC0415

        known, repository = find_commit(source)
        wanted = find_commit(target)[0]
        result = give_coverage(run.storage, repository.id, known.sha, wanted.sha)
        if result.report_id is None:
            raise click.ClickException(TEXTS[result.outcome])
        wake_report(result.report_id)
        console.print(f"{counted(len(result.upload_ids), 'session')} taken over by {wanted.sha[:12]}.")
        if settings.is_embedded:
            embedded.drain(run)
