"""From the bytes of a raw upload to its parsed report: pure, so that the same upload always gives the same report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.helpers.text import storable
from app.logic.coverage.builder import IgnoredLines, ReportBuilder
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.read import FileRead, read_file
from app.logic.coverage.report import Report
from app.logic.uploads import problems
from app.logic.uploads.envelope import Envelope, EnvelopeError, FileError, Limits, index, read_envelope, unpack
from app.logic.uploads.paths import PathFixer
from app.logic.uploads.problems import UploadProblem

PARSER_VERSION = "1"  # part of the stored facts of an upload: raise it when the same bytes give another report
MAX_NOTES = 50
MAX_DETAIL = 300  # characters of a note's text
# The same run twice, as Istanbul writes it by default: the JSON knows more.
TWICE = ("coverage/coverage.json", "coverage/coverage.lcov")


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

    `formats` names the format of each file that gave lines. `runs` and `dropped_paths`, the number of paths that are
    no files of the repository, are for the metrics.
    """

    report: Report | None
    problem: UploadProblem | None
    notes: tuple[Mapping[str, Any], ...] = ()
    formats: tuple[str, ...] = ()
    # How long it took is no property of the upload.
    runs: tuple[ParserRun, ...] = field(default=(), compare=False)
    dropped_paths: int = 0


@dataclass(slots=True)
class _Reading:
    """The state of one upload while its files are read."""

    builder: ReportBuilder
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    more_notes: int = 0
    formats: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    runs: list[ParserRun] = field(default_factory=list)

    def note(self, file: str | None, reason: str, detail: str | None) -> None:
        if len(self.notes) == MAX_NOTES:
            self.more_notes += 1
            return
        self.notes.append({"file": _text(file), "reason": reason, "detail": _text(detail)})


def parse_upload(data: bytes, limits: Limits, options: FormatOptions) -> ParsedUpload:
    """Read a raw upload object; never raises for bad content."""
    try:
        envelope = read_envelope(data, limits)
    except EnvelopeError as error:
        if not data.strip():
            return ParsedUpload(None, UploadProblem(problems.REPORT_EMPTY, {"reason": "the object is empty"}))
        params = {"reason": error.reason, "detail": _text(error.detail)}
        return ParsedUpload(None, UploadProblem(problems.UNKNOWN_PROCESSING, params))
    return _read_files(envelope, limits, options)


def _read_files(envelope: Envelope, limits: Limits, options: FormatOptions) -> ParsedUpload:
    listing = index(envelope)
    ignored = _resolve_fixes(envelope.fixes, PathFixer(listing))
    reading = _Reading(ReportBuilder(ignored=ignored, max_line=limits.source_lines))
    for note in envelope.notes:
        reading.note(None, note["reason"], note["detail"])
    twice = TWICE[1] if TWICE[0] in envelope.file_names() else None
    for name, file in envelope.open_files():
        if isinstance(file, FileError):
            reading.outcomes.append(file.reason)
            reading.note(name, file.reason, file.detail)
            continue
        if name is not None and name == twice:
            reading.note(name, "same_as", TWICE[0])
            continue
        try:
            content = unpack(file, limits)
        except FileError as error:
            reading.outcomes.append(error.reason)
            reading.note(name, error.reason, error.detail)
            continue
        fixer = PathFixer(listing, name)
        reading.builder.begin_document(fixer.resolve)
        settings = FormatOptions(options.switches, fixer.has_listing)
        read = read_file(name, content, reading.builder, settings, max_bytes=limits.file_bytes)
        reading.runs.append(ParserRun(read.format or "none", read.outcome, len(content), read.seconds))
        _take(reading, name, read)
    return _conclude(reading)


def _resolve_fixes(fixes: Mapping[str, IgnoredLines], fixer: PathFixer) -> dict[str, IgnoredLines]:
    """Return the lines to ignore by repository path; two spellings of a path are one file."""
    resolved: dict[str, IgnoredLines] = {}
    for path, lines in fixes.items():
        place = fixer.resolve([path], ()) or path
        resolved[place] = _united(resolved[place], lines) if place in resolved else lines
    return resolved


def _united(a: IgnoredLines, b: IgnoredLines) -> IgnoredLines:
    return IgnoredLines(a.lines | b.lines, max((eof for eof in (a.eof, b.eof) if eof is not None), default=None))


def _take(reading: _Reading, name: str | None, read: FileRead) -> None:
    reading.outcomes.append(read.outcome)
    if read.outcome != "ok":
        reading.builder.forget_document()
        if read.outcome != "empty":
            reading.note(name, read.outcome, read.detail)
        return
    if read.format is not None:
        reading.formats.append(read.format)
    if read.stats is None:
        return
    if read.stats.truncated:
        reading.note(name, "truncated", "the complete part was kept")
    if read.stats.skipped:
        reading.note(name, "bad_records", f"{read.stats.skipped} skipped; first: {read.stats.first_problem}")
    for reason, detail in read.stats.notes.items():
        reading.note(name, reason, detail)


def _conclude(reading: _Reading) -> ParsedUpload:
    builder = reading.builder
    report = builder.build()
    if builder.dropped_lines:
        reading.note(None, "lines_out_of_range", f"{builder.dropped_lines} lines beyond the limit")
    if report.files and builder.dropped_path_count:
        samples = ", ".join(sample[:MAX_DETAIL] for sample in builder.dropped_paths)
        reading.note(None, "paths_dropped", f"{builder.dropped_path_count}: {samples}")
    problem = None if report.files else _why_empty(reading)
    notes = reading.notes
    if reading.more_notes:
        notes = [*notes, {"file": None, "reason": "more_notes", "detail": str(reading.more_notes)}]
    return ParsedUpload(
        None if problem else report,
        problem,
        tuple(notes),
        tuple(reading.formats),
        tuple(reading.runs),
        builder.dropped_path_count,
    )


def _why_empty(reading: _Reading) -> UploadProblem:
    if reading.builder.dropped_path_count:
        samples = [_text(sample) for sample in reading.builder.dropped_paths]
        return UploadProblem(problems.REPORT_EMPTY, {"reason": "no_path_matched", "samples": samples})
    kinds = set(reading.outcomes) - {"empty"}
    if kinds and kinds <= {"not_recognised", "unsupported"}:
        names = [note["file"] or "(unnamed)" for note in reading.notes if note["reason"] in kinds][:10]
        return UploadProblem(problems.UNSUPPORTED_FILE_FORMAT, {"files": names})
    if kinds - {"ok", "no_data", "not_recognised", "unsupported"}:
        return UploadProblem(problems.UNKNOWN_PROCESSING, {"reason": "every file failed", "first": _first(reading)})
    return UploadProblem(problems.REPORT_EMPTY, {"files": len(reading.outcomes)})


def _first(reading: _Reading) -> str:
    """Return what went wrong with the first file that failed."""
    note = next((n for n in reading.notes if n["reason"] in reading.outcomes), {"file": None, "detail": None})
    return f"{note['file'] or '(unnamed)'}: {note['detail'] or note.get('reason')}"[:MAX_DETAIL]


def _text(text: str | None) -> str | None:
    return None if text is None else storable(text, MAX_DETAIL)
