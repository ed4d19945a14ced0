"""The raw upload of older uploaders: text with sections (docs/messages.md, "Raw upload")."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.envelope_content import (
    MAX_ENTRY,
    MAX_FIXES,
    CoverageFile,
    Envelope,
    FileError,
    TooManyFiles,
    read_listing,
    stripped,
)
from app.logic.uploads.environment import clean_env
from app.logic.uploads.ignored_lines import read_ignored_text
from app.logic.uploads.limits import Limits
from app.logic.uploads.notes import Note

_SEPARATOR: Final = re.compile(rb"<<<<<< (network|ENV|EOF)")
_SEPARATORS_PER_FILE: Final = 4
_REST_IS_IGNORED: Final = b"==FROMNOWONIGNOREDBYCODECOV==>>>"
_HEADER: Final = b"# path="
_FIXES: Final = "fixes"
_BOM: Final = b"\xef\xbb\xbf"
_LINE: Final = re.compile(rb"[^\n]+")


@dataclass(frozen=True, slots=True)
class _Section:
    """Bytes `start` to `stop` of the upload; `kind` is network, ENV or EOF."""

    data: bytes
    kind: bytes
    name: str | None
    start: int
    stop: int

    def read(self, max_bytes: int) -> bytes:
        if self.stop - self.start > max_bytes:
            raise FileError("too_large", f"{self.stop - self.start} bytes, limit {max_bytes}")
        return self.data[self.start : self.stop]

    def lines(self, longest: int) -> Iterator[str]:
        """Yield the lines that are not empty, cut to `longest` bytes."""
        for line in _LINE.finditer(self.data, self.start, self.stop):
            yield self.data[line.start() : min(line.end(), line.start() + longest)].decode("utf-8", "replace")


def read_text(data: bytes, limits: Limits) -> Envelope:
    """Read an upload in sections; any bytes are one. Raises TooManyFiles."""
    files: list[CoverageFile] = []
    listing = env = fixes = None
    for section in _sections(data, limits):
        if section.kind == b"network":
            listing = section
        elif section.kind == b"ENV":
            env = section
        elif section.name == _FIXES:
            fixes = section
        elif len(files) < limits.files:
            files.append(section)
        else:
            raise TooManyFiles(limits)
    notes: list[Note] = []
    paths = read_listing(listing.lines(MAX_ENTRY), limits, notes) if listing else ()
    ignored = _read_fixes(fixes, notes) if fixes else {}
    return Envelope(paths, ignored, files, tuple(notes), _read_env(env) if env else {})


def _sections(data: bytes, limits: Limits) -> Iterator[_Section]:
    """Yield the sections that are not empty. What follows a section says what it is, so the last one is a file.

    Empty ones are counted all the same, so that an upload of nothing but separators ends soon.
    """
    end = data.find(_REST_IS_IGNORED)
    end = len(data) if end < 0 else end
    start = 0
    for number, separator in enumerate(_SEPARATOR.finditer(data, 0, end)):
        if number > limits.files * _SEPARATORS_PER_FILE:
            raise TooManyFiles(limits)
        if section := _section(data, separator[1], start, separator.start()):
            yield section
        start = separator.end()
    if section := _section(data, b"EOF", start, end):
        yield section


def _section(data: bytes, kind: bytes, start: int, stop: int) -> _Section | None:
    start, stop = stripped(data, start, stop)
    if data.startswith(_BOM, start, stop):
        start, stop = stripped(data, start + len(_BOM), stop)
    if start == stop:
        return None
    if not data.startswith(_HEADER, start, stop):
        return _Section(data, kind, None, start, stop)
    end = data.find(b"\n", start, stop)
    end = stop if end < 0 else end
    name = data[start + len(_HEADER) : min(end, start + MAX_ENTRY)].decode("utf-8", "replace").strip()
    return _Section(data, kind, name or None, *stripped(data, end, stop))


def _read_fixes(section: _Section, notes: list[Note]) -> dict[str, IgnoredLines]:
    size = section.stop - section.start
    if size > MAX_FIXES:
        notes.append({"reason": "bad_report_fixes", "detail": f"{size} bytes, limit {MAX_FIXES}"})
        return {}
    fixes, problem = read_ignored_text(section.lines(size))
    if problem is not None:
        notes.append({"reason": "bad_report_fixes", "detail": problem})
    return fixes


def _read_env(section: _Section) -> dict[str, str]:
    parts = (line.partition("=") for line in section.lines(MAX_ENTRY))
    return clean_env((name, value) for name, equals, value in parts if equals)
