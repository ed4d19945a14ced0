"""Directories that hold installed dependencies, not sources of the repository."""

import re
from typing import Final

DEPENDENCY_FOLDERS: Final = frozenset(
    {"site-packages", "dist-packages", "node_modules", "bower_components", "vendor"},
)
# A virtualenv of Python, with what people append to tell several apart; in lower case, in a syntax of re and of RE2.
VIRTUALENV: Final = r"(?:\.?env|envs|\.?venv|venvs|virtualenv)(?:-[^/]+)?"

_VIRTUALENV: Final = re.compile(VIRTUALENV)


def is_dependency_folder(name: str) -> bool:
    """Say whether a directory of this name, in lower case, holds dependencies."""
    return name in DEPENDENCY_FOLDERS or _VIRTUALENV.fullmatch(name) is not None
