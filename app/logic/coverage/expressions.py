"""Regular expressions of strangers, on an engine of linear time."""

from collections.abc import Iterable, Sequence
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


class Alternatives:
    """Many expressions as few: says whether one of them matches at the start of a text. Raises PatternInvalid."""

    def __init__(self, patterns: Iterable[str]) -> None:
        alternatives = sorted(set(patterns))
        for pattern in alternatives:
            compile_expression(pattern)  # alone first: two broken halves could make a whole
        self._expressions = _joined(alternatives) if alternatives else []

    def match(self, text: str) -> bool:
        """Say whether an expression matches; none do where there are none."""
        return any(expression.match(text) for expression in self._expressions)


def _joined(patterns: Sequence[str]) -> list[Any]:
    """Compile patterns that are valid alone; those that are too large together are halved."""
    try:
        return [compile_expression("|".join(f"(?:{pattern})" for pattern in patterns))]
    except PatternInvalid:
        if len(patterns) == 1:
            raise
        middle = len(patterns) // 2
        return [*_joined(patterns[:middle]), *_joined(patterns[middle:])]


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
