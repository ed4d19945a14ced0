"""Values people may write in several ways, each brought into the one form that is stored.

Every function takes the value as YAML gives it and raises Refused.
"""

import re
from datetime import datetime
from typing import Any, Final

from app.logic.repository_yaml.checks import Refused, shown, typed

_PERCENT: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(?: ?%)?")
_RANGE: Final = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*\.{2,3}\s*(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)")
_SIZE: Final = re.compile(r"([0-9]{1,15})\s*(b|bytes|kb|mb|gb)", re.IGNORECASE)
_SIZE_UNITS: Final = {"b": 1, "bytes": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_LAYOUT_NAME: Final = re.compile(
    "changes|components?|diff|feedback|files?|flags?|footer|header|reach|sunburst|tree"
    "|condensed_(?:files|footer|header)"
    "|betaprofiling|new(?:files|footer|header)|suggestions|uncovered"  # of old, without effect
)
_LAYOUT_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_CONDITIONS: Final = {"any_change": 1, "coverage_drop": 2, "uncovered_patch": 4}
_UNITS: Final = r"s|seconds?|m|minutes?|h|hours?|d|days?|w|weeks?"
_AGE: Final = re.compile(rf"[0-9]{{1,9}} ?(?:{_UNITS})(?: ago)?", re.IGNORECASE)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].{1,30})?")
_NO_AGE: Final = ("0", "false", "off", "never")
_NO_DURATION: Final = "invalid duration; write seconds, a time such as 48h or 2 days, an ISO date, or off"
_MAX_NUMBER: Final = 10**15 - 1  # what PostgreSQL, JSON and a float all hold exactly
_MAX_BRANCH: Final = 1024  # characters


def percent(value: Any) -> float:
    """`80`, `"80"`, `"80.5 %"` -> 80.0, 80.0, 80.5; no upper bound."""
    if isinstance(typed(value, "number", "string"), str):
        match = _PERCENT.fullmatch(value.strip())
        if match is None:
            raise Refused(f"{shown(value)} should be a number")
        return float(match[1])
    return float(_bounded(value))


def percent_or_auto(value: Any) -> float | str:
    """A percentage, or `auto`."""
    return "auto" if value == "auto" else percent(value)


def percent_range(value: Any) -> list[float]:
    """`60..80`, `60...80` or a list of two numbers in any order -> [lower, upper], both from 0 to 100."""
    if isinstance(typed(value, "string", "list"), str):
        match = _RANGE.fullmatch(value.strip())
        if match is None:
            raise Refused("must be two numbers such as 60..80")
        bounds = [float(match[1]), float(match[2])]
    else:
        bounds = sorted(typed(bound, "number") for bound in value)
        if len(bounds) != 2:
            raise Refused("must have two numbers")
    for name, bound in zip(("lower", "upper"), bounds, strict=True):
        if not 0 <= bound <= 100:
            raise Refused(f"{name} bound {shown(bound).removesuffix('.0')} must be between 0 and 100")
    if bounds[0] > bounds[1]:
        raise Refused(f"lower bound {bounds[0]:g} is above the upper bound {bounds[1]:g}")
    return [float(bound) for bound in bounds]


def layout(value: Any) -> str:
    """Sections of the comment, separated by commas, each with an optional `:number`; unchanged."""
    unknown = set()
    for item in filter(None, map(str.strip, typed(value, "string").split(","))):
        name, colon, number = item.partition(":")
        if not _LAYOUT_NAME.fullmatch(name.strip()):
            unknown.add(name.strip())
        elif colon and not _LAYOUT_NUMBER.fullmatch(number.strip()):
            raise Refused(f"Improper pattern for value on layout: {shown(item)}")
    if unknown:
        raise Refused(f"Unexpected values on layout: {shown(','.join(sorted(unknown)))}")
    return str(value)


def byte_size(value: Any) -> int:
    """Bytes as an integer, or an integer with a unit: `500kb` -> 500000."""
    if isinstance(typed(value, "integer", "string"), str):
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            raise Refused("must be bytes as an integer, or an integer with b, kb, mb or gb")
        return int(match[1]) * _SIZE_UNITS[match[2].lower()]
    return int(_bounded(value))


def bundle_threshold(value: Any) -> list[str | float]:
    """An integer or a size -> ["absolute", bytes]; a float or `5%` -> ["percentage", 5.0]."""
    if isinstance(typed(value, "number", "string"), float) or (isinstance(value, str) and "%" in value):
        return ["percentage", percent(value)]
    return ["absolute", byte_size(value)]


def require_changes(value: Any) -> list[int]:
    """When the first comment is written: bit sets of which every one must be met by one of its bits.

    `false` -> [0], `true` -> [1]; names joined by `or`, which binds tighter, and by `and`.
    """
    if isinstance(typed(value, "boolean", "string"), bool):
        return [int(value)]
    sets = [group.split(" or ") for group in " ".join(value.lower().split()).split(" and ")]
    for name in (name for group in sets for name in group):
        if name not in _CONDITIONS:
            raise Refused(f"{shown(name)!r} is none of {', '.join(_CONDITIONS)}, joined by AND and OR")
    return [sum({_CONDITIONS[name] for name in group}) for group in sets]


def max_age(value: Any) -> bool | int | str:
    """How old a report may be, unchanged: a switch, seconds, `48h`, `2 days ago`, or an ISO 8601 date or time."""
    kept: bool | int | str = typed(value, "boolean", "integer", "string")
    if isinstance(kept, str):
        text = kept.strip()
        if not (text.lower() in _NO_AGE or _AGE.fullmatch(text) or _is_time(text)):
            raise Refused(_NO_DURATION)
    elif not 0 <= kept <= _MAX_NUMBER:
        raise Refused(_NO_DURATION)
    return kept


def branch_name(value: Any) -> str:
    """The name of a branch, without `origin/` or `refs/heads/` before it."""
    name: str = typed(value, "string")
    name = name.strip().removeprefix("origin/").removeprefix("refs/heads/")
    if not name or len(name) > _MAX_BRANCH:
        raise Refused(f"a branch name has 1 to {_MAX_BRANCH} characters")
    return name


def _bounded(value: float) -> float:
    if value < 0:
        raise Refused("min value is 0")
    if not value <= _MAX_NUMBER:
        raise Refused(f"max value is {_MAX_NUMBER}")
    return value


def _is_time(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
