"""From the path a coverage tool wrote to the path of the repository."""

import re
from collections.abc import Sequence

from app.logic.uploads.listing import Listing

_DRIVE = re.compile(r"^[A-Za-z]:")
MAX_PATH = 4096  # bytes of a path on common file systems; longer text is no path


def normalise(path: str) -> str:
    """Return the path with `/` separators and without drive, root, `.` and `..` segments; empty if nothing is left."""
    segments: list[str] = []
    for segment in _DRIVE.sub("", path.replace("\\", "/")).split("/"):
        if segment in ("", "."):
            continue
        if segment != "..":
            segments.append(segment)
        elif segments:
            segments.pop()
    return "/".join(segments)


def is_rooted(path: str) -> bool:
    """Say whether a path starts at a known root: `/`, a drive letter, or a host as in Go import paths."""
    return path.startswith(("/", "\\")) or bool(_DRIVE.match(path)) or "." in path.split("/", 1)[0][1:]


class PathFixer:
    """Resolves the paths of one coverage file; what it cannot place in the repository is dropped.

    With a listing, only listed paths come out. Without one, the normalised path is taken as it is.
    """

    def __init__(self, listing: Listing | None, report_name: str | None = None) -> None:
        self._listing = listing if listing is not None and len(listing) else None
        self._report_folder = report_folder(report_name)
        self._known: dict[str, str | None] = {}

    @property
    def has_listing(self) -> bool:
        return self._listing is not None

    def resolve(self, candidates: Sequence[str], bases: Sequence[str]) -> str | None:
        """Return the repository path of the first candidate that has one; else try below each base directory."""
        for candidate in candidates:
            fixed = self._fix(candidate)
            if fixed is not None:
                return fixed
        if self._listing is not None:
            for candidate in candidates:
                if candidate.startswith(("/", "\\")) or _DRIVE.match(candidate):
                    continue
                for base in (self._report_folder, *bases):
                    fixed = self._fix(f"{base}/{candidate}") if base else None
                    if fixed is not None:
                        return fixed
        return None

    def _fix(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._place(path)
        return self._known[path]

    def _place(self, path: str) -> str | None:
        if "\x00" in path or len(path) > MAX_PATH:
            return None
        clean = normalise(path)
        if not clean:
            return None
        if self._listing is None:
            return clean
        return self._listing.resolve(clean, rooted=is_rooted(path))


def report_folder(name: str | None) -> str:
    """Return the directory of a coverage file's name, by Windows rules if it starts with a drive letter."""
    if not name:
        return ""
    if _DRIVE.match(name):
        name = name.replace("\\", "/")
    return name.rpartition("/")[0]
