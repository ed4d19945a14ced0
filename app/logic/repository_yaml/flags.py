"""The rules of flags in a normalised configuration."""

from collections.abc import Mapping
from typing import Any


def flag_rules(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the configuration of a flag; empty if there is none.

    An entry in `flags` is all there is, even an empty one. Else the entry of that name in
    `flag_management.individual_flags` replaces keys of `flag_management.default_rules`. Never raises.
    """
    legacy = _mapping(config.get("flags")).get(name)
    if legacy is not None:
        return _mapping(legacy)
    management = _mapping(config.get("flag_management"))
    individual = management.get("individual_flags")
    entries = [_mapping(entry) for entry in individual] if isinstance(individual, list) else []
    own = next((entry for entry in entries if entry.get("name") == name), {})
    return {**_mapping(management.get("default_rules")), **own}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
