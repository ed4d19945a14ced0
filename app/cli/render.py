"""How the command line shows reports, comparisons and notifications."""

from decimal import Decimal

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table

from app.cli.terminal import counted, plain, printable
from app.clients.git.base import GitError
from app.logic.comparison.compute import coverage_report, load_comparison
from app.logic.coverage.assembled import AssembledReport
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.report import FILE_TOTALS
from app.logic.coverage.totals import Totals, ratio
from app.logic.notifications.comment import marker
from app.logic.notifications.numbers import NumberFormat
from app.logic.uploads.problems import UploadProblem
from app.logic.uploads.published import load_report
from app.logic.uploads.waiting import held_for
from app.models.git import Commit
from app.models.reports import CommitReport, Upload, UploadError
from app.models.repositories import Repository
from app.models.results import Comparison
from app.runtime import Runtime

NUMBERS = NumberFormat()
COLORS = {"success": "green", "failure": "red", "error": "red", "pending": "yellow"}


def percent(value: Decimal | str | None) -> str:
    return "-" if value is None else f"{NUMBERS.show(Decimal(value))}%"


def report_table(title: str, report: AssembledReport, rows: int | None = None) -> Table:
    """Files of a report, the least covered first; `rows` limits them."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("File", overflow="fold")
    for name in ("Lines", "Hits", "Misses", "Partials", "Coverage"):
        table.add_column(name, justify="right")
    entries = []
    for path, counts in zip(report.stored.files, report.stored.file_totals.tolist(), strict=True):
        facts = dict(zip(FILE_TOTALS, counts, strict=True))
        lines = facts["hits"] + facts["misses"] + facts["partials"]
        entries.append((Decimal(ratio(facts["hits"], lines) or "100"), path, lines, facts))
    for covered, path, lines, facts in sorted(entries, key=lambda e: (e[0], e[1]))[:rows]:
        values = (lines, facts["hits"], facts["misses"], facts["partials"])
        table.add_row(plain(path), *map(str, values), percent(covered) if lines else "-")
    if rows is not None and len(entries) > rows:
        table.add_row(f"... and {len(entries) - rows} more")
    table.add_section()
    _add_totals(
        table, f"{counted(report.totals.files, 'file')}, {counted(len(report.sessions), 'upload')}", report.totals
    )
    for flag, totals in report.flags.items():
        _add_totals(table, f"flag {flag}", totals)
    return table


def _add_totals(table: Table, name: str, totals: Totals) -> None:
    values = (totals.lines, totals.hits, totals.misses, totals.partials)
    table.add_row(f"[bold]{plain(name)}[/]", *map(str, values), f"[bold]{percent(totals.coverage)}[/]")


def comparison_table(comparison: ReportComparison) -> Table:
    """Base and head side by side, then the files that matter."""
    table = Table(title="Comparison with the base", title_justify="left", box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for name in ("Base", "Head", "Change", "Patch"):
        table.add_column(name, justify="right")
    _add_comparison(table, "[bold]Project[/]", comparison.base, comparison.head, comparison.patch)
    for file in comparison.files:
        name = file.path
        if file.base_path and file.head_path and file.base_path != file.head_path:
            name = f"{file.base_path} → {file.head_path}"
        elif file.removed_by_diff:
            name = f"{name} (deleted)"
        elif not file.in_diff:
            name = f"{name} (changed indirectly)"
        _add_comparison(table, plain(name), file.base_totals, file.head_totals, file.patch)
    return table


def _add_comparison(table: Table, name: str, base: Totals | None, head: Totals | None, patch: Totals | None) -> None:
    before = base.percent if base is not None else None
    after = head.percent if head is not None else None
    delta = NUMBERS.show(after - before, plus=True) + "%" if after is not None and before is not None else ""
    table.add_row(name, percent(before), percent(after), delta, percent(patch.percent if patch is not None else None))


def print_outcome(
    console: Console,
    run: Runtime,
    repository: Repository,
    sha: str,
    *,
    rows: int | None = 20,
    upload_id: int | None = None,
) -> None:
    """Print everything that a finished commit led to: report, comparison, statuses, comment, failed uploads.

    `upload_id` is the upload that somebody waits for: what is wrong with the others is only counted.
    """
    commit = Commit.get((Commit.repo == repository.id) & (Commit.sha == sha))
    row = coverage_report(commit)
    report = load_report(run.storage, row) if row is not None else None
    if row is not None:
        print_failures(console, row.id, upload_id)
    if report is None:
        console.print("No report: no upload of this commit could be used.")
        return
    console.print(report_table(f"Report of {sha[:12]}", report, rows))
    compared = Comparison.select().where(Comparison.head_commit == commit.id).order_by(Comparison.updated_at.desc())
    for known in compared.limit(1):
        comparison = load_comparison(run.storage, known)
        if comparison is not None:
            console.print()
            console.print(comparison_table(comparison))
    print_notifications(console, run, repository, commit)
    if row is not None:
        _print_hold(console, row)


def _print_hold(console: Console, row: CommitReport) -> None:
    merged = (Upload.report == row.id) & (Upload.kind == "uploaded") & (Upload.state == "merged")
    reason = held_for(row, Upload.select().where(merged).count())
    if reason is not None:
        console.print(f"[cyan]Nobody is told yet; this waits for[/] {plain(reason)}", highlight=False, soft_wrap=True)


def print_failures(console: Console, report_id: int, upload_id: int | None = None) -> None:
    """Print why uploads failed, and which of their files were left out; of the others than `upload_id` how many did."""
    others = 0
    for upload in Upload.select().where(Upload.report == report_id).order_by(Upload.session_index):
        if upload_id is not None and upload.id != upload_id:
            others += upload.state == "error"
            continue
        for error in UploadError.select().where(UploadError.upload == upload.id):
            problem = UploadProblem(error.code, error.params)
            console.print(
                f"[red]upload {upload.id} failed ({error.code}):[/] {plain(str(problem))}",
                highlight=False,
                soft_wrap=True,
            )
        for note in upload.notes or []:
            text = f"{note.get('file') or 'upload'}: {note.get('reason')} {note.get('detail') or ''}"
            console.print(f"[yellow]note on upload {upload.id}:[/] {plain(text)}", highlight=False, soft_wrap=True)
    if others:
        console.print(f"[yellow]{counted(others, 'other upload')} of this commit failed; `status` says why.[/]")


def print_notifications(console: Console, run: Runtime, repository: Repository, commit: Commit) -> None:
    """Print the statuses and the comment as the host shows them."""
    commit = Commit.get_by_id(commit.id)
    try:
        git = run.git_for(repository)
        statuses = git.get_statuses(commit.sha)
        comment = git.find_comment(commit.pull_number, marker(run.notify_policy.brand)) if commit.pull_number else None
    except GitError as error:
        console.print(
            f"[yellow]Statuses cannot be read ({error.code}): {plain(str(error))}[/]", highlight=False, soft_wrap=True
        )
        return
    console.print()
    for status in statuses:
        color = COLORS[status.state]
        console.print(
            f"[{color}]{status.state:8}[/] {plain(status.context)}: {plain(status.description)}",
            highlight=False,
            soft_wrap=True,
        )
    if comment is not None:
        console.print()
        console.print(Panel(Markdown(_as_shown(comment.body)), title=f"Comment on pull request #{commit.pull_number}"))


def _as_shown(body: str) -> str:
    """The comment without its hidden marker; a terminal has no pictures for the names of emoji."""
    names = {":white_check_mark:": "✅", ":x:": "❌", ":warning:": "⚠", ":arrow_up:": "↑", ":arrow_down:": "↓"}
    # Markdown joins lines of a paragraph; the host shows them as lines.
    text = printable(body).partition("\n")[2].replace("\n:", "\n\n:").replace("\n> Last", "\n>\n> Last")
    for name, sign in names.items():
        text = text.replace(name, sign)
    return text
