"""`coverage-worker upload`: put report files of a checkout into the pipeline, as CI would."""

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from app.cli import embedded
from app.cli.local_repository import register_checkout, register_github
from app.cli.render import print_outcome
from app.cli.terminal import counted
from app.clients.git.base import Commit, ObjectNotFound
from app.clients.git.local import LocalCheckout
from app.logic.uploads.accept import Accepted, NewUpload, UploadRefused, accept_upload
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.identity import synthetic_merge_head
from app.models.reports import CommitReport, Upload
from app.runtime import Runtime
from app.settings import load_settings

FINAL = ("merged", "error", "superseded")
EXIT_FAILED = 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--repo", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", show_default=True)
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit the reports are of.")
@click.option("--flag", "flags", multiple=True, help="A flag of the upload; may be repeated.")
@click.option("--name", help="A name for the upload.")
@click.option("--pull", type=click.IntRange(1), help="Number of the pull request.")
@click.option("--base", help="Target branch or commit of the pull request.")
@click.option("--branch", help="Branch of the commit.")
@click.option(
    "--github",
    "slug",
    callback=lambda _context, _option, slug: checked_slug(slug),
    help="OWNER/NAME on GitHub: post there instead of printing (needs a token).",
)
@click.option("--wait/--no-wait", default=None, help="Wait for the result (always, without configured services).")
@click.option("--timeout", default=1800, show_default=True, help="Seconds to wait.")
def upload(  # noqa: PLR0917  # click passes every option by name
    files: tuple[Path, ...],
    repo: Path,
    revision: str,
    flags: tuple[str, ...],
    name: str | None,
    pull: int | None,
    base: str | None,
    branch: str | None,
    slug: str | None,
    wait: bool | None,
    timeout: int,
) -> None:
    """Upload coverage report FILES of a checkout and show what becomes of them.

    All FILES are one upload: the reports of one test run. Exit code 1 if the upload ends in an error.
    """
    if base and not pull:
        raise click.UsageError("--base describes a pull request: give its number with --pull as well")
    console = Console()
    settings = load_settings()
    if base and not (settings.is_embedded or slug):
        raise click.UsageError("--base is for a checkout without services; with them, give --github OWNER/NAME instead")
    with embedded.opened(settings, work=True) as run:
        checkout = LocalCheckout(repo.resolve(), run.state_folder / "posts" / "cli")
        checked_out = checkout.get_commit(revision)
        commit = booked_commit(checkout, checked_out)
        repository = register_github(slug) if slug else register_checkout(repo)
        if pull and base:
            run.local_pulls[pull] = checkout.pull_between(pull, base, commit.sha)
        body = write_envelope(_read(files, repo), tuple(checkout.list_files(checked_out.sha)))
        new = NewUpload(
            repo_id=repository.id,
            sha=commit.sha,
            committed_at=commit.timestamp,
            flags=flags,
            name=name,
            branch=branch or current_branch(repo, revision),
            pull_number=pull,
            parent_sha=commit.parents[0] if commit.parents else None,
            ci_provider="custom",
        )
        accepted = send(run, new, body)
        console.print(f"Accepted upload {accepted.upload_id} for {commit.sha[:12]} ({counted(len(files), 'file')}).")
        if wait is None:
            wait = settings.is_embedded
        if not wait and not settings.is_embedded:
            console.print(f"The workers have it now: `coverage-worker status {commit.sha[:12]}` shows where it is.")
            return
        wait_for(run, [accepted.report_id], console, timeout)
        print_outcome(console, run, repository, commit.sha, upload_id=accepted.upload_id)
        failed = Upload.get_by_id(accepted.upload_id).state == "error"
    if failed:
        raise click.exceptions.Exit(EXIT_FAILED)


def checked_slug(slug: str | None) -> str | None:
    """Return the name of a repository on GitHub as it was given; raises BadParameter if it cannot be one."""
    if slug is None or re.fullmatch(r"[\w.-]+/[\w.-]+", slug, re.ASCII):
        return slug
    raise click.BadParameter(f"{slug!r} is not OWNER/NAME")


def booked_commit(checkout: LocalCheckout, commit: Commit) -> Commit:
    """Return the commit the reports count for: of a synthetic merge that CI checked out, the head of the pull request.

    A clone without history holds the merge only, and hides its parents; the Git host tells the rest about the head.
    """
    head = synthetic_merge_head(commit.message)
    if head is None or (commit.parents and head not in commit.parents):
        return commit
    try:
        return checkout.get_commit(head)
    except ObjectNotFound:
        return replace(commit, sha=head, parents=())


def send(run: Runtime, new: NewUpload, body: bytes) -> Accepted:
    """Accept an upload and wake the pipeline; raises ClickException with the reason of a refusal."""
    # Actors bind to the broker of the configured runtime.
    from app.actors.uploads import prepare  # noqa: PLC0415
    from app.actors.wake import wake  # noqa: PLC0415

    try:
        accepted = accept_upload(run.storage, new, body, datetime.now(UTC))
    except UploadRefused as error:
        raise click.ClickException(f"The upload was refused: {error}.") from error
    wake(prepare, report_id=accepted.report_id)
    return accepted


def _read(files: Sequence[Path], repo: Path) -> dict[str, bytes]:
    root = repo.resolve()
    named = {}
    for file in files:
        path = file.resolve()
        # Inside the checkout a report's own folder helps to place relative paths.
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        named[name if name not in named else str(path)] = path.read_bytes()
    return named


def current_branch(repo: Path, revision: str) -> str | None:
    """Return the branch that is checked out, if it is the uploaded revision's."""
    if revision != "HEAD":
        return None
    command = ["git", "-C", str(repo), "symbolic-ref", "--quiet", "--short", "HEAD"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return answer.stdout.strip() or None


def wait_for(run: Runtime, report_ids: Sequence[int], console: Console, timeout: float) -> None:
    """Show progress until the reports are assembled and told, or raise WorkUnfinished."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # In a file or a log the bar would leave empty lines.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Processing uploads", total=None)

        def show() -> bool:
            uploads = Upload.select().where(Upload.report.in_(list(report_ids)))
            done = uploads.where(Upload.state.in_(FINAL)).count()
            progress.update(task, completed=done, total=uploads.count())
            return done == uploads.count() and all(_told(report_id) for report_id in report_ids)

        if run.settings.is_embedded:
            embedded.drain(run, show, timeout)
            return
        deadline = time.monotonic() + timeout
        while not show():
            if time.monotonic() > deadline:
                raise embedded.WorkUnfinished(f"still working after {timeout:.0f} s; `status` shows where it is")
            time.sleep(0.5)


def _told(report_id: int) -> bool:
    """Say whether a report is assembled and people are told, or are not to be told yet."""
    report = CommitReport.get_by_id(report_id)
    if report.assembly_done < report.assembly_wanted:
        return False
    return report.notify_hold is not None or report.notify_done >= report.notify_wanted
