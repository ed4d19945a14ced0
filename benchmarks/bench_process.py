"""What a process costs before it does anything."""

import subprocess
import sys
from collections.abc import Iterator
from math import nan

from benchmarks.measure import Row

IDLE_MUST_MB = 90
# The actors are what `dramatiq app.actors` loads; the parsers come with them.
_IDLE = """
from app import runtime
runtime.configure_offline()
import app.actors
from app.helpers.memory import rss_bytes, trim
trim()
print(rss_bytes())
"""


def rows(scale: float) -> Iterator[Row]:
    """Measure the idle worker; `scale` does not matter to it."""
    child = subprocess.run([sys.executable, "-c", _IDLE], capture_output=True, text=True, timeout=120, check=True)
    peak = int(child.stdout) / 1e6
    yield Row("idle worker process, all imports", nan, "", nan, nan, peak, IDLE_MUST_MB)
