"""Read the date of a test run as the tools write it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNIX: Final = re.compile(r"(\d{10})(\.\d*)?|(\d{13,18})")
_DATE: Final = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})(.*)", re.DOTALL)
# The host of an unknown time zone may be this far behind: a date without zone is given the benefit of the doubt.
_ZONE_TOLERANCE: Final = timedelta(hours=14)


def unix_time(text: str | None) -> float | None:
    """Seconds since 1970 of a date; None where the text is no date.

    Accepts Unix seconds (10 digits), milliseconds (13 digits or more), ISO 8601, MM/DD/YYYY and DD-MM-YYYY, the last
    two with or without a time. A date without time zone is taken as the latest moment it may mean.
    """
    text = (text or "").strip()
    unix = _UNIX.fullmatch(text)
    if unix is not None:
        return float(int(text) // 1000) if unix[3] else float(text)
    date = _DATE.fullmatch(text)
    if date is not None:
        first, separator, second, year, time = date.groups()
        month, day = (first, second) if separator == "/" else (second, first)
        text = f"{year}-{month:0>2}-{day:0>2}{time}"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) + _ZONE_TOLERANCE
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
