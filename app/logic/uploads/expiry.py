"""The age of report files: a stale one, left over from an earlier job, would silently show old coverage."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

DEFAULT_AGE: Final = 12 * 3600  # seconds
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WORDS: Final = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_DURATION: Final = re.compile(r"([0-9]{1,9}) ?(?:([smhdw])|(second|minute|hour|day|week)s?)(?: ago)?", re.IGNORECASE)
_END_OF_TIME: Final = 10**15  # seconds, some 30 million years
_NEVER: Final = ("false", "0", "off", "never")


@dataclass(frozen=True, slots=True)
class MaxAge:
    """How old a report file may be: `seconds` before the upload, or since `moment`, or anything if both are None."""

    seconds: int | None = None
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """The limit of one upload: files from before `cutoff` (Unix seconds; None = no limit) are too old.

    `enforced` = such a file fails the upload, because the repository asked for it; else it is only noted.
    """

    cutoff: float | None
    enforced: bool

    def is_passed(self, timestamp: float | None) -> bool:
        """Say whether a file with this time of its run is too old; without a time it is not."""
        return timestamp is not None and self.cutoff is not None and timestamp < self.cutoff


def read_max_age(value: object) -> MaxAge:
    """Read the setting `codecov.max_report_age`; raises ValueError("invalid duration").

    False, 0, `off`, `never` and null = any age; true = the default; a number = seconds; `12h`, `12 hours ago` and the
    like = a duration; a date of ISO 8601, in UTC unless it says otherwise = nothing from before it.
    """
    if isinstance(value, str):
        return _read_text(value.strip())
    if value is None or value == 0:
        return MaxAge()
    if value is True:
        return MaxAge(DEFAULT_AGE)
    if isinstance(value, int) and 0 < value < _END_OF_TIME:
        return MaxAge(value)
    raise ValueError("invalid duration")


def _read_text(text: str) -> MaxAge:
    if text.lower() in _NEVER:
        return MaxAge()
    if text.lower() == "true":
        return MaxAge(DEFAULT_AGE)
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        number, letter, word = duration.groups()
        return MaxAge(int(number) * _UNITS[letter.lower() if letter else _WORDS[word.lower()]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("invalid duration") from error
    return MaxAge(moment=moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def age_limit(config: Mapping[str, Any], created_at: datetime) -> AgeLimit:
    """Return the limit of an upload by its repository's configuration and the time it came in.

    A backlog must not make reports too old, so the time of processing plays no part. A setting that makes no sense is
    as good as none.
    """
    settings = config.get("codecov")
    try:
        enforced = isinstance(settings, Mapping) and "max_report_age" in settings
        age = read_max_age(settings["max_report_age"]) if isinstance(settings, Mapping) and enforced else None
    except ValueError:
        enforced, age = False, None
    age = age or MaxAge(DEFAULT_AGE)
    if age.moment is not None:
        return AgeLimit(age.moment.timestamp(), enforced)
    return AgeLimit(None if age.seconds is None else created_at.timestamp() - age.seconds, enforced)


def show_time(timestamp: float) -> str:
    """Return a time in Unix seconds as ISO 8601 in UTC, or as a number where the calendar ends."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return str(timestamp)
