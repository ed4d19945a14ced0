"""Words and text of strangers on a terminal."""

import re

from rich.markup import escape

from app.helpers.text import REPLACEMENT

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


def printable(text: str) -> str:
    """Return text without characters that make a terminal do something else than show them."""
    return _CONTROLS.sub(REPLACEMENT, text)


def plain(text: str) -> str:
    """Return text for rich: nothing in it is markup or controls the terminal."""
    return escape(printable(text))


def counted(number: int, noun: str) -> str:
    """Return a number of things: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
