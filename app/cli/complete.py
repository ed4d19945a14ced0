"""`coverage-worker complete`: say that all uploads of a commit are in."""

import click
from rich.console import Console

from app.cli import embedded
from app.cli.find import find_commit, repo_option
from app.cli.render import print_outcome
from app.cli.upload import wait_for
from app.logic.comparison.compute import coverage_report


@click.command()
@click.argument("commit")
@repo_option
def complete(commit: str, slug: str | None) -> None:
    """Say that all uploads of COMMIT (a SHA or its beginning) are in: people are told, whatever was waited for.

    Needed where the repository's configuration says `manual_trigger`; it also ends the wait for `after_n_builds`.
    """
    console = Console()
    with embedded.opened(work=True) as run:
        # Actors bind to the broker of the configured runtime.
        from app.actors import uploads  # noqa: PLC0415
        from app.actors.wake import wake  # noqa: PLC0415

        row, repository = find_commit(commit, slug)
        report = coverage_report(row)
        if report is None:
            raise click.ClickException(f"Commit {row.sha[:12]} has no coverage uploads; `upload` adds one.")
        wake(uploads.complete, report_id=report.id)
        console.print(f"Noted: all uploads of {row.sha[:12]} are in.")
        if run.settings.is_embedded:
            wait_for(run, [report.id], console, timeout=600)
            print_outcome(console, run, repository, row.sha)
