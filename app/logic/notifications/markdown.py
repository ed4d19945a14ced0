"""Text of strangers inside Markdown: file names and branches come from pull requests of anybody."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def escape(text: str) -> str:
    """Return the text so that it shows as itself: nothing in it formats, links, mentions or breaks a table."""
    clean = _CONTROL.sub(" ", text)
    if _SPECIAL.search(clean.replace("_", "")) or "__" in clean:
        clean = _SPECIAL.sub(r"\\\1", clean)
    # A zero-width space keeps `@name` from notifying somebody.
    return clean.replace("@", "@\u200b")
