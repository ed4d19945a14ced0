"""Paths as tools write them, in one spelling: `/` between segments, nothing above the top."""

import re
from typing import Final

MAX_PATH: Final = 4096  # characters; as long as paths of common file systems, longer text is none

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


def normalise(path: str) -> str:
    """Return the path with `/` separators and without root, empty, `.` and `..` segments; empty if nothing is left.

    `..` takes the segment before it away, and nothing at the top. A drive letter stays.
    """
    segments: list[str] = []
    for segment in path.replace("\\", "/").split("/"):
        if segment in ("", "."):
            continue
        if segment != "..":
            segments.append(segment)
        elif segments:
            segments.pop()
    return "/".join(segments)


def is_usable(path: str) -> bool:
    """Say whether a text can be a path: no NUL character, not too long."""
    return "\x00" not in path and len(path) <= MAX_PATH


def is_absolute(path: str) -> bool:
    """Say whether a path starts at the root of a file system, of POSIX or of Windows."""
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None


def report_folder(name: str | None) -> str:
    """Return the directory of a coverage file's name, by Windows rules if it starts with a drive letter."""
    if not name:
        return ""
    if _DRIVE.match(name):
        name = name.replace("\\", "/")
    return name.rpartition("/")[0]
