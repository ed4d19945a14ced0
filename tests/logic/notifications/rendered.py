"""What a Git host shows of Markdown: tables, links and texts, read with a CommonMark parser."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ZERO_WIDTH_SPACE: Final = "\u200b"
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What the comment is made of; anything else came from a name.
_OWN: Final = {"text", "link_open", "link_close", "code_inline", "softbreak"}


@dataclass(frozen=True)
class Cell:
    """What one cell of a table shows: its text, and the targets of its links."""

    text: str
    links: tuple[str, ...]
    foreign: tuple[str, ...] = ()


def tables(markdown: str) -> list[list[list[Cell]]]:
    """Every table as rows of cells, the header first."""
    found: list[list[list[Cell]]] = []
    tokens = _PARSER.parse(markdown)
    for before, token in pairwise(tokens):
        if before.type == "table_open":
            found.append([])
        elif before.type == "tr_open":
            found[-1].append([])
        elif before.type in ("th_open", "td_open"):
            found[-1][-1].append(cell(token.children or []))
    return found


def inline(markdown: str) -> Cell:
    """A single line of text."""
    return cell(_PARSER.parseInline(markdown)[0].children or [])


def cell(tokens: list[Token]) -> Cell:
    return Cell(
        text="".join(token.content for token in tokens).replace(ZERO_WIDTH_SPACE, ""),
        links=tuple(str(token.attrs["href"]) for token in tokens if token.type == "link_open"),
        foreign=tuple(token.type for token in tokens if token.type not in _OWN),
    )
