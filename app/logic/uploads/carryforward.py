"""What of an earlier commit's report is carried to a later one, and under which names: pure rules.

Meaning and examples: docs/carryforward.md.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.logic.coverage.filters import PathFilter
from app.logic.repository_yaml.flags import flag_rules

_NAMED = re.compile(r"CF\[(\d{1,6})\] - (.*)", re.DOTALL)
_OLD_STYLE = re.compile(r"((?:CF )+)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Carry:
    """What is carried: `flags`, sorted, of some `sessions`, the files that pass `paths`."""

    flags: tuple[str, ...]
    sessions: frozenset[int]
    paths: PathFilter


def is_enabled(config: Mapping[str, Any]) -> bool:
    """Say whether the configuration wants any flag to be carried."""
    individual = (config.get("flag_management") or {}).get("individual_flags") or ()
    # No flag is called "": it stands for all that have no rules of their own.
    names = {"", *(config.get("flags") or ()), *(entry.get("name") for entry in individual)}
    return any(is_carried(config, name) for name in names)


def choose_carried(config: Mapping[str, Any], sessions: Mapping[int, Collection[str]]) -> Carry:
    """Choose among the sessions of a report, given the flags of each by its number.

    A session goes along if one of its flags is carried. Only the files that the `paths` of the carried flags name
    count, and all files as soon as one of these flags has no `paths`. Raises PatternInvalid.
    """
    flags = sorted({flag for names in sessions.values() for flag in names if is_carried(config, flag)})
    kept = frozenset(number for number, names in sessions.items() if not set(flags).isdisjoint(names))
    return Carry(tuple(flags), kept, PathFilter(_paths(config, flags)))


def is_carried(config: Mapping[str, Any], flag: str) -> bool:
    """Say whether a flag keeps the coverage of the parent where it is not uploaded."""
    return bool(flag_rules(config, flag).get("carryforward"))


def carried_name(name: str | None) -> str:
    """Return the name of a session that is carried once more; it tells how often it was."""
    if not name:
        return "Carriedforward"
    if named := _NAMED.fullmatch(name):
        return f"CF[{int(named[1]) + 1}] - {named[2]}"
    if old := _OLD_STYLE.fullmatch(name):
        return f"CF[{old[1].count('CF ') + 1}] - {old[2]}"
    return f"CF[1] - {name}"


def _paths(config: Mapping[str, Any], flags: Sequence[str]) -> list[str]:
    """Return the patterns of all flags together; none, which means all files, if one of them has none."""
    patterns = [flag_rules(config, flag).get("paths") or () for flag in flags]
    return [pattern for some in patterns for pattern in some] if all(patterns) else []
