"""Memory of this process: what it holds, and giving freed memory back to the system."""

import ctypes
import gc
import os
from functools import cache
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")


def rss_bytes() -> int:
    """Resident memory of this process in bytes; 0 where the system does not tell (not Linux)."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def trim() -> None:
    """Give freed memory back to the system after a big job; does nothing where the C library has no `malloc_trim`."""
    gc.collect()
    if (function := _malloc_trim()) is not None:
        function(0)


@cache
def _malloc_trim() -> "ctypes._NamedFuncPointer | None":
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
