"""Text and numbers inside the pages."""

import html
import re
from decimal import ROUND_DOWN, Decimal
from typing import Final

from app.logic.coverage.totals import ratio

# Control characters but tab and line feed, and those that turn the direction of text: a reader must see that they are
# there, and they must not move what stands beside them. Source: Unicode, UAX #9, section 2.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_TWO_PLACES: Final = Decimal("0.01")


def visible(text: str) -> str:
    """Return text for the content of an element, invisible characters as their names.

    Not for attributes themselves: the names are elements.
    """
    return _INVISIBLE.sub(lambda match: f'<b class="u">U+{ord(match[0]):04X}</b>', html.escape(text))


def plain(text: str) -> str:
    """Return text for places that hold no elements, such as attributes and the title."""
    return _INVISIBLE.sub("\ufffd", html.escape(text)).replace("\n", "\ufffd")


def percent(hits: int, lines: int) -> str:
    """Return the coverage with two places, rounded down so that only a full one is 100."""
    value = ratio(hits, lines)
    return "–" if value is None else f"{Decimal(value).quantize(_TWO_PLACES, ROUND_DOWN)}%"


def count(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}".replace(",", "\u202f")
