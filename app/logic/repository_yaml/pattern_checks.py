"""The part of the schema that is about patterns: of paths, of branches, and plain regular expressions.

To compile one expression takes up to a quarter of a second if it repeats counted pieces, so each is compiled once a
configuration however often aliases repeat it, and the number of costly ones is limited.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from app.logic.coverage.expressions import PatternInvalid, compile_expression
from app.logic.repository_yaml.checks import Check, Findings, Place, Refused, items, nullable, typed
from app.logic.repository_yaml.patterns import PatternError, branch_pattern, path_fix, path_pattern

MAX_COUNTED: Final = 100  # different patterns with a counted repetition in one configuration
_COUNTED: Final = re.compile(r"\{[0-9]")

Translate = Callable[[str], str | None]


def pattern(translate: Translate) -> Check:
    """A pattern in the language of the configuration, stored as a regular expression."""

    def check(value: Any, place: Place) -> str | None:
        text: str = typed(value, "string")
        known = place.findings.patterns
        if (translate, text) not in known:
            known[translate, text] = _attempt(translate, text, place.findings)
        result = known[translate, text]
        if isinstance(result, Refused):
            raise Refused(str(result))
        return result

    return check


def _attempt(translate: Translate, text: str, findings: Findings) -> str | Refused | None:
    if _COUNTED.search(text):
        findings.counted_patterns += 1
        if findings.counted_patterns > MAX_COUNTED:
            return Refused(f"more than {MAX_COUNTED} patterns with a counted repetition such as {{2,5}}")
    try:
        return translate(text)
    except PatternError as error:
        return Refused(str(error))


def _regular_expression(text: str) -> str:
    try:
        compile_expression(text)
    except PatternInvalid as error:
        raise PatternError(f"not a regular expression: {error}") from error
    return text


path_patterns: Final = nullable(items(pattern(path_pattern)))
branch_patterns: Final = nullable(items(nullable(pattern(branch_pattern))))
regular_expressions: Final = nullable(items(pattern(_regular_expression)))
path_fixes: Final = items(pattern(path_fix))
