"""The parts a schema is built of: each takes a value and its place, and returns the value in its normal form.

A check raises Refused for the value itself; lists and mappings collect what their parts refuse and go on, so that all
problems are found at once.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from app.logic.repository_yaml.problems import Problem

MAX_ENTRIES: Final = 1000  # of a list
MAX_NAME: Final = 1024  # characters of a key that users choose
_SHOWN: Final = 80  # characters of a wrong value that are repeated to its author
_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "list": list,
    "mapping": dict,
}


class Refused(ValueError):
    """A value cannot be used; the text tells its author why."""


class Absent:
    """The result of an empty section, as if its key were not there."""


ABSENT: Final = Absent()


@dataclass(slots=True)
class Findings:
    """Everything noticed in one configuration, and its patterns so far with what became of them."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    patterns: dict[tuple[Callable[[str], str | None], str], str | Refused | None] = field(default_factory=dict)
    counted_patterns: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands."""

    findings: Findings
    path: tuple[str | int, ...] = ()

    def below(self, step: str | int) -> "Place":
        """Return the place of an entry, by its key or index."""
        return Place(self.findings, (*self.path, step))

    def refuse(self, message: str) -> None:
        self.findings.errors.append({"path": list(self.path), "message": message})

    def warn(self, message: str) -> None:
        self.findings.warnings.append({"path": list(self.path), "message": message})

    def normal(self, check: "Check", value: Any) -> Any:
        """Return the normal form of the value that stands here, ABSENT if there is none or it was refused."""
        try:
            return check(value, self)
        except Refused as refusal:
            self.refuse(str(refusal))
            return ABSENT


Check = Callable[[Any, Place], Any]


def shown(value: Any) -> str:
    """Return a scalar as it is written in YAML, cut to a length that fits into a sentence."""
    text = str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def typed(value: Any, *kinds: str) -> Any:
    """Return a value of one of the kinds, which are strict: neither `"2"` nor `true` is an integer."""
    if value is None:
        raise Refused("null value not allowed")
    for kind in kinds:
        if isinstance(value, _KINDS[kind]) and (kind == "boolean") == isinstance(value, bool):
            return value
    wanted = f"must be one of types {', '.join(kinds)}" if len(kinds) > 1 else f"must be of {kinds[0]} type"
    if kinds == ("string",) and isinstance(value, bool | int | float):
        wanted += f"; put {shown(value)} in quotes"
    raise Refused(wanted)


def leaf(coerce: Callable[[Any], Any]) -> Check:
    """A value that a function of its own brings into its normal form."""
    return lambda value, _: coerce(value)


def text(pattern: str = r".*", problem: str = "") -> Check:
    """A string that matches a pattern as a whole."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any, _: Place) -> str:
        if not compiled.fullmatch(typed(value, "string")):
            raise Refused(problem)
        return str(value)

    return check


def boolean(value: Any, _: Place) -> Any:
    return typed(value, "boolean")


def integer(low: int, high: int | None = None) -> Check:
    """A whole number, both bounds included."""

    def check(value: Any, _: Place) -> Any:
        if typed(value, "integer") < low:
            raise Refused(f"min value is {low}")
        if high is not None and value > high:
            raise Refused(f"max value is {high}")
        return value

    return check


def one_of(*allowed: str | bool) -> Check:
    """One of some strings and booleans."""
    kinds = [kind for kind in ("boolean", "string") if any(isinstance(value, _KINDS[kind]) for value in allowed)]

    def check(value: Any, _: Place) -> Any:
        if typed(value, *kinds) not in allowed:
            raise Refused(f"unallowed value {shown(value)}; allowed: {', '.join(map(shown, allowed))}")
        return value

    return check


def nullable(check: Check) -> Check:
    """A value that null may replace; null stays, and so erases what a lower layer says."""
    return lambda value, place: None if value is None else check(value, place)


def switch(check: Check, kind: str = "mapping") -> Check:
    """A boolean, or a value of another kind that `check` takes; it also decides on null."""

    def check_either(value: Any, place: Place) -> Any:
        if value is not None and isinstance(typed(value, "boolean", kind), bool):
            return value
        return check(value, place)

    return check_either


def items(check: Check) -> Check:
    """A list, each entry in its normal form; an entry without any content (null) is refused."""

    def check_entry(value: Any, place: Place) -> Any:
        normal = check(value, place)
        return typed(value, "mapping") if normal is ABSENT else normal

    def check_list(value: Any, place: Place) -> list[Any]:
        if len(typed(value, "list")) > MAX_ENTRIES:
            raise Refused(f"more than {MAX_ENTRIES} entries")
        found = [place.below(index).normal(check_entry, entry) for index, entry in enumerate(value)]
        return [entry for entry in found if entry is not ABSENT]

    return check_list


def mapping(fields: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """A mapping with known keys; without any content (null) it is as if it were not there."""

    def check_field(key: Any, value: Any, place: Place) -> Any:
        if key not in fields:
            raise Refused("unknown field")
        return fields[key](value, place)

    def check_mapping(value: Any, place: Place) -> Any:
        found = _entries(value, place, check_field)
        for key in required:
            if found is not ABSENT and key not in value:
                place.below(key).refuse("required field")
        return found

    return check_mapping


def named(check: Check, pattern: str = r".*", problem: str = "") -> Check:
    """A mapping whose keys users choose, within a pattern; without any content it is as if it were not there."""
    compiled = re.compile(pattern, re.DOTALL)

    def check_entry(key: Any, value: Any, place: Place) -> Any:
        if not isinstance(key, str):
            raise Refused(f"a name must be of string type; put {shown(key)} in quotes")
        if not 0 < len(key) <= MAX_NAME:
            raise Refused(f"a name has 1 to {MAX_NAME} characters")
        if not compiled.fullmatch(key):
            raise Refused(problem)
        return check(value, place)

    return lambda value, place: _entries(value, place, check_entry)


def _entries(value: Any, place: Place, check_entry: Callable[[Any, Any, Place], Any]) -> Any:
    """Return the normal form of a mapping, given what takes a key, its value and its place."""
    if value is None:
        return ABSENT
    found = {}
    for key, entry in typed(value, "mapping").items():
        inner = place.below(key if isinstance(key, str) else shown(key))
        normal = inner.normal(partial(check_entry, key), entry)
        if normal is not ABSENT:
            found[key] = normal
    return found


def anything(value: Any, place: Place) -> Any:
    """Whatever JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("must be a finite number")
    if value is None:
        return None
    kind = typed(value, "mapping", "list", "string", "boolean", "number")
    if isinstance(kind, dict):
        return named(anything)(value, place)
    return items(anything)(value, place) if isinstance(kind, list) else value


def ignored(check: Check, reason: str = "accepted, but nothing reads this key") -> Check:
    """A key that old files have; it must be right, and its author learns that it does nothing."""

    def check_ignored(value: Any, place: Place) -> Any:
        place.warn(reason)
        return check(value, place)

    return check_ignored
