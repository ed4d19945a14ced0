"""What a process costs before it does anything."""

import math
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Row

IDLE_MUST_MB = 90
# The actors are what `dramatiq app.actors` loads; the parsers come with them.
_IDLE = "import app.actors; from app.helpers.memory import rss_bytes, trim; trim(); print(rss_bytes())"


def rows(scale: float) -> Iterator[Row]:
    """Measure the idle worker; `scale` does not matter to it."""
    child = subprocess.run([sys.executable, "-c", _IDLE], capture_output=True, text=True, timeout=120, check=False)
    peak = int(child.stdout) / 1e6 if child.returncode == 0 else math.nan
    yield Row("idle worker process, all imports", math.nan, "", math.nan, math.nan, peak, IDLE_MUST_MB)
