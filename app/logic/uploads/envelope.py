"""The raw upload object, in the form that its producer chose (docs/messages.md, "Raw upload")."""

from app.logic.uploads.envelope_content import CoverageFile, Envelope, EnvelopeError, FileError, stripped
from app.logic.uploads.envelope_json import pack, read_json, write_envelope
from app.logic.uploads.envelope_text import read_text
from app.logic.uploads.limits import Limits

__all__ = [
    "JSON_VERSION",
    "CoverageFile",
    "Envelope",
    "EnvelopeError",
    "FileError",
    "Limits",
    "pack",
    "read_envelope",
    "write_envelope",
]

JSON_VERSION = "v1"


def read_envelope(data: bytes, format_version: str | None, limits: Limits) -> Envelope:
    """Read an upload: as JSON if it was announced as version 1 and looks like an object, else as text in sections.

    Raises EnvelopeError.
    """
    start, stop = stripped(data, 0, len(data))
    is_object = data[start : start + 1] == b"{" and data[stop - 1 : stop] == b"}"
    return read_json(data, limits) if format_version == JSON_VERSION and is_object else read_text(data, limits)
