"""The raw upload of version 1: JSON with compressed coverage files (docs/messages.md, "Raw upload").

Unknown keys are ignored and only `coverage_files` is needed.
"""

import binascii
import codecs
import re
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

import msgspec

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.envelope_content import (
    MAX_FIXES,
    Envelope,
    EnvelopeError,
    FileError,
    TooManyFiles,
    read_listing,
)
from app.logic.uploads.ignored_lines import LAST_LINE, MAX_FILES
from app.logic.uploads.limits import Limits
from app.logic.uploads.notes import Note

FILE_FORMAT: Final = "base64+compressed"
_PIECE: Final = 1 << 20
# Entries are counted by their commas and colons before they become objects. Names may hold some as well, and a file
# has some between its keys.
_COMMAS_PER_ENTRY: Final = 4
_COMMAS_PER_FILE: Final = 1000
_COLONS_PER_FIX: Final = 4
_MOST_REPLACED: Final = 16 << 20  # bytes; text with more that is no UTF-8 is no text
# Half a surrogate pair, escaped: what JSON writers make of a file name that is not UTF-8.
_HALF: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|"
    rb"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)

T = TypeVar("T")


class _Fix(msgspec.Struct):
    eof: int | None = None
    lines: list[int] | None = None


class _Fixes(msgspec.Struct):
    value: dict[str, msgspec.Raw] | None = None


class _File(msgspec.Struct):
    format: str = FILE_FORMAT
    data: str | None = None


class _Name(msgspec.Struct):
    filename: str | None = None


class _Envelope(msgspec.Struct):
    coverage_files: msgspec.Raw
    network_files: msgspec.Raw = msgspec.Raw()
    report_fixes: msgspec.Raw = msgspec.Raw()
    path_fixes: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True)
class _PackedFile:
    """An entry of `coverage_files`; `name` is None as well where the entry cannot be read."""

    entry: msgspec.Raw
    name: str | None

    def read(self, max_bytes: int) -> bytes:
        return _inflate(_packed(self.entry), max_bytes)


def read_json(data: bytes, limits: Limits) -> Envelope:
    """Decode the JSON of an upload; raises EnvelopeError("bad_json" | "not_an_envelope" | "too_many_files")."""
    envelope = _read_head(data)
    entries = _files(envelope.coverage_files, limits)
    notes: list[Note] = []
    listing = read_listing(_listed(envelope.network_files, limits, notes), limits, notes)
    fixes = _read_fixes(envelope.report_fixes if _is_given(envelope.report_fixes) else envelope.path_fixes, notes)
    return Envelope(listing, fixes, [_PackedFile(entry, _name(entry)) for entry in entries], tuple(notes))


def _read_head(data: bytes) -> _Envelope:
    try:
        return _decode(data, _Envelope)
    except msgspec.ValidationError as error:
        raise EnvelopeError("not_an_envelope", str(error)) from error
    except msgspec.MsgspecError as error:
        raise EnvelopeError("bad_json", str(error)) from error


