"""`coverage-worker reprocess`: have uploads processed afresh."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from app.cli import embedded
from app.cli.find import find_commit, find_repository
from app.cli.terminal import counted
from app.clients.storage import ObjectStorage
from app.logic.uploads.reprocess import BATCH, Reset, Selection, find_uploads, reset_upload
from app.models.reports import Upload
from app.settings import load_settings

EXIT_NOTHING = 1
SHOWN = 20  # ids printed per outcome
TEXTS = {
    "reset": "to be processed afresh",
    "raw_gone": "left as they are: the raw object was deleted",
    "under_way": "under way anyhow",
    "not_ours": "carried forward or replaced: they have no raw object of their own",
    "unknown": "unknown",
}
TIMES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--upload", "upload_key", help="One upload, by its id or UUID.")
@click.option("--commit", "sha", help="All uploads of a commit (a SHA or its beginning).")
@click.option("--since", type=TIMES, help="Uploads that arrived at this time (UTC) or later.")
@click.option("--until", type=TIMES, help="Uploads that arrived before this time (UTC).")
@click.option("--repo", "slug", help="OWNER/NAME: only uploads of this repository.")
@click.option(
    "--state",
    type=click.Choice(["error", "all"]),
    help="Which uploads: those in error (default with a time), or all (default with --upload and --commit).",
)
@click.option("--code", help="Only uploads that ended in this error.")
@click.option("--format", "format_name", help="Only uploads in which a file of this format was found.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many uploads.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def reprocess(  # noqa: PLR0917  # click passes every option by name
    upload_key: str | None,
    sha: str | None,
    since: datetime | None,
    until: datetime | None,
    slug: str | None,
    state: str | None,
    code: str | None,
    format_name: str | None,
    limit: int,
    dry_run: bool,
) -> None:
    """Have uploads processed afresh, from their raw objects.

    Give an upload, a commit or a time. Reports are merged again, and people are told if the numbers change. An upload
    whose raw object is gone keeps its result. Exit code 1 if no upload was found, or none could be processed afresh.
    """
    if sum(given is not None for given in (upload_key, sha, since)) != 1:
        raise click.UsageError("give one of --upload, --commit and --since")
    console = Console()
    settings = load_settings()
    with embedded.opened(settings, work=not dry_run) as run:
        upload_id, external_id = _one(upload_key)
        only_errors = state == "error" or (state is None and since is not None)
        selection = Selection(
            upload_id=upload_id,
            external_id=external_id,
            commit_id=find_commit(sha, slug)[0].id if sha is not None else None,
            repo_id=find_repository(slug).id if slug is not None else None,
            since=_utc(since),
            until=_utc(until),
            only_errors=only_errors,
            code=code,
            format=format_name,
        )
        results = _reset_all(console, run.storage, selection, limit, dry_run=dry_run)
        _print(console, results, limit, dry_run=dry_run)
        if settings.is_embedded and not dry_run:
            embedded.drain(run)
    if not any(result.outcome in ("reset", "under_way") for result in results):
        raise click.exceptions.Exit(EXIT_NOTHING)


def _one(key: str | None) -> tuple[int | None, UUID | None]:
    """Return the id and the UUID that name an upload, at most one of them."""
    if key is None:
        return None, None
    if key.isascii() and key.isdigit() and len(key) < 19:
        return int(key), None
    try:
        return None, UUID(key)
    except ValueError:
        raise click.UsageError(f"{key!r} is neither the id nor the UUID of an upload") from None


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _reset_all(
    console: Console, storage: ObjectStorage, selection: Selection, limit: int, *, dry_run: bool
) -> list[Reset]:
    """Reset batch by batch, waking the workers after each, so that they begin at once and a stop loses nothing."""
    results: list[Reset] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} uploads"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Looking at uploads", total=None)
        ids = (upload_id for batch in find_uploads(selection) for upload_id in batch)
        wanted = islice(ids, limit)
        while batch := list(islice(wanted, BATCH)):
            done = [reset_upload(storage, upload_id, dry_run=dry_run) for upload_id in batch]
            if not dry_run:
                _wake(done)
            results += done
            progress.update(task, completed=len(results))
    return results


def _wake(results: Sequence[Reset]) -> None:
    # Actors bind to the broker of the configured runtime.
    from app.actors.uploads import prepare, process  # noqa: PLC0415
    from app.actors.wake import wake  # noqa: PLC0415

    reset = [result for result in results if result.outcome == "reset"]
    for report_id in {result.report_id for result in reset if not result.prepared}:
        wake(prepare, report_id=report_id)
    ready = [result.upload_id for result in reset if result.prepared]
    for upload_id in ready:
        wake(process, upload_id=upload_id)
    Upload.called(ready)


def _print(console: Console, results: Sequence[Reset], limit: int, *, dry_run: bool) -> None:
    if not results:
        console.print("No finished upload fits.")
        return
    if dry_run:
        console.print("Nothing was changed (--dry-run).")
    for outcome, count in Counter(result.outcome for result in results).items():
        ids = [str(result.upload_id) for result in results if result.outcome == outcome]
        more = ", ..." if count > SHOWN else ""
        text = f"{counted(count, 'upload')} {TEXTS[outcome]}: {', '.join(ids[:SHOWN])}{more}"
        console.print(text, highlight=False, soft_wrap=True)
    if len(results) == limit:
        console.print(f"Stopped after {limit} uploads (--limit); there may be more.")
