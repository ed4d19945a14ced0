"""`coverage-worker report`: the assembled report of a commit."""

import json
import sys

import click
from rich.console import Console

from app.cli import embedded
from app.cli.find import find_commit, repo_option
from app.cli.render import print_outcome
from app.logic.comparison.compute import coverage_report
from app.logic.coverage.report import FILE_TOTALS
from app.logic.uploads.published import load_report


@click.command()
@click.argument("commit")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--all", "everything", is_flag=True, help="Show every file.")
@repo_option
def report(commit: str, as_json: bool, everything: bool, slug: str | None) -> None:
    """Show report, comparison and notifications of COMMIT (a SHA or its beginning)."""
    with embedded.opened() as run:
        row, repository = find_commit(commit, slug)
        if not as_json:
            print_outcome(Console(), run, repository, row.sha, rows=None if everything else 20)
            return
        known = coverage_report(row)
        loaded = load_report(run.storage, known) if known is not None else None
        if known is None or loaded is None:
            raise click.ClickException(
                f"Commit {row.sha[:12]} has no report yet; `status` shows where its uploads are."
            )
        files = zip(loaded.stored.files, loaded.stored.file_totals.tolist(), strict=True)
        value = {
            "commit": row.sha,
            "state": known.state,
            "generation": known.generation,
            "totals": loaded.totals.as_dict() | {"sessions": len(loaded.sessions)},
            "flags": {name: totals.as_dict() for name, totals in loaded.flags.items()},
            "sessions": [
                {"index": s.index, "name": s.name, "flags": list(s.flags), "totals": s.totals.as_dict()}
                for s in loaded.sessions
            ],
            "files": {path: dict(zip(FILE_TOTALS, counts, strict=True)) for path, counts in files},
        }
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
