"""`coverage-worker export`: a report in formats that other tools and people read."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.cli import embedded
from app.cli.export_sources import FolderSources, GitSources, NoSources, Sources
from app.cli.export_subject import Export, of_commit, of_files, only_paths
from app.cli.find import repo_option
from app.clients.git.base import GitError
from app.logic.coverage.exports import cobertura, json_document, lcov
from app.logic.coverage.exports.html import site
from app.logic.coverage.expressions import PatternInvalid
from app.logic.coverage.filters import PathFilter

Writer = Callable[[Export], Iterator[bytes]]
WRITERS: dict[str, Writer] = {
    "lcov": lambda export: lcov.write(export.subject),
    "cobertura": lambda export: cobertura.write(export.subject, export.timestamp),
    "json": lambda export: json_document.write(export.subject),
}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("commit", required=False)
@click.option("--file", "files", multiple=True, type=FILE, help="Export this report file instead; may be repeated.")
@click.option("--format", "kind", type=click.Choice([*WRITERS, "html"]), required=True, help="What to write.")
@click.option("--output", type=click.Path(path_type=Path), help="The file, or the folder of pages; default: stdout.")
@click.option("--flag", "flags", multiple=True, help="Only uploads with this flag; may be repeated.")
@click.option("--path", "patterns", multiple=True, help="Only files that match this pattern; may be repeated.")
@click.option("--sources", "folder", type=FOLDER, help="Source text for pages; default: the repository of COMMIT.")
@click.option("--no-sources", is_flag=True, help="Pages without source text.")
@click.option("--force", is_flag=True, help="Write pages into a folder that is not empty.")
@repo_option
def export(  # noqa: PLR0917  # click passes every option by name
    commit: str | None,
    files: tuple[Path, ...],
    kind: str,
    output: Path | None,
    flags: tuple[str, ...],
    patterns: tuple[str, ...],
    folder: Path | None,
    no_sources: bool,
    force: bool,
    slug: str | None,
) -> None:
    """Write the report of COMMIT (a SHA or its beginning) as LCOV, Cobertura XML, JSON or web pages.

    With --file no database is needed: report files are read as `inspect` does, several of them as one upload.
    """
    if bool(commit) == bool(files):
        raise click.UsageError("give a COMMIT, or report files with --file")
    if flags and files:
        raise click.UsageError("--flag is about the uploads of a commit; report files have none")
    _check_output(kind, output, force)
    try:
        paths = PathFilter(patterns)
    except PatternInvalid as error:
        raise click.UsageError(f"--path {error}") from error
    if files:
        sources: Sources = FolderSources(folder) if folder and not no_sources else NoSources()
        _write(only_paths(of_files(files), patterns, paths), kind, output, sources)
        return
    with embedded.opened() as run:
        made, row, repository = of_commit(run, commit or "", slug, flags)
        if no_sources or kind != "html":
            sources = NoSources()
        elif folder:
            sources = FolderSources(folder)
        else:
            try:
                sources = GitSources(run.git_for(repository), row.sha)
            except GitError as error:
                sources = NoSources(error)
        _write(only_paths(made, patterns, paths), kind, output, sources)


def _check_output(kind: str, output: Path | None, force: bool) -> None:
    """Refuse what would fail or destroy something later."""
    if kind == "html":
        if output is None:
            raise click.UsageError("html is a folder of pages: name it with --output")
        if output.exists() and not output.is_dir():
            raise click.UsageError(f"{output} is a file; html needs a folder")
        if output.is_dir() and any(output.iterdir()) and not force:
            raise click.ClickException(f"{output} is not empty; take another folder, or write into it with --force.")
    elif output is not None:
        if output.is_dir():
            raise click.UsageError(f"{output} is a folder; {kind} is one file")
        if not output.parent.is_dir():
            raise click.UsageError(f"there is no folder {output.parent}")


def _write(export: Export, kind: str, output: Path | None, sources: Sources) -> None:
    console = Console(stderr=True)
    count = len(export.subject.files)
    try:
        if kind == "html" and output is not None:
            _write_pages(site.write(export.subject, export.title, sources.find), count, output, console)
        else:
            _write_file(WRITERS[kind](export), output)
    except OSError as error:
        raise click.ClickException(f"{output or 'stdout'} cannot be written: {error.strerror or error}.") from error
    if sources.problem is not None:
        console.print(
            f"[yellow]Source text is missing from pages ({sources.problem.code}):[/] {sources.problem}. "
            "Mend this and export again, or name a checkout with --sources.",
            highlight=False,
            soft_wrap=True,
        )
    if output is not None:
        target = output / "index.html" if kind == "html" else output
        console.print(f"{count} files written to {target}.", highlight=False, markup=False, soft_wrap=True)


def _write_file(pieces: Iterable[bytes], output: Path | None) -> None:
    """Write a document; one that ends early leaves an older file as it was."""
    if output is None:
        sys.stdout.buffer.writelines(pieces)
        return
    unfinished = output.with_name(f"{output.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.writelines(pieces)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_pages(pages: Iterable[tuple[str, bytes]], files: int, output: Path, console: Console) -> None:
    (output / "files").mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Writing pages", total=files)
        for name, content in pages:
            (output / name).write_bytes(content)
            progress.advance(task, int(name.startswith("files/")))
