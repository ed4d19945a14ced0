"""What every form of the raw upload comes to: file list, lines to ignore, environment, and coverage files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.limits import Limits
from app.logic.uploads.notes import Note
from app.logic.uploads.paths.listing_entries import clean_entry

MAX_ENTRY: Final = 16 << 10  # bytes of a path in the file list; git may spell each byte of a name with four
MAX_FIXES: Final = 64 << 20  # bytes of lines to ignore: line numbers take many times as much memory
_BLANKS: Final = re.compile(rb"[ \t\n\v\f\r]*+")
_TAIL: Final = 4096


class EnvelopeError(Exception):
    """The envelope as a whole cannot be read; `reason` is a stable word, `detail` says where."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class TooManyFiles(EnvelopeError):
    """There are more coverage files than one upload may have."""

    def __init__(self, limits: Limits) -> None:
        super().__init__("too_many_files", f"more than the limit of {limits.files} files")


class FileError(Exception):
    """One coverage file of the envelope cannot be unpacked."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class CoverageFile(Protocol):
    """One coverage file of an envelope, packed until it is read."""

    @property
    def name(self) -> str | None:
        """Path of the file where it was made, if the uploader says it."""

    def read(self, max_bytes: int) -> bytes:
        """Return the contents; raises FileError, also when they grow beyond the limit."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded envelope. Files stay packed until they are read: they are never all in memory at once.

    `fixes` is by path as the uploader wrote it; `env` is None where the form has no place for it.
    """

    listing: tuple[str, ...]
    fixes: Mapping[str, IgnoredLines]
    files: Sequence[CoverageFile]
    notes: tuple[Note, ...]
    env: Mapping[str, str] | None = None


def read_listing(entries: Iterable[str], limits: Limits, notes: list[Note]) -> tuple[str, ...]:
    """Return the paths of a file list, as far as the limit goes; entries that are no path are left out."""
    listing = []
    for number, entry in enumerate(entries):
        if number == limits.listing_entries:
            notes.append({"reason": "listing_cut", "detail": f"only the first {number} entries are used"})
            break
        if len(entry) <= MAX_ENTRY and (path := clean_entry(entry)):
            listing.append(path)
    return tuple(listing)


def stripped(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return the part of data[start:stop] without ASCII blanks around it, as start and stop: nothing is copied."""
    blanks = _BLANKS.match(data, start, stop)
    start = blanks.end() if blanks else start
    while stop > start:
        tail = data[max(start, stop - _TAIL) : stop]
        kept = len(tail.rstrip())
        stop -= len(tail) - kept
        if kept:
            break
    return start, stop
