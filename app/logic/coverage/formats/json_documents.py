"""Decode JSON reports piece by piece, strictly where possible and tolerantly where not."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from app.logic.coverage.formats.base import FormatError

MAX_DEPTH: Final = 200
MAX_COUNT: Final = 2**31 - 1

_T = TypeVar("_T")
# A string is matched whole, to the end if it has none, so that a constant inside it is left alone (RFC 8259 has no NaN
# and no Infinity) and no byte is looked at twice.
_STRING_OR_CONSTANT: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|-?Infinity|NaN', re.DOTALL)
_MOST_DIGITS: Final = 300  # more do not fit into a float, and thousands Python refuses to read


def decode(data: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[_T]) -> _T:
    """Decode a document, or a part of one, whose wanted parts are typed and whose rest is skipped.

    A document with NaN, Infinity or broken UTF-8 is repaired first. Raises FormatError corrupt with the place of the
    first error, or too_deep; msgspec.ValidationError when the document is JSON of another shape.
    """
    try:
        try:
            return decoder.decode(data)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = error
        repaired = repair(bytes(memoryview(data)))
        if repaired is None:
            raise corrupt(problem)
        try:
            return decoder.decode(repaired)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise corrupt(problem) from None
    except RecursionError:
        raise FormatError("too_deep", "JSON nested too deeply") from None


def corrupt(error: Exception) -> FormatError:
    return FormatError("corrupt", str(error).replace("JSON is malformed:", "broken JSON:"))


def repair(data: bytes) -> bytes | None:
    """Return the document with null for NaN and Infinity and with valid UTF-8; None if that changes nothing."""
    repaired = data
    try:
        data.decode()
    except UnicodeDecodeError:
        repaired = data.decode("utf-8", "replace").encode()
    if b"NaN" in repaired or b"Infinity" in repaired:
        repaired = _STRING_OR_CONSTANT.sub(lambda match: match[0] if match[0][:1] == b'"' else b"null", repaired)
    return None if repaired == data else repaired


def section(
    raw: msgspec.Raw | memoryview | bytes, decoder: msgspec.json.Decoder[_T], tolerant: Callable[[Any], _T]
) -> _T:
    """Decode one part of a document; when some value has an unexpected type, read it untyped through `tolerant`."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return tolerant(untyped(raw))


def untyped(raw: msgspec.Raw | memoryview | bytes) -> Any:
    """Decode a part into plain Python values; numbers out of every range become infinite, never an error."""
    try:
        return json.loads(bytes(memoryview(raw)).decode("utf-8", "replace"), parse_int=_integer)
    except RecursionError:
        raise FormatError("too_deep", "JSON nested too deeply") from None
    except ValueError as error:
        raise corrupt(error) from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def as_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def count_of(value: Any) -> int | None:
    """Return a hit count as an integer from 0 to 2**31 - 1; None if the value is not a number."""
    if type(value) is int and 0 <= value <= MAX_COUNT:  # nearly always, and there are very many of them
        return value
    number = _number(value)
    return None if number is None else int(min(max(number, 0), MAX_COUNT))


def line_of(value: Any) -> int | None:
    """Return a line number of at least 1; None if the value is no such number."""
    if type(value) is int and 1 <= value <= MAX_COUNT:
        return value
    number = _number(value)
    if number is None or not 1 <= number <= MAX_COUNT or number != int(number):
        return None
    return int(number)


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if value == value else None  # noqa: PLR0124  # not NaN; isnan cannot take integers of 400 digits
