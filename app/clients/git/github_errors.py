"""How GitHub says no: answers turned into the errors of the Git clients, rate limits first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from app.clients.git.base import (
    ClientError,
    Forbidden,
    GitError,
    ObjectNotFound,
    ServerError,
    Unauthorized,
)
from app.clients.http import Answer, Method

_LONGEST_LIMIT: Final = timedelta(hours=2)  # a bogus reset header must not block a credential for years
_UNNAMED_LIMIT: Final = timedelta(seconds=60)  # GitHub asks for at least a minute when it names no time
_MESSAGE_LENGTH: Final = 200
_ERRORS: Final[Mapping[int, type[GitError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: ObjectNotFound,
    410: ObjectNotFound,
}


def rate_limit_end(answer: Answer, now: datetime) -> datetime | None:
    """Return when requests are allowed again; None = the answer is no rate limit.

    Source: GitHub REST API, "Rate limits for the REST API", "Exceeding the rate limit".
    """
    if answer.status not in (403, 429):
        return None
    end = _retry_after(answer.headers.get("Retry-After"), now)
    if end is None and answer.headers.get("X-RateLimit-Remaining", "").strip() == "0":
        end = _epoch(answer.headers.get("X-RateLimit-Reset")) or now + _UNNAMED_LIMIT
    if end is None and (answer.status == 429 or "secondary rate limit" in message_of(answer).lower()):
        end = now + _UNNAMED_LIMIT
    if end is None:
        return None
    return min(max(end, now + timedelta(seconds=1)), now + _LONGEST_LIMIT)


def error_of(answer: Answer, method: Method, endpoint: str) -> GitError | None:
    """Return the error an answer (that is no rate limit) stands for; None = success."""
    status = answer.status
    if 200 <= status < 300:
        return None
    text = f"github {endpoint}: {status} {message_of(answer)}".rstrip()
    if status in (409, 422) and _names_nothing(answer, method):
        return ObjectNotFound(text)
    return _ERRORS.get(status, ServerError if status >= 500 else ClientError)(text)


def message_of(answer: Answer) -> str:
    """Return GitHub's own words, trimmed; "" when the body is not GitHub's (an HTML page of a proxy)."""
    try:
        payload = answer.json()
    except ValueError:
        return ""
    message = payload.get("message") if isinstance(payload, dict) else None
    return message[:_MESSAGE_LENGTH] if isinstance(message, str) else ""


def _names_nothing(answer: Answer, method: Method) -> bool:
    """Tell a 422 or 409 for an unknown commit (or an empty repository) from one for a refused change."""
    return method == "GET" or message_of(answer).startswith("No commit found")


def _retry_after(value: str | None, now: datetime) -> datetime | None:
    """Read seconds or an HTTP date (RFC 9110, section 10.2.3)."""
    if not value:
        return None
    if value.strip().isdecimal():
        return now + min(timedelta(seconds=int(value[:9])), _LONGEST_LIMIT)
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _epoch(value: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(value or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None
