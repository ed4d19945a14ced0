"""From the bytes of a raw upload to its parsed report: pure, so that the same upload always gives the same report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.dropped import DropReason
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.read import read_file
from app.logic.coverage.report import Report
from app.logic.uploads import ignored_lines, problems
from app.logic.uploads.envelope import JSON_VERSION, CoverageFile, Envelope, EnvelopeError, FileError, read_envelope
from app.logic.uploads.expiry import AgeLimit, age_limit, show_time
from app.logic.uploads.limits import Limits
from app.logic.uploads.notes import MAX_DETAIL, Note, Notes, shown
from app.logic.uploads.paths.fixer import PathFixer
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.rules import PathRules
from app.logic.uploads.problems import UploadProblem
from app.logic.uploads.switches import format_switches

PARSER_VERSION = "3"  # part of the stored facts of an upload: raise it when the same bytes give another report
# The same run twice, as Istanbul writes it by default: the JSON knows more.
TWICE = ("coverage/coverage.json", "coverage/coverage.lcov")

FixerFor = Callable[[str | None], PathFixer]


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """What is known of an upload besides its bytes, and never changes.

    `created_at` is when it came in; `config` is the repository's configuration as it was pinned for the report, already
    checked and normalised; `flags` are the upload's. `repository_name` is a directory on some CI machines.
    """

    created_at: datetime
    format_version: str | None = JSON_VERSION
    config: Mapping[str, Any] = field(default_factory=dict)
    flags: Sequence[str] = ()
    repository_name: str | None = None


@dataclass(frozen=True, slots=True)
class ParserRun:
    """One file read: its format (`none` = not recognised), how that ended, its bytes, and how long it took."""

    format: str
    outcome: str
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ParsedUpload:
    """What an upload came to: a report, or the problem to store; `notes` say which of its files were left out and why.

    `formats` names the format of each file that gave lines; `env` holds the variables that the envelope brought along,
    None if its form has none. `dropped_paths`, which counts by DropReason the paths that are none of the repository's
    files, and `runs` are for the metrics.
    """

    report: Report | None
    problem: UploadProblem | None
    notes: tuple[Note, ...] = ()
    formats: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    dropped_paths: Mapping[str, int] = field(default_factory=dict)
    # How long it took is no property of the upload.
    runs: tuple[ParserRun, ...] = field(default=(), compare=False)


class _Expired(Exception):
    """A file is older than the repository allows, so the upload as a whole cannot be trusted."""

    def __init__(self, filename: str | None, timestamp: float) -> None:
        super().__init__()
        self.problem = UploadProblem(
            problems.REPORT_EXPIRED, {"filename": shown(filename), "timestamp": show_time(timestamp)}
        )


@dataclass(slots=True)
class _Reading:
    """The state of one upload while its files are read; `outcomes` are those of all files so far."""

    builder: ReportBuilder
    limits: Limits
    age: AgeLimit
    switches: frozenset[str]
    notes: Notes = field(default_factory=Notes)
    formats: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    runs: list[ParserRun] = field(default_factory=list)


def parse_upload(data: bytes, facts: UploadFacts, limits: Limits) -> ParsedUpload:
    """Read a raw upload object; never raises for bad content."""
    try:
        envelope = read_envelope(data, facts.format_version, limits)
    except EnvelopeError as error:
        params = {"reason": error.reason, "detail": shown(error.detail)}
        return ParsedUpload(None, UploadProblem(problems.UNKNOWN_PROCESSING, params))
    return _read_files(envelope, facts, limits)


def _path_fixers(listing: tuple[str, ...], rules: PathRules) -> FixerFor:
    """Return what makes the path fixer of a coverage file from its name; without a name for the lines to ignore."""
    index = Listing(listing) if listing else None
    return lambda name: PathFixer(index, name, rules)


def _read_files(envelope: Envelope, facts: UploadFacts, limits: Limits) -> ParsedUpload:
    rules = PathRules.from_config(facts.config, facts.flags, facts.repository_name)
    fixer_for = _path_fixers(envelope.listing, rules)
    ignored = ignored_lines.place(envelope.fixes, fixer_for(None).resolve)
    reading = _Reading(
        ReportBuilder(ignored=ignored, max_line=limits.source_lines),
        limits,
        age_limit(facts.config, facts.created_at),
        format_switches(facts.config),
    )
    if rules.problems:
        reading.notes.add(None, "bad_path_rules", f"{len(rules.problems)} left out; first: {rules.problems[0]}")
    for note in envelope.notes:
        reading.notes.add(None, note["reason"], note["detail"])
    twice = TWICE[1] if any(file.name == TWICE[0] for file in envelope.files) else None
    try:
        for file in envelope.files:
            if twice is not None and file.name == twice:
                reading.notes.add(file.name, "same_as", TWICE[0])
            else:
                _read(reading, file, fixer_for(file.name))
    except _Expired as expired:
        return ParsedUpload(
            None,
            expired.problem,
            reading.notes.all(),
            tuple(reading.formats),
            envelope.env,
            runs=tuple(reading.runs),
        )
    return _conclude(reading, envelope.env)


def _read(reading: _Reading, file: CoverageFile, fixer: PathFixer) -> None:
    most = reading.limits.file_bytes
    try:
        content = file.read(most)
    except FileError as error:
        reading.outcomes.append(error.reason)
        reading.notes.add(file.name, error.reason, error.detail)
        return
    reading.builder.begin_document(fixer.resolve)
    options = FormatOptions(reading.switches, fixer.has_listing)
    read = read_file(file.name, content, reading.builder, options, max_bytes=most)
    reading.runs.append(ParserRun(read.format or "none", read.outcome, len(content), read.seconds))
    if read.stats is not None:
        _check_age(reading, file.name, read.stats.timestamp)
    reading.outcomes.append(read.outcome)
    if read.outcome != "ok":
        reading.builder.forget_document()
        if read.outcome != "empty":
            reading.notes.add(file.name, read.outcome, read.detail)
        return
    if read.format is not None:
        reading.formats.append(read.format)
    if read.stats is not None:
        _note_losses(reading.notes, file.name, read.stats)


def _check_age(reading: _Reading, name: str | None, timestamp: float | None) -> None:
    if timestamp is None or not reading.age.is_passed(timestamp):
        return
    if reading.age.enforced:
        raise _Expired(name, timestamp)
    reading.notes.add(name, "old_report", f"made {show_time(timestamp)}, more than 12 hours before this upload")


def _note_losses(notes: Notes, name: str | None, stats: ParseStats) -> None:
    if stats.truncated:
        notes.add(name, "truncated", "the complete part was kept")
    if stats.skipped:
        notes.add(name, "bad_records", f"{stats.skipped} skipped; first: {stats.first_problem}")
    for reason, detail in stats.notes.items():
        notes.add(name, reason, detail)


def _conclude(reading: _Reading, env: Mapping[str, str] | None) -> ParsedUpload:
    builder, notes = reading.builder, reading.notes
    report = builder.build()
    if builder.dropped_lines:
        notes.add(None, "lines_out_of_range", f"{builder.dropped_lines} lines beyond the limit")
    dropped = builder.dropped_paths
    for reason, count in dropped.counts.items() if report.files else ():
        notes.add(None, "paths_dropped", f"{reason.value} {count}: {', '.join(dropped.samples[reason])}")
    problem = None if report.files else _why_empty(reading)
    counts = {reason.value: count for reason, count in dropped.counts.items()}
    return ParsedUpload(
        None if problem else report,
        problem,
        notes.all(),
        tuple(reading.formats),
        env,
        counts,
        tuple(reading.runs),
    )


def _why_empty(reading: _Reading) -> UploadProblem:
    dropped = reading.builder.dropped_paths
    if dropped.total:
        by_rule = dropped.counts.keys() <= {DropReason.IGNORED, DropReason.NOT_INCLUDED}
        params = {
            "reason": "every_path_ignored" if by_rule else "no_path_matched",
            "samples": [shown(sample) for samples in dropped.samples.values() for sample in samples],
            "dropped": {reason.value: count for reason, count in dropped.counts.items()},
        }
        return UploadProblem(problems.REPORT_EMPTY, params)
    kinds = set(reading.outcomes) - {"empty"}
    if kinds and kinds <= {"not_recognised", "unsupported"}:
        names = [note["file"] or "(unnamed)" for note in reading.notes.among(kinds)][:10]
        return UploadProblem(problems.UNSUPPORTED_FILE_FORMAT, {"files": names})
    if kinds - {"ok", "no_data", "not_recognised", "unsupported"}:
        return UploadProblem(problems.UNKNOWN_PROCESSING, {"reason": "every file failed", "first": _first(reading)})
    return UploadProblem(problems.REPORT_EMPTY, {"files": len(reading.outcomes)})


def _first(reading: _Reading) -> str:
    """Return what went wrong with the first file that failed."""
    note = next(iter(reading.notes.among(set(reading.outcomes))), {"file": None, "detail": None})
    return f"{note['file'] or '(unnamed)'}: {note['detail'] or note.get('reason')}"[:MAX_DETAIL]
