"""`coverage-worker demo`: the main job on the bundled example, without any service."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.panel import Panel

from app.cli import embedded
from app.cli.local_repository import register_checkout
from app.cli.render import print_outcome
from app.cli.upload import send, wait_for
from app.logic.notifications.comment import marker
from app.logic.uploads.accept import NewUpload
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.published import load_report
from app.models.git import Commit
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from app.runtime import Runtime
from app.settings import load_settings

TIMEOUT = 300  # seconds; the example needs a few
# The reports of the example are as old as the example.
AGELESS = {"codecov": {"max_report_age": False}}
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "rocket"


@dataclass(frozen=True, slots=True)
class ExampleUpload:
    """One upload of each side: the report file, the path it had in the checkout, flags and name."""

    report: str
    path: str
    flags: list[str]
    name: str


@dataclass(frozen=True, slots=True)
class Example:
    """The bundled example, described by examples/rocket/example.json."""

    owner: str
    name: str
    pull: int
    base: str
    head: str
    uploads: list[ExampleUpload]


@click.command()
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the data here, to look at it.")
@click.option("--json", "as_json", is_flag=True, help="Print totals, statuses and the comment as JSON.")
def demo(folder: Path | None, as_json: bool) -> None:
    """Upload the reports of two real commits, and show report, comparison, statuses and comment.

    Starts its own PostgreSQL, runs the same actors as a cluster inside this process, and cleans up.
    """
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="coverage-worker-demo-") as temporary:
        # The server of root's demo runs as a user of its own, who must be able to enter.
        Path(temporary).chmod(0o755)
        place = (folder or Path(temporary)).resolve()
        place.mkdir(parents=True, exist_ok=True)
        settings = load_settings({"CW__LOG__LEVEL": "ERROR"})
        example = read_example()
        checkout = _clone(place)
        console.print("Starting PostgreSQL ...")
        with embedded.opened(settings, folder=place / "data", work=True) as run:
            run.site = AGELESS
            repository = register_checkout(checkout, example.owner, example.name)
            _introduce(console, example)
            for side, sha in (("base", example.base), ("head", example.head)):
                _upload(run, repository, example, side)
                wait_for(run, [_report_id(repository, sha)], console, TIMEOUT)
                console.print(_summary(side, _report_id(repository, sha)))
            console.print()
            if as_json:
                click.echo(json.dumps(outcome(run, repository, example), indent=2, ensure_ascii=False))
            else:
                print_outcome(console, run, repository, example.head, rows=None)
                console.print(f"\nThat was the main job. Now your own: [bold]{_command()} upload --help[/]")


def _command() -> str:
    """How a person calls this program from here: by its name if the shell finds it, else by its place."""
    name = "coverage-worker"
    return name if shutil.which(name) else os.path.relpath(Path(sys.executable).with_name(name))


def read_example() -> Example:
    """Read the description of the bundled example."""
    return msgspec.json.decode((EXAMPLE / "example.json").read_bytes(), type=Example)


def _clone(place: Path) -> Path:
    checkout = place / "rocket.git"
    if not checkout.exists():
        command = ["git", "clone", "--quiet", "--mirror", str(EXAMPLE / "rocket.bundle"), str(checkout)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
    return checkout


def _introduce(console: Console, example: Example) -> None:
    text = (
        f"[bold]{example.owner}/{example.name}[/], pull request #{example.pull}: {len(example.uploads)} coverage "
        f"uploads for its base {example.base[:7]} and as many for its head {example.head[:7]}"
    )
    console.print(Panel(text, title="The example"))


def _upload(run: Runtime, repository: Repository, example: Example, side: str) -> None:
    sha, pull = (example.base, None) if side == "base" else (example.head, example.pull)
    git = run.git_for(repository)
    commit = git.get_commit(sha)
    listing = tuple(git.list_files(sha))
    for entry in example.uploads:
        content = (EXAMPLE / "reports" / side / entry.report).read_bytes()
        new = NewUpload(
            repo_id=repository.id,
            sha=sha,
            committed_at=commit.timestamp,
            flags=entry.flags,
            name=entry.name,
            branch=None if pull else "main",
            pull_number=pull,
            parent_sha=commit.parents[0] if commit.parents else None,
            ci_provider="example",
        )
        send(run, new, write_envelope({entry.path: content}, listing))


def _summary(side: str, report_id: int) -> str:
    states: dict[str, Counter[str]] = {"uploaded": Counter(), "carried_forward": Counter()}
    for upload in Upload.select().where(Upload.report == report_id):
        states[upload.kind][upload.state] += 1
    uploaded, carried = states["uploaded"], states["carried_forward"]
    if uploaded["merged"] < uploaded.total():
        return f"[red]✗[/] {side}: {uploaded['merged']} of {uploaded.total()} uploads merged"
    text = f"[green]✓[/] {side}: {uploaded['merged']} uploads processed and merged"
    if carried.total():
        text += f"; {carried.total()} were carried forward from the base, until uploads of their flags replaced them"
    return text


def _coverage_report(repository: Repository, sha: str) -> CommitReport:
    commit = Commit.get((Commit.repo == repository.id) & (Commit.sha == sha))
    return CommitReport.get((CommitReport.commit == commit.id) & (CommitReport.report_type == "coverage"))


def _report_id(repository: Repository, sha: str) -> int:
    return int(_coverage_report(repository, sha).id)


def outcome(run: Runtime, repository: Repository, example: Example) -> dict[str, Any]:
    """Return what the demo shows, as data: totals of both sides, statuses, the comment."""
    git = run.git_for(repository)
    reports = {
        side: load_report(run.storage, _coverage_report(repository, sha))
        for side, sha in (("base", example.base), ("head", example.head))
    }
    comment = git.find_comment(example.pull, marker(run.notify_policy.brand))
    return {
        "totals": {side: report.totals.as_dict() for side, report in reports.items() if report is not None},
        "flags": {
            side: {flag: totals.as_dict() for flag, totals in report.flags.items()}
            for side, report in reports.items()
            if report is not None
        },
        "statuses": {
            status.context: {"state": status.state, "description": status.description}
            for status in git.get_statuses(example.head)
        },
        "comment": comment.body if comment is not None else None,
    }
