"""Text of strangers inside Markdown: file names and branches come from pull requests of anybody."""

import re
from typing import Final

# A run of underscores inside a word means nothing; elsewhere it is emphasis.
_SPECIAL: Final = re.compile(r"[\\`*~\[\]$]|(?<!\w)_++|_++(?!\w)")
# References, which table cells and HTML know as themselves: a backslash before `|` is not understood everywhere.
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
# What the host would act on after Markdown, where no escape reaches: @mentions, #1 references and :emoji: names.
_ACTIVE: Final = re.compile(r"[@#:](?=[\w+-])")
_ZERO_WIDTH_SPACE: Final = "\u200b"


def escape(text: str) -> str:
    """Return Markdown, also fit for link texts and table cells, that shows the text as itself.

    Nothing in it formats, links, mentions or breaks a table. Source: CommonMark 0.31 (backslash escapes, emphasis,
    character references) and the tables of GitHub Flavored Markdown.
    """
    inert = _ACTIVE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", printable(text))
    escaped = _SPECIAL.sub(lambda found: "".join(f"\\{char}" for char in found[0]), inert)
    return escaped.translate(_ENTITIES)


def code(text: str) -> str:
    """Return a code span that shows the text as itself; not for table cells, where a `|` would end it."""
    clean = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", clean)), default=0) + 1)
    pad = " " if clean.startswith("`") or clean.endswith("`") else ""
    return f"{fence}{pad}{clean}{pad}{fence}"


def printable(text: str) -> str:
    """Return the text in one line: line breaks and everything invisible, such as a change of direction, as spaces."""
    return "".join(char if char.isprintable() else " " for char in text)
