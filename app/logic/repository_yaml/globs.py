"""Globs of paths as regular expressions."""

import re
from collections.abc import Iterator
from typing import Final

_TOKENS: Final = re.compile(
    r"(?P<folders>(?:^|(?<=/))\*\*+/)|(?P<anything>\*\*+)|(?P<name>\*)|(?P<char>\?)"
    r"|\[(?P<negated>!?)(?P<chars>\]?[^\]/]*)\]|(?P<brace>[{},])|(?P<text>.)",
    re.DOTALL,
)
_FIXED: Final = {"folders": "(?:.*/)?", "anything": ".*", "name": "[^/]*", "char": "[^/]"}


def glob_to_regex(glob: str, *, open_end: bool = False) -> str:
    """Return the regular expression of a glob, anchored at the start, and at the end too unless `open_end`.

    `*` and `?` stay within a segment, `**` does not, and `**/` at the start of a segment also stands for no folder.
    `[abc]`, `[!abc]` and `{a,b}` are alternatives; a bracket or brace without its partner is a plain character. A
    trailing `/` means everything below.
    """
    tokens = [(match.lastgroup or "", match) for match in _TOKENS.finditer(glob)]
    braces = _alternations([match["brace"] or "" for _, match in tokens])
    regex = "".join(_translated(index, kind, match, braces) for index, (kind, match) in enumerate(tokens))
    if open_end:
        return f"^{regex}"
    return f"^{regex}.*$" if glob.endswith("/") else f"^{regex}$"


def _translated(index: int, kind: str, match: "re.Match[str]", braces: dict[int, str]) -> str:
    if kind in _FIXED:
        return _FIXED[kind]
    if kind == "chars":
        chars = re.sub(r"[\\\[\]^]", r"\\\g<0>", match["chars"])
        return f"[^/{chars}]" if match["negated"] else f"[{chars}]"
    return braces.get(index) or re.escape(match[0])


def _alternations(signs: list[str]) -> dict[int, str]:
    """Return what the braces and commas of complete alternations become, by position.

    The group captures because `(?:` before a colon would look like the separator of a path fix.
    """
    found: dict[int, str] = {}
    for group in _groups(signs):
        found |= {group[0]: "(", group[-1]: ")"} | dict.fromkeys(group[1:-1], "|")
    return found


def _groups(signs: list[str]) -> Iterator[list[int]]:
    """Yield the positions of `{`, its commas and `}` for every pair of braces with a comma."""
    open_groups: list[list[int]] = []
    for index, sign in enumerate(signs):
        if sign == "{":
            open_groups.append([index])
        elif sign == "," and open_groups:
            open_groups[-1].append(index)
        elif sign == "}" and open_groups:
            group = open_groups.pop()
            if len(group) > 1:
                yield [*group, index]
