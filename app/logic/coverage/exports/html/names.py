"""Names of the pages on disk."""

import hashlib
import posixpath
import re
from typing import Final

_ODD: Final = re.compile(r"[^a-z0-9._-]+")
_READABLE: Final = 40
_DIGITS: Final = 20


def page_name(path: str) -> str:
    """Return the name of the page of a file: at most 66 characters that every file system takes.

    The path itself is only hashed into it, so no path leads out of the folder and none, differing in case only, meets
    another.
    """
    readable = _ODD.sub("-", posixpath.basename(path).lower())[-_READABLE:].strip(".-_") or "file"
    digest = hashlib.sha256(path.encode()).hexdigest()[:_DIGITS]
    return f"{readable}-{digest}.html"
