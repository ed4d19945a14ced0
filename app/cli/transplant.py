"""`coverage-worker transplant`: give a commit the coverage of another one."""

import click
from rich.console import Console

from app.cli import embedded
from app.cli.find import find_commit, repo_option
from app.cli.terminal import counted
from app.logic.uploads.transplant import TEXTS
from app.logic.uploads.transplant import transplant as give_coverage
from app.settings import load_settings


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@repo_option
def transplant(source: str, target: str, slug: str | None) -> None:
    """Give the commit TO the coverage of the commit FROM (SHAs or their beginnings).

    For a rebase, or a merge queue, where the tests do not run again. Exit code 1 if there is nothing to take over.
    """
    console = Console()
    settings = load_settings()
    with embedded.opened(settings, work=True) as run:
        # Actors bind to the broker of the configured runtime.
        from app.actors.reports import wake_report  # noqa: PLC0415

        known, repository = find_commit(source, slug)
        wanted, _ = find_commit(target, slug)
        result = give_coverage(run.storage, repository.id, known.sha, wanted.sha)
        if result.report_id is None:
            raise click.ClickException(TEXTS[result.outcome])
        wake_report(result.report_id)
        taken = counted(len(result.upload_ids), "session") if result.upload_ids else "Nothing new was"
        console.print(f"{taken} taken over by {wanted.sha[:12]}.")
        if settings.is_embedded:
            embedded.drain(run)
