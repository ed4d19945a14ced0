"""What the repository's configuration says about one flag."""

from collections.abc import Mapping
from typing import Any


def flag_rules(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the rules of a flag: its own entry in `flags` as it is, else the default rules with its own laid over.

    An empty entry in `flags` counts as one. No rule at all gives an empty mapping.
    """
    own = (config.get("flags") or {}).get(name)
    if own is not None:
        rules: Mapping[str, Any] = own
        return rules
    management = config.get("flag_management") or {}
    individual: Mapping[str, Any] = next(
        (flag for flag in management.get("individual_flags") or () if flag.get("name") == name), {}
    )
    return {**(management.get("default_rules") or {}), **individual}
