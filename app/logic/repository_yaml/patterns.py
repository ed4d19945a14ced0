"""The pattern language of the repository configuration: what people write, as regular expressions (docs/paths.md).

A path pattern is a prefix, a glob or a regular expression, told apart by its characters. The results are stored, and
matched at the start of a path or of a branch name.
"""

import re
from typing import Final

from app.logic.coverage.expressions import PatternInvalid, compile_expression
from app.logic.coverage.filters import without_sign
from app.logic.repository_yaml.globs import glob_to_regex

MAX_PATTERN: Final = 1024  # characters

_ESCAPES: Final = {ord(char): f"\\{char}" for char in r"\.+*?()[]{}|^$"}
_REGEX_SIGNS: Final = ("\\", ".*", ".+", "]*", "]+", "|", "(?", ")?", ")+", ")*")
_BRANCH_REGEX_SIGNS: Final = ("^", "$", "\\", ".*", ".+", "[", "|", "(?")
_UNSUPPORTED: Final = re.compile(r"\(\?<?[=!]|\\[1-9]")
_STAR: Final = re.compile(r"(?<![.\])\\])\*")  # a star that does not repeat what stands before it
_WINDOWS: Final = re.compile(r"[A-Za-z]:\\")


class PatternError(ValueError):
    """A pattern that cannot be used; the text is a sentence for the author of the configuration."""


def path_pattern(text: str) -> str:
    """Return the regular expression of a path pattern, with a leading `!` if the pattern is negative.

    Globs match whole paths; prefixes and regular expressions match at the start. Raises PatternError.
    """
    text = _trimmed(text)
    body = text.lstrip("!")
    if not body:
        raise PatternError("empty pattern")
    return ("!" if body != text else "") + _path_regex(body.strip(), open_end=False)


def path_fix(text: str) -> str:
    """Return a path fix `before::after` with `before` as a regular expression that matches at the start of a path.

    `::after` puts `after` before every path, `before::` removes; `after` is literal. Raises PatternError.
    """
    before, separator, after = _trimmed(text).partition("::")
    before, after = before.strip(), after.strip()
    if not separator:
        raise PatternError("a path fix must separate before and after with ::")
    if not before and not after:
        raise PatternError("a path fix needs a text before or after ::")
    if _WINDOWS.match(before):
        before = before.replace("\\", "/")
    return f"{_path_regex(before, open_end=True) if before else ''}::{after}"


def branch_pattern(text: str | None) -> str | None:
    """Return the regular expression of a branch pattern, in which a star stands for anything; None stays None.

    A negative one starts with `^!`. Raises PatternError.
    """
    if text is None:
        return None
    if text.strip() in ("", "*", ".*"):
        return ".*"
    text = _trimmed(text)
    if text == "!":
        raise PatternError("empty pattern")
    if not _has(text, _BRANCH_REGEX_SIGNS):
        text = "*".join(part.translate(_ESCAPES) for part in text.split("*"))
    regex = _STAR.sub(".*", text)
    starts, ends = regex.startswith((".*", "^")), regex.endswith((".*", "$"))
    if "|" in regex and not (starts and ends):
        sign = "!" if regex.startswith("!") else ""
        return _checked(f"^{sign}(?:{regex.removeprefix('!')})$")
    return _checked(f"{'' if starts else '^'}{regex}{'' if ends else '$'}")


def _path_regex(text: str, *, open_end: bool) -> str:
    """Translate a pattern without its sign. `open_end` lets a glob match the beginning of a path."""
    text = _below_root(text)
    if "**" in text or "/*" in text:
        return _checked(glob_to_regex(text, open_end=open_end))
    if text.startswith("^") or text.endswith("$") or _has(text, _REGEX_SIGNS):
        if _compiles(text):
            return text
        if _UNSUPPORTED.search(text):
            raise PatternError("look-around and back references are not supported, since they can take forever")
        if _has(text, ("*", "?", "[")):
            return _checked(glob_to_regex(text, open_end=open_end))
    elif _has(text, ("*", "?", "{")):
        return _checked(glob_to_regex(text, open_end=open_end))
    elif "[" in text and "]" in text.partition("[")[2] and _compiles(text):
        return text
    return _checked("^" + text.translate(_ESCAPES))


def _trimmed(text: str) -> str:
    text = text.strip()
    if not text:
        raise PatternError("empty pattern")
    if len(text) > MAX_PATTERN:
        raise PatternError(f"longer than {MAX_PATTERN} characters")
    return text


def _below_root(text: str) -> str:
    """Return the text without what stands for the root of the repository, because paths are relative to it."""
    return "" if text == "." else text.removeprefix("./").lstrip("/")


def _has(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text for sign in signs)


def _compiles(regex: str) -> bool:
    try:
        _compile(regex)
    except PatternInvalid:
        return False
    return True


def _checked(regex: str) -> str:
    try:
        _compile(regex)
    except PatternInvalid as error:
        raise PatternError(f"not a valid pattern: {error}") from error
    return regex


def _compile(regex: str) -> None:
    """Compile what a filter makes of an expression: a sign that it takes away could hold a repetition up (`!?`)."""
    compile_expression(without_sign(regex)[0])
