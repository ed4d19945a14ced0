"""`coverage-worker status`: where each upload of a commit is, and why."""

from datetime import timedelta

import click
from rich.console import Console
from rich.table import Table

from app.cli import embedded
from app.cli.render import print_failures
from app.cli.upload import find_commit
from app.logic.uploads.sessions import flags_of
from app.models.git import Commit, CommitError
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload
from app.models.results import Notification

NEXT_STEP = {
    "received": "waiting for a worker",
    "processing": "being parsed",
    "processed": "parsed, waiting for the merge",
    "merged": "part of the report",
    "superseded": "replaced by a newer upload",
    "error": "not part of the report",
}


@click.command()
@click.argument("commit")
def status(commit: str) -> None:
    """Show the timeline of each upload of COMMIT (a SHA or its beginning)."""
    console = Console()
    with embedded.opened():
        row, repository = find_commit(commit)
        console.print(f"[bold]{repository.owner.username}/{repository.name}[/] {row.sha}", highlight=False)
        for error in CommitError.select().where(CommitError.commit == row.id):
            text = (error.params or {}).get("text", "")
            console.print(f"[yellow]commit problem {error.code}:[/] {text}", highlight=False, soft_wrap=True)
        for report in CommitReport.select().where(CommitReport.commit == row.id):
            _print_report(console, report)
            print_failures(console, report.id)
        _print_notifications(console, row)
        _print_events(console, row)


def _print_report(console: Console, report: CommitReport) -> None:
    waiting = " (assembly requested)" if report.assembly_done < report.assembly_wanted else ""
    console.print(f"{report.report_type} report: {report.state}, generation {report.generation}{waiting}")
    table = Table(box=None, pad_edge=False)
    for name in ("Upload", "State", "Meaning", "Flags", "Name", "Files", "Lines", "Attempts"):
        table.add_column(name)
    uploads = list(Upload.select().where(Upload.report == report.id).order_by(Upload.session_index))
    flags = flags_of([upload.id for upload in uploads])
    for upload in uploads:
        totals = upload.totals or {}
        state = f"{upload.state} ({upload.error_code})" if upload.error_code else upload.state
        table.add_row(
            str(upload.id),
            state,
            NEXT_STEP[upload.state],
            ", ".join(flags.get(upload.id, ())),
            upload.name or "",
            str(totals.get("files", "")),
            str(totals.get("lines", "")),
            str(upload.attempts),
        )
    console.print(table)


def _print_notifications(console: Console, commit: Commit) -> None:
    for row in Notification.select().where(Notification.commit == commit.id).order_by(Notification.type):
        detail = f" ({row.detail})" if row.detail else ""
        console.print(f"notification {row.type}: {row.state}{detail}")


def _print_events(console: Console, commit: Commit) -> None:
    events = list(
        UploadEvent.select()
        .where((UploadEvent.repo_id == commit.repo_id) & (UploadEvent.commit_sha == commit.sha))
        .order_by(UploadEvent.created_at, UploadEvent.id)
    )
    table = Table(title="Timeline", title_justify="left", box=None, pad_edge=False)
    for name in ("Time (UTC)", "After", "Event", "Uploads", "Facts"):
        table.add_column(name, overflow="fold")
    for event in events:
        since: timedelta = event.created_at - events[0].created_at
        facts = ", ".join(f"{name} {value}" for name, value in (event.extra or {}).items())
        name = f"[red]{event.milestone}: {event.error}[/]" if event.error else event.milestone or ""
        ids = ", ".join(map(str, event.upload_ids))
        time = f"{event.created_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(time, f"+{since.total_seconds():.1f}s", name, ids, facts)
    console.print(table)
