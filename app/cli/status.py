"""`coverage-worker status`: where each upload of a commit is, and why."""

import re
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from app.cli import embedded
from app.cli.find import find_commit, repo_option
from app.cli.render import print_failures
from app.cli.terminal import plain
from app.logic.uploads import events
from app.logic.uploads.sessions import flags_of
from app.logic.uploads.waiting import waiting_for
from app.models.database import now
from app.models.git import Commit, CommitError
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload
from app.models.results import Notification

SHA = re.compile(r"[0-9a-f]{40,64}")
MEANING = {
    "received": "not read yet",
    "processing": "being read",
    "processed": "read, not merged yet",
    "merged": "part of the report",
    "superseded": "replaced by a newer upload",
    "error": "not part of the report",
}


@click.command()
@click.argument("commit")
@repo_option
def status(commit: str, slug: str | None) -> None:
    """Show the timeline of each upload of COMMIT (a SHA or its beginning), and what it waits for."""
    console = Console()
    with embedded.opened():
        row, repository = find_commit(commit, slug)
        console.print(f"[bold]{repository.owner.username}/{repository.name}[/] {row.sha}", highlight=False)
        for error in CommitError.select().where(CommitError.commit == row.id).order_by(CommitError.code):
            _print_commit_error(console, error)
        for report in CommitReport.select().where(CommitReport.commit == row.id):
            _print_report(console, report)
            print_failures(console, report.id)
        _print_notifications(console, row)
        _print_events(console, row)


def _print_commit_error(console: Console, error: CommitError) -> None:
    known = events.trouble(error.code)
    # Lists and mappings are for programs; the sentences beside them say the same.
    facts = "; ".join(value for value in (error.params or {}).values() if isinstance(value, str))
    text = f"[yellow]commit problem {error.code}:[/] {known.text}"
    if facts:
        text += f" ({plain(facts)})"
    if known.remedy:
        text += f" Next: {plain(known.remedy)}"
    console.print(text, highlight=False, soft_wrap=True)


def _print_report(console: Console, report: CommitReport) -> None:
    waiting = " (assembly requested)" if report.assembly_done < report.assembly_wanted else ""
    console.print(f"{report.report_type} report: {report.state}, generation {report.generation}{waiting}")
    table = Table(box=None, pad_edge=False)
    for name in ("Upload", "State", "Meaning", "Flags", "Name", "Files", "Lines", "Tries"):
        table.add_column(name)
    uploads = list(Upload.select().where(Upload.report == report.id).order_by(Upload.session_index))
    flags = flags_of([upload.id for upload in uploads])
    for upload in uploads:
        totals = upload.totals or {}
        state = f"{upload.state} ({upload.error_code})" if upload.error_code else upload.state
        table.add_row(
            str(upload.id),
            state,
            _meaning(upload),
            plain(", ".join(flags.get(upload.id, ()))),
            plain(upload.name or ""),
            str(totals.get("files", "")),
            str(totals.get("lines", "")),
            str(upload.tries),
        )
    console.print(table)
    _print_waiting(console, report, uploads, now())


def _meaning(upload: Upload) -> str:
    if upload.kind == "carried_forward" and upload.state != "superseded":
        return f"carried from {(upload.carried_from_sha or '')[:7]}"
    return MEANING[upload.state]


def _print_waiting(console: Console, report: CommitReport, uploads: list[Upload], moment: datetime) -> None:
    """Print what uploads wait for, those that wait for the same thing on one line."""
    builds = sum(upload.kind == "uploaded" and upload.state == "merged" for upload in uploads)
    waiting: dict[str, list[str]] = {}
    for upload in uploads:
        reason = waiting_for(report, upload, moment, builds=builds)
        if reason is not None:
            waiting.setdefault(reason, []).append(str(upload.id))
    for reason, ids in waiting.items():
        subject = f"upload {ids[0]} waits" if len(ids) == 1 else f"uploads {', '.join(ids)} wait"
        console.print(f"[cyan]{subject} for[/] {plain(reason)}", highlight=False, soft_wrap=True)


def _print_notifications(console: Console, commit: Commit) -> None:
    for row in Notification.select().where(Notification.commit == commit.id).order_by(Notification.type):
        detail = f" ({plain(row.detail)})" if row.detail else ""
        console.print(f"notification {row.type}: {row.state}{detail}")


def _print_events(console: Console, commit: Commit) -> None:
    events_of_commit = list(
        UploadEvent.select()
        .where((UploadEvent.repo_id == commit.repo_id) & (UploadEvent.commit_sha == commit.sha))
        .order_by(UploadEvent.created_at, UploadEvent.id)
    )
    if not events_of_commit:
        return
    first = events_of_commit[0].created_at
    console.print(f"Timeline, from {first:%Y-%m-%d %H:%M:%S} UTC")
    for event in events_of_commit:
        after = f"+{(event.created_at - first).total_seconds():.1f}s"
        text, next_step = _what(event)
        uploads = f" [dim]({', '.join(map(str, event.upload_ids))})[/]" if event.upload_ids else ""
        why = f": {plain(_why(event))}" if _why(event) else ""
        advice = f" [dim]->[/] {next_step}" if next_step else ""
        # A line that is too long for the terminal is broken by it, and stays one line for whoever searches.
        console.print(f"{after:>10}  {text}{uploads}{why}{advice}", highlight=False, soft_wrap=True)


def _what(event: UploadEvent) -> tuple[str, str]:
    text = plain(events.describe(event.milestone))
    if not event.error:
        return text, ""
    return f"[red]{text}: {plain(event.error)}[/]", plain(events.trouble(event.error).remedy)


def _why(event: UploadEvent) -> str:
    facts = event.extra or {}
    if event.error:
        return str(facts.get("text") or events.trouble(event.error).text)
    return ", ".join(f"{name} {_fact(value)}" for name, value in facts.items())


def _fact(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    text = str(value)
    return text[:12] if SHA.fullmatch(text) else text
