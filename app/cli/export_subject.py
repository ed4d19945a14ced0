"""What `coverage-worker export` writes: the report of a commit, or that of report files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from app.cli.find import find_commit
from app.logic.comparison.compute import coverage_report
from app.logic.coverage.assembled import AssembledReport
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.filters import PathFilter
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import read_file
from app.logic.uploads.parsed import merge_flags
from app.logic.uploads.published import load_report
from app.models.git import Commit
from app.models.repositories import Repository
from app.runtime import Runtime

MAX_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Export:
    """A report to export, its name for people, and the time of its run or commit in milliseconds, 0 = unknown."""

    subject: Subject
    title: str
    timestamp: int


def of_files(files: Sequence[Path]) -> Export:
    """Read report files as one upload; raises ClickException with the reason where one cannot be read."""
    builder = ReportBuilder()
    times = []
    for file in files:
        read = read_file(str(file), file.read_bytes(), builder, FormatOptions(), max_bytes=MAX_BYTES)
        if read.outcome != "ok":
            raise click.ClickException(
                f"{file} cannot be exported ({read.outcome}): {read.detail}. `inspect` shows what is in a file."
            )
        times.append(read.stats.timestamp if read.stats is not None else None)
    newest = max((time for time in times if time is not None), default=0)
    title = ", ".join(file.name for file in files[:3]) + (" ..." if len(files) > 3 else "")
    return Export(Subject(builder.build()), title, int(newest * 1000))


def of_commit(run: Runtime, prefix: str, slug: str | None, flags: Sequence[str]) -> tuple[Export, Commit, Repository]:
    """Load the report of a commit, or the merge of its uploads with the flags; raises ClickException."""
    commit, repository = find_commit(prefix, slug)
    row = coverage_report(commit)
    loaded = load_report(run.storage, row) if row is not None else None
    if row is None or loaded is None:
        raise click.ClickException(f"Commit {commit.sha[:12]} has no report yet; `status` shows where its uploads are.")
    if flags:
        subject = _of_flags(run, row.id, loaded, flags)
    else:
        subject = Subject(loaded.stored, flags=loaded.flags, sessions=loaded.sessions)
    timestamp = int(commit.committed_at.timestamp() * 1000)
    title = f"{repository.owner.username}/{repository.name}"
    return Export(replace(subject, commit=commit.sha), title, timestamp), commit, repository


def _of_flags(run: Runtime, report_id: int, loaded: AssembledReport, flags: Sequence[str]) -> Subject:
    unknown = sorted(set(flags) - loaded.flags.keys())
    if unknown:
        known = f"its flags are {', '.join(sorted(loaded.flags))}" if loaded.flags else "its uploads have no flags"
        raise click.ClickException(f"No upload of this commit has the flag {', '.join(unknown)}; {known}.")
    report, sessions = merge_flags(run.storage, report_id, loaded, flags)
    return Subject(report, flags={name: loaded.flags[name] for name in flags}, sessions=sessions)


def only_paths(export: Export, patterns: Sequence[str], paths: PathFilter) -> Export:
    """Return the export of the files that pass; raises ClickException if none does.

    Totals of flags and uploads are about all files, so they are left out.
    """
    if not patterns:
        return export
    subject = export.subject
    chosen = [path for path in subject.files if paths.matches(path)]
    if not chosen:
        raise click.ClickException(
            f"None of the {len(subject.files)} files of the report matches --path {' '.join(patterns)}; patterns are "
            "regular expressions that match at the start of a path."
        )
    return replace(export, subject=Subject(subject.select(chosen), commit=subject.commit))