def _decode(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Decode JSON; raises MsgspecError. One name with a broken character must not cost all that stands around it."""
    try:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            mended = _HALF.sub(_mend, _as_utf8(memoryview(data)))
            if mended == memoryview(data):
                raise
            return msgspec.json.decode(mended, type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error


def _as_utf8(data: memoryview) -> bytearray:
    """Replace what is no UTF-8, piece by piece: as one text a large upload might take four times its size."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    mended = bytearray()
    for start in range(0, len(data), _PIECE):
        mended += decoder.decode(data[start : start + _PIECE], start + _PIECE >= len(data)).encode()
        if len(mended) > start + _PIECE + _MOST_REPLACED:
            raise msgspec.DecodeError("most of it is not UTF-8")
    return mended


def _mend(found: re.Match[bytes]) -> bytes:
    backslashes, pair, more_backslashes = found.groups()
    return found[0] if pair is not None else (more_backslashes or backslashes or b"") + rb"\ufffd"


def _files(raw: msgspec.Raw, limits: Limits) -> list[msgspec.Raw]:
    if _has_more(b",", raw, limits.files * _COMMAS_PER_FILE):
        raise TooManyFiles(limits)
    try:
        entries = _decode(raw, list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise EnvelopeError("not_an_envelope", f"coverage_files: {error}") from error
    if len(entries) > limits.files:
        raise TooManyFiles(limits)
    return entries


def _name(entry: msgspec.Raw) -> str | None:
    with suppress(msgspec.MsgspecError):
        return _decode(entry, _Name).filename or None
    return None


def _listed(raw: msgspec.Raw, limits: Limits, notes: list[Note]) -> Iterator[str]:
    """Yield the texts in `network_files`; what else stands there is left out."""
    if not _is_given(raw):
        return
    if _has_more(b",", raw, limits.listing_entries * _COMMAS_PER_ENTRY):
        notes.append(
            {"reason": "listing_cut", "detail": f"far more than {limits.listing_entries} entries: none is used"}
        )
        return
    try:
        entries = _decode(raw, list[msgspec.Raw])
    except msgspec.MsgspecError as error:
        notes.append({"reason": "bad_listing", "detail": str(error)})
        return
    for entry in entries:
        with suppress(msgspec.MsgspecError):
            yield _decode(entry, str)


def _is_given(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:5]) not in (b"", b"null")


def _has_more(mark: bytes, raw: msgspec.Raw, most: int) -> bool:
    return sum(1 for _ in islice(re.finditer(mark, memoryview(raw)), most + 1)) > most


def _read_fixes(raw: msgspec.Raw, notes: list[Note]) -> dict[str, IgnoredLines]:
    """Read the lines to ignore; an entry that makes no sense is left out with a note."""
    if len(raw) > MAX_FIXES:
        notes.append({"reason": "bad_report_fixes", "detail": f"{len(raw)} bytes, limit {MAX_FIXES}"})
        return {}
    if _has_more(b":", raw, MAX_FILES * _COLONS_PER_FIX):
        notes.append({"reason": "bad_report_fixes", "detail": f"far more than {MAX_FILES} files: none is used"})
        return {}
    fixes: dict[str, IgnoredLines] = {}
    values: Mapping[str, msgspec.Raw] = {}
    problem: Exception | None = None
    try:
        values = (_decode(raw, _Fixes).value if _is_given(raw) else None) or {}
    except msgspec.MsgspecError as error:
        problem = error
    for path, entry in values.items():
        try:
            fixes[path] = _ignored(_decode(entry, _Fix))
        except msgspec.MsgspecError as error:
            problem = problem or error
    if problem is not None:
        notes.append({"reason": "bad_report_fixes", "detail": str(problem)})
    return fixes


def _ignored(fix: _Fix) -> IgnoredLines:
    """Keep the numbers that a line can have; an end of file before the first line is none."""
    eof = fix.eof if fix.eof is not None and 0 < fix.eof <= LAST_LINE else None
    return IgnoredLines(frozenset(line for line in fix.lines or () if 0 < line <= LAST_LINE), eof)


def _packed(entry: msgspec.Raw) -> bytes:
    """Undo the base64 of an entry; the text it stands in is gone afterwards, because the two are large."""
    try:
        file = _decode(entry, _File)
    except msgspec.MsgspecError as error:
        raise FileError("bad_entry", str(error)) from error
    if file.format != FILE_FORMAT:
        raise FileError("unknown_packing", f"format {file.format[:40]!r}, expected {FILE_FORMAT!r}")
    try:
        return binascii.a2b_base64(file.data or "", strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise FileError("bad_base64", str(error)) from error


def _inflate(packed: bytes, max_bytes: int) -> bytes:
    if not packed:
        return b""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise FileError("bad_zlib", str(error)) from error
    if len(content) > max_bytes:
        raise FileError("too_large", f"more than {max_bytes} bytes when inflated")
    if not stream.eof:
        raise FileError("bad_zlib", "the compressed stream ends early")
    return content


def pack(content: bytes) -> str:
    """Return file content in the packing of the envelope."""
    return b64encode(zlib.compress(content, 6)).decode("ascii")


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
