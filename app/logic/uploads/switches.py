"""The `parsers` section of a repository's configuration, as the parsers want it."""

from collections.abc import Mapping
from typing import Any


def format_switches(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the dotted names below `parsers` that are true, e.g. `jacoco.partials_as_hits`."""
    switches = set()
    open_levels: list[tuple[str, Any]] = [("", config.get("parsers"))]
    while open_levels:
        prefix, level = open_levels.pop()
        if level is True:
            switches.add(prefix)
        elif isinstance(level, Mapping):
            open_levels += [(f"{prefix}.{key}" if prefix else str(key), value) for key, value in level.items()]
    return frozenset(switches - {""})
