"""Look at the beginning of a JSON document without decoding all of it."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from app.logic.coverage.formats.json_documents import MAX_DEPTH

_KEPT_DEPTH: Final = 6
_KEPT_ENTRIES: Final = 64
_KEPT_TEXT: Final = 200

_BLANK: Final = rb"[ \t\r\n]*+"
_TOKEN: Final = re.compile(
    _BLANK
    + rb"""(?: (?P<text>"(?:[^"\\]|\\.)*+") | (?P<mark>[][{},:])
           | (?P<atom>true|false|null|NaN|-?Infinity|-?[0-9][0-9.eE+-]*+) )""",
    re.VERBOSE | re.DOTALL,
)
_AFTER: Final = re.compile(_BLANK)
_ATOMS: Final = {b"true": True, b"false": False, b"null": None}


@dataclass(frozen=True, slots=True)
class Head:
    """The outline of a document: containers with their first entries, deep or long parts left out.

    `end` is where the first JSON value ended, None if the look stopped inside it: then `broken` tells whether
    something that is no JSON was met. `keys` is the number of keys read.
    """

    value: Any
    end: int | None
    broken: bool
    keys: int
    too_deep: bool = False


class _Outline:
    """Builds the outline token by token."""

    def __init__(self) -> None:
        self.root: Any = None
        self.stack: list[Any] = []  # open containers; None for those that are left out
        self.closers: list[bytes] = []
        self.keys: list[str | None] = []
        self.keys_read = 0
        self.expects: str = "value"

    def take_mark(self, mark: bytes) -> bool:
        """Take a structural character; False if it cannot stand here."""
        if mark in b"{[":
            return self._open(mark)
        if mark in b"}]":
            return self._close(mark)
        if mark == b":":
            allowed = self.expects == "colon"
            self.expects = "value"
            return allowed
        allowed = self.expects == "comma" and bool(self.closers)
        self.expects = "key" if allowed and self.closers[-1] == b"}" else "value"
        return allowed

    def take_value(self, value: Any) -> bool:
        if self.expects in ("key", "key or end"):
            self.keys[-1] = value if isinstance(value, str) else None
            self.keys_read += 1
            self.expects = "colon"
            return isinstance(value, str)
        allowed = self.expects in ("value", "value or end")
        self._attach(value)
        self.expects = "comma"
        return allowed

    def _open(self, mark: bytes) -> bool:
        allowed = self.expects in ("value", "value or end")
        container: Any = {} if mark == b"{" else []
        self._attach(container)
        self.stack.append(container if len(self.stack) < _KEPT_DEPTH else None)
        self.closers.append(b"}" if mark == b"{" else b"]")
        self.keys.append(None)
        self.expects = "key or end" if mark == b"{" else "value or end"
        return allowed

    def _close(self, mark: bytes) -> bool:
        allowed = bool(self.closers) and self.closers[-1] == mark and self.expects in (
            "comma", "key or end", "value or end",
        )  # fmt: skip
        if allowed:
            self.stack.pop()
            self.closers.pop()
            self.keys.pop()
        self.expects = "comma"
        return allowed

    def _attach(self, value: Any) -> None:
        if not self.closers:
            self.root = value
            return
        parent = self.stack[-1]
        if parent is None or len(parent) >= _KEPT_ENTRIES:
            return
        if isinstance(parent, list):
            parent.append(value)
        else:
            parent[self.keys[-1] or ""] = value


def look(data: bytes | memoryview, limit: int) -> Head:
    """Outline the first `limit` bytes of a document; costs about a millisecond for four thousand."""
    head = bytes(memoryview(data)[:limit])
    outline = _Outline()
    at = 0
    while len(outline.closers) <= MAX_DEPTH:
        token = _TOKEN.match(head, at)
        if token is None:
            rest = head[_end_of_blanks(head, at) :]
            is_cut = len(data) > limit and (len(rest) < 32 or rest[:1] == b'"')
            return Head(outline.root, None, not is_cut, outline.keys_read)
        at = token.end()
        mark = token["mark"]
        allowed = outline.take_mark(mark) if mark else outline.take_value(_plain(token))
        if not allowed:
            return Head(outline.root, None, True, outline.keys_read)
        if not outline.closers:
            return Head(outline.root, _end_of_blanks(head, at), False, outline.keys_read)
    return Head(outline.root, None, False, outline.keys_read, too_deep=True)


def _end_of_blanks(head: bytes, at: int) -> int:
    blanks = _AFTER.match(head, at)
    return blanks.end() if blanks else at


def _plain(token: re.Match[bytes]) -> Any:
    text = token["text"]
    if text:
        try:
            return str(json.loads(text.decode("utf-8", "replace"), strict=False))[:_KEPT_TEXT]
        except ValueError:
            return text[1:-1].decode("utf-8", "replace")[:_KEPT_TEXT]
    atom = token["atom"]
    if atom in _ATOMS:
        return _ATOMS[atom]
    try:
        return float(atom)
    except ValueError:
        return None
