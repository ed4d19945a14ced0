"""Text inside XML documents."""

import re
from typing import Final

# Source: XML 1.0, production 2 (Char); what is left out there cannot be written even as a reference.
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def attribute(text: str) -> str:
    """Return text for a quoted attribute; characters that XML cannot hold become U+FFFD."""
    return _IMPOSSIBLE.sub("\ufffd", text).translate(_REFERENCES)
