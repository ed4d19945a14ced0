"""Bounds of one upload."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one upload; beyond them a stored error or a note says what was left out."""

    stored_bytes: int = 256 << 20
    raw_bytes: int = 1 << 30
    file_bytes: int = 512 << 20
    files: int = 20_000
    listing_entries: int = 2_000_000
    source_lines: int = 1_000_000
