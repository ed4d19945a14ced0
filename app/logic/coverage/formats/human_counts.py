"""Text made for people: counts scaled such as 1.2k, and colours."""

import re
from typing import Final

_HUMAN: Final = re.compile(rb"(\d{1,18})(?:\.(\d{1,6})\d*)?([kKmMgGtT]?)E?")
_ANSI: Final = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_SCALE: Final = {b"": 1, b"k": 1_000, b"m": 1_000_000, b"g": 1_000_000_000, b"t": 1_000_000_000_000}
_MILLIONTHS: Final = 6


def human_count(field: bytes) -> int | None:
    """Return the whole part of a count without surrounding blanks: `12`, `1.2k`, `3.4M`; None if it is none."""
    if field.isdigit() and len(field) <= 18:
        return int(field)
    match = _HUMAN.fullmatch(field)
    if match is None:
        return None
    whole, fraction, unit = match.groups()
    millionths = int((fraction or b"").ljust(_MILLIONTHS, b"0"))
    scale = _SCALE[unit.lower()]
    return int(whole) * scale + millionths * scale // 10**_MILLIONTHS


def without_colours(data: bytes) -> bytes:
    """Return the text without ANSI escape sequences."""
    return _ANSI.sub(b"", data) if b"\x1b" in data else data
