"""coverage-worker: the background service of a self-hosted code-coverage platform."""

from importlib.metadata import version
from pathlib import Path

_VERSION_FILE = Path(__file__).resolve().parents[1] / "VERSION"

# A source checkout answers from the VERSION file itself: installed metadata may be older than the file.
__version__ = _VERSION_FILE.read_text().strip() if _VERSION_FILE.is_file() else version("coverage-worker")
