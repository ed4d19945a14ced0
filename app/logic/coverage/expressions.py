"""Regular expressions of strangers, on an engine of linear time."""

from typing import Any, Final

import re2  # type: ignore[import-untyped]  # google-re2 comes without type information

_MEMORY: Final = 16 * 2**20  # bytes that one compiled expression may take


class PatternInvalid(ValueError):
    """A pattern is no regular expression of RE2, which knows neither look-around nor back references."""


def compile_expression(pattern: str, *, ignore_case: bool = False) -> Any:
    """Return the compiled expression, whose `match` looks at the start of a text; groups are not captured.

    `.` matches a line feed too, which a path may contain. Raises PatternInvalid.

    Source of the syntax: https://github.com/google/re2/wiki/Syntax.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    options.dot_nl = True
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternInvalid(f"{pattern[:200]!r}: {_reason(error)}") from error
    except UnicodeEncodeError as error:
        raise PatternInvalid(f"{pattern[:200]!r}: not a text of Unicode characters") from error


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
