"""From the bytes of a raw upload to its parsed report: pure, so that the same upload always gives the same report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ParsedUpload:
    """What an upload came to: a report, or the problem to store; `notes` say which of its files were left out and why.

    `formats` names the format of each file that gave lines.
    """

    report: Report | None
    problem: UploadProblem | None
    notes: tuple[Mapping[str, Any], ...] = ()
    formats: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """The state of one upload while its files are read."""

    builder: ReportBuilder
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def note(self, file: str | None, reason: str, detail: str | None) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append({"file": file, "reason": reason, "detail": detail})


def parse_upload(data: bytes, limits: Limits, options: FormatOptions) -> ParsedUpload:
    """Read a raw upload object; never raises for bad content."""
    try:
        envelope = read_envelope(data, limits)
    except EnvelopeError as error:
        if not data.strip():
            return ParsedUpload(None, UploadProblem(problems.REPORT_EMPTY, {"reason": "the object is empty"}))
        return ParsedUpload(
            None, UploadProblem(problems.UNKNOWN_PROCESSING, {"reason": error.reason, "detail": error.detail[:200]})
        )
    return _read_files(envelope, limits, options)


def _read_files(envelope: Envelope, limits: Limits, options: FormatOptions) -> ParsedUpload:
    listing = index(envelope)
    fixer = PathFixer(listing)
    reading = _Reading(
        ReportBuilder(ignored=_resolve_fixes(envelope.fixes, fixer), max_line=limits.source_lines),
        notes=list(envelope.notes),
    )
    for name, file in envelope.names():
        if isinstance(file, FileError):
            reading.outcomes.append(file.reason)
            reading.note(name, file.reason, file.detail)
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
        _take(reading, name, read_file(name, content, reading.builder, settings, max_bytes=limits.file_bytes))
        for reason, count in fixer.dropped.items():
            reading.dropped[reason] = reading.dropped.get(reason, 0) + count
    return _conclude(reading)


def _resolve_fixes(fixes: Mapping[str, IgnoredLines], fixer: PathFixer) -> dict[str, IgnoredLines]:
    return {fixer.resolve([path], ()) or path: lines for path, lines in fixes.items()}


def _take(reading: _Reading, name: str | None, read: FileRead) -> None:
    reading.outcomes.append(read.outcome)
    if read.outcome != "ok":
        reading.builder.forget_document()
        if read.outcome != "empty":
            reading.note(name, read.outcome, read.detail)
        return
    if read.format is not None:
        reading.formats.append(read.format)
    if read.stats is not None and read.stats.truncated:
        reading.note(name, "truncated", "the complete part was kept")
    if read.stats is not None and read.stats.skipped:
        reading.note(name, "bad_records", f"{read.stats.skipped} skipped; first: {read.stats.first_problem}")


def _conclude(reading: _Reading) -> ParsedUpload:
    report = reading.builder.build()
    if reading.builder.dropped_lines:
        reading.note(None, "lines_out_of_range", f"{reading.builder.dropped_lines} lines beyond the limit")
    notes = tuple(reading.notes)
    if report.files:
        if reading.dropped:
            samples = ", ".join(reading.builder.dropped_paths)
            note = {"file": None, "reason": "paths_dropped", "detail": f"{sum(reading.dropped.values())}: {samples}"}
            notes = (*notes, note)[:MAX_NOTES]
        return ParsedUpload(report, None, notes, tuple(reading.formats))
    return ParsedUpload(None, _why_empty(reading), notes)


def _why_empty(reading: _Reading) -> UploadProblem:
    if reading.dropped:
        samples: Sequence[str] = list(reading.builder.dropped_paths)
        return UploadProblem(problems.REPORT_EMPTY, {"reason": "no_path_matched", "samples": samples})
    kinds = set(reading.outcomes)
    if kinds and kinds <= {"not_recognised", "unsupported"}:
        names = [note["file"] or "(unnamed)" for note in reading.notes if note["reason"] in kinds][:10]
        return UploadProblem(problems.UNSUPPORTED_FILE_FORMAT, {"files": names})
    if kinds & {"failed", "corrupt", "too_large", "too_deep", "bad_base64", "bad_zlib", "bad_entry", "unknown_packing"}:
        return UploadProblem(problems.UNKNOWN_PROCESSING, {"reason": "every file failed", "first": _first(reading)})
    return UploadProblem(problems.REPORT_EMPTY, {"files": len(reading.outcomes)})


def _first(reading: _Reading) -> str:
    note = next((n for n in reading.notes if n.get("reason") in reading.outcomes), {})
    return f"{note.get('file') or '(unnamed)'}: {note.get('detail') or note.get('reason')}"[:200]
