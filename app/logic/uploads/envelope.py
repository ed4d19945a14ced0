"""The raw upload object, version 1: JSON with the repository's file list and compressed coverage files.

The shape is described in docs/messages.md ("Raw upload"); unknown keys are ignored and only `coverage_files` is needed.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.listing_entries import clean_entry

FILE_FORMAT = "base64+compressed"
MAX_FIXES = 64 << 20  # bytes of JSON: line numbers take many times as much memory
_LAST_LINE = 2**31 - 1
# Half a surrogate pair, escaped: what JSON writers make of a file name that is not UTF-8.
_HALF = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|"
    rb"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


class EnvelopeError(Exception):
    """The envelope as a whole cannot be read; `reason` is a stable word, `detail` says where."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class FileError(Exception):
    """One coverage file of the envelope cannot be unpacked."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one upload; beyond them a stored error or a note says what was left out."""

    raw_bytes: int = 1 << 30
    file_bytes: int = 512 << 20
    files: int = 20_000
    listing_entries: int = 2_000_000
    source_lines: int = 1_000_000


class _Fix(msgspec.Struct):
    eof: int | None = None
    lines: list[int] | None = None


class _Fixes(msgspec.Struct):
    value: dict[str, msgspec.Raw] | None = None


class _File(msgspec.Struct):
    filename: str | None = None
    format: str = FILE_FORMAT
    data: str | None = None


class _Name(msgspec.Struct):
    filename: str | None = None


class _Envelope(msgspec.Struct):
    coverage_files: list[msgspec.Raw]
    network_files: list[Any] | None = None
    report_fixes: msgspec.Raw = msgspec.Raw()
    path_fixes: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded envelope. Files stay packed until `unpack`: they are never all in memory at once."""

    listing: tuple[str, ...]
    fixes: Mapping[str, IgnoredLines]
    files: tuple[msgspec.Raw, ...]
    notes: tuple[Mapping[str, Any], ...]

    def file_names(self) -> set[str | None]:
        """Return the names of all files that can be read, without their contents."""
        names: set[str | None] = set()
        for raw in self.files:
            with suppress(msgspec.MsgspecError, RecursionError):
                names.add(msgspec.json.decode(raw, type=_Name).filename)
        return names

    def open_files(self) -> Iterator[tuple[str | None, _File | FileError]]:
        """Yield each file's name with the packed file, or with why it cannot be read."""
        for raw in self.files:
            try:
                file = msgspec.json.decode(raw, type=_File)
            except (msgspec.MsgspecError, RecursionError) as error:
                yield None, FileError("bad_entry", str(error))
            else:
                yield file.filename, file


def read_envelope(data: bytes, limits: Limits) -> Envelope:
    """Decode the JSON of an upload; raises EnvelopeError("bad_json" | "not_an_envelope" | "too_many_files")."""
    envelope = _decode(data)
    if len(envelope.coverage_files) > limits.files:
        raise EnvelopeError("too_many_files", f"{len(envelope.coverage_files)} files, limit {limits.files}")
    notes: list[Mapping[str, Any]] = []
    entries = envelope.network_files or []
    if len(entries) > limits.listing_entries:
        notes.append(
            {"reason": "listing_cut", "detail": f"the first {limits.listing_entries} of {len(entries)} are used"}
        )
        entries = entries[: limits.listing_entries]
    listing = tuple(path for entry in entries if isinstance(entry, str) and (path := clean_entry(entry)))
    fixes = _read_fixes(bytes(envelope.report_fixes) or bytes(envelope.path_fixes), notes)
    return Envelope(listing, fixes, tuple(envelope.coverage_files), tuple(notes))


def _decode(data: bytes) -> _Envelope:
    try:
        return _decode_strictly(data)
    except EnvelopeError as error:
        if error.reason != "bad_json":
            raise
        # One file name with a broken character must not cost the whole upload.
        mended = _HALF.sub(_mend, data.decode("utf-8", "replace").encode())
        if mended == data:
            raise
        return _decode_strictly(mended)


def _decode_strictly(data: bytes) -> _Envelope:
    try:
        return msgspec.json.decode(data, type=_Envelope)
    except msgspec.ValidationError as error:
        raise EnvelopeError("not_an_envelope", str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise EnvelopeError("bad_json", str(error)) from error


def _mend(found: re.Match[bytes]) -> bytes:
    backslashes, pair, more_backslashes = found.groups()
    return found[0] if pair is not None else (more_backslashes or backslashes or b"") + rb"\ufffd"


def _read_fixes(raw: bytes, notes: list[Mapping[str, Any]]) -> dict[str, IgnoredLines]:
    """Read the lines to ignore; an entry that makes no sense is left out with a note."""
    if len(raw) > MAX_FIXES:
        notes.append({"reason": "bad_report_fixes", "detail": f"{len(raw)} bytes, limit {MAX_FIXES}"})
        return {}
    values: Mapping[str, msgspec.Raw] = {}
    fixes: dict[str, IgnoredLines] = {}
    problem: Exception | None = None
    try:
        decoded = msgspec.json.decode(raw, type=_Fixes | None) if raw else None
        values = (decoded.value if decoded else None) or {}
    except (msgspec.MsgspecError, RecursionError) as error:
        problem = error
    for path, entry in values.items():
        try:
            fixes[path] = _ignored(msgspec.json.decode(entry, type=_Fix))
        except (msgspec.MsgspecError, RecursionError) as error:
            problem = problem or error
    if problem is not None:
        notes.append({"reason": "bad_report_fixes", "detail": str(problem)})
    return fixes


def _ignored(fix: _Fix) -> IgnoredLines:
    """Keep the numbers that a line can have; an end of file before the first line is none."""
    eof = fix.eof if fix.eof is not None and 0 < fix.eof <= _LAST_LINE else None
    return IgnoredLines(frozenset(line for line in fix.lines or () if 0 < line <= _LAST_LINE), eof)


def unpack(file: _File, limits: Limits) -> bytes:
    """Return the bytes of one coverage file; raises FileError, also when they grow beyond the limit."""
    if file.format != FILE_FORMAT:
        raise FileError("unknown_packing", f"format {file.format[:40]!r}, expected {FILE_FORMAT!r}")
    try:
        packed = base64.b64decode(file.data or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileError("bad_base64", str(error)) from error
    if not packed:
        return b""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, limits.file_bytes)
    except zlib.error as error:
        raise FileError("bad_zlib", str(error)) from error
    if stream.unconsumed_tail or (len(content) >= limits.file_bytes and not stream.eof):
        raise FileError("too_large", f"more than {limits.file_bytes} bytes when inflated")
    if not stream.eof:
        raise FileError("bad_zlib", "the compressed stream ends early")
    return content


def pack(content: bytes) -> str:
    """Return file content in the packing of the envelope."""
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")


def write_envelope(files: Mapping[str, bytes], listing: tuple[str, ...]) -> bytes:
    """Return a version-1 envelope of coverage files by name, as an uploader sends it."""
    return msgspec.json.encode(
        {
            "coverage_files": [
                {"filename": name, "format": FILE_FORMAT, "data": pack(content), "labels": ""}
                for name, content in files.items()
            ],
            "network_files": list(listing),
            "report_fixes": {"format": "legacy", "value": {}},
            "metadata": {},
        }
    )


def index(envelope: Envelope) -> Listing | None:
    return Listing(envelope.listing) if envelope.listing else None
