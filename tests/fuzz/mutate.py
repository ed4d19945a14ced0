"""Damages documents at random: bytes and numbers, whole elements, pieces of other documents, encodings."""

import gzip
import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

LARGEST = 1 << 20  # bytes of a damaged document
NUMBERS = [b"0", b"-1", b"1", b"-0", b"0.5", b"1e3", b"1e308", b"1e400", b"NaN", b"Infinity", b"007", b"1_0", b"0x1f"]
NUMBERS += [str(n).encode() for e in (16, 31, 32, 53, 63, 64) for n in (2**e - 1, 2**e, -(2**e))]
NUMBERS += [
    b"999999",
    b"1000000",
    b"1000001",
    b"16707566",
    b"9" * 30,
    b"9" * 5000,
    b"",
    b"null",
    b"true",
    b'"x"',
    b"[]",
]
NUMBERS += [b"{}", b"1/2", b"0/0", b"3/2", b"-1/2", b"1-2", b"\xd9\xa3", b" 5 "]
WORDS = [
    b"",
    b".",
    b"..",
    b"../../etc/passwd",
    b"/",
    b"C:\\a",
    b"\\",
    b"a\x00b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\\ud800",
]
WORDS += [
    b"exit",
    b"true",
    b"yes",
    b"full",
    b"-",
    b"=====",
    b"end_of_record",
    b"\xe2\x80\xa8",
    b"%s",
    b"*",
    b"(",
    b"x" * 5000,
]
MARKS = [b'"', b"'", b"<", b">", b"&", b"/", b"=", b"\n", b"\r", b"\0", b"{", b"}", b"[", b"]", b",", b":", b"|", b"#"]
MARKS += [
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?p ?>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"&#0;",
    b"\x1b[0m",
]
MARKS += [
    b"<<<<<< EOF\n",
    b"# path=a\n",
    b"\x01",
    b"\x02",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!python/name:a ",
    b"::",
    b"!",
]
NESTS = [(b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")"), (b"- ", b""), (b'"', b'"')]

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][\w./\\-]*")
# An element of XML, a string, a bracket, a number, or a line of text.
_TOKEN = re.compile(rb"""<[^<>]*>|"(?:[^"\\\n]|\\.)*"|[][{}]|[^][{}<>"\n]+\n?|.|\n""", re.DOTALL)


class Document(NamedTuple):
    """A file to read, with the name it has where it was made."""

    name: str | None
    data: bytes


def damaged(chance: random.Random, documents: Sequence[Document]) -> Document:
    """Return one of the documents with a few damages, which may come from any other."""
    name, data = chance.choice(documents)
    for _ in range(min(1 + int(chance.expovariate(0.7)), 12)):
        data = chance.choice(DAMAGES)(chance, data, documents)[:LARGEST]
    if chance.random() < 0.05:
        name = chance.choice(documents).name
    return Document(name, data)


def flip(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4) if data else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def number(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    return _replaced(chance, data, _NUMBER, NUMBERS)


def word(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    return _replaced(chance, data, _WORD, WORDS)


def mark(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(MARKS) + data[at + chance.choice((0, 0, 1, 4)) :]


def cut(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] if chance.random() < 0.8 else data[at:]


def drop(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    start, end = _part(chance, data)
    return data[:start] + data[end:]


def repeat(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    start, end = _part(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 50)) + data[end:]


def graft(chance: random.Random, data: bytes, documents: Sequence[Document]) -> bytes:
    """Put an element of any document somewhere, in place of another one or before it."""
    other = chance.choice(documents).data
    start, end = _part(chance, other)
    at, behind = _part(chance, data)
    return data[:at] + other[start:end] + data[behind if chance.random() < 0.5 else at :]


def join(chance: random.Random, data: bytes, documents: Sequence[Document]) -> bytes:
    """Continue a document with the end of another one."""
    other = chance.choice(documents).data
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def nest(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    start, end = _part(chance, data)
    opening, closing = chance.choice(NESTS)
    depth = chance.choice((1, 2, 5, 199, 201, 3000, 50_000))
    return data[:start] + opening * depth + data[start:end] + closing * chance.choice((depth, depth, 0)) + data[end:]


def stretch(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    """Make something very long."""
    at = chance.randint(0, len(data))
    piece = chance.choice((b"a", b"9", b" ", b"\n", b"/", b"../", b",", b"=", b"\x00", b"\xff", b"1,", b"a/"))
    return data[:at] + piece * chance.choice((300, 5000, 70_000)) + data[at:]


def encode(chance: random.Random, data: bytes, _: Sequence[Document]) -> bytes:
    text = data.decode("utf-8", "replace")
    return chance.choice(
        (
            lambda: b"\xef\xbb\xbf" + data,
            lambda: text.encode("utf-16"),
            lambda: b"\xfe\xff" + text.encode("utf-16-be"),
            lambda: text.encode("latin-1", "replace"),
            lambda: gzip.compress(data, 1, mtime=0),
            lambda: data.replace(b"\n", b"\r\n"),
            lambda: data.replace(b"\n", b"\r"),
            lambda: data.replace(b'"', b"'"),
            lambda: b" \n\t" + data,
            lambda: data + b"\n \x00",
        )
    )()


Damage = Callable[[random.Random, bytes, Sequence[Document]], bytes]
DAMAGES: list[Damage] = [
    *(flip, number, number, number, word, word, mark, mark, cut, drop, drop, repeat, repeat),
    *(graft, graft, join, nest, stretch, encode),
]


def _replaced(chance: random.Random, data: bytes, pattern: re.Pattern[bytes], others: Sequence[bytes]) -> bytes:
    found = pattern.search(data, chance.randint(0, len(data))) or pattern.search(data)
    return data[: found.start()] + chance.choice(others) + data[found.end() :] if found else data


def _part(chance: random.Random, data: bytes) -> tuple[int, int]:
    """Return start and end of a token, or of all from an opening bracket or tag to what closes it."""
    token = _TOKEN.search(data, chance.randint(0, max(len(data) - 1, 0)))
    if token is None:
        return 0, len(data)
    start, end, level = token.start(), token.end(), _step(token[0])
    while level > 0 and (token := _TOKEN.match(data, end)):
        level += _step(token[0])
        end = token.end()
    return start, end


def _step(token: bytes) -> int:
    """Return how a token changes the level of nesting."""
    if token in (b"{", b"["):
        return 1
    if token in (b"}", b"]") or token.startswith(b"</"):
        return -1
    return int(
        token.startswith(b"<") and token[1:2] not in (b"!", b"?") and not token.endswith(b"/>") and len(token) > 2
    )
