"""Read an XML report into columns with the engine that fits the document."""

import re
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.xml_scan import scan_blocks
from app.logic.coverage.formats.xml_shape import Block, Shape
from app.logic.coverage.formats.xml_strict import StrictReader
from app.logic.coverage.formats.xml_tags import Unusual

BLOCK_SIZE: Final = 1 << 20
STRICT_BLOCK_SIZE: Final = 1 << 18
LONGEST_PROLOG: Final = 1 << 16

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = re.compile(rb"\s+")
_INSTRUCTION: Final = re.compile(rb"<\?.*?\?>", re.DOTALL)
_ENCODING: Final = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_DOCTYPE: Final = re.compile(
    rb"""<!DOCTYPE (?: [^<>"'\[\]] | "[^"]*" | '[^']*' )*+
    (\[ (?: [^\]"'<] | "[^"]*" | '[^']*' | <!--(?:(?!-->).)*+--> | <(?!!--) )*+ \]\s*)? >""",
    re.DOTALL | re.VERBOSE,
)
_ROOT: Final = re.compile(rb"<[^\s<>!?/=\"'&\x00-\x1f]")


class Collector(Protocol):
    """Takes the blocks of one document in order."""

    def take(self, block: Block) -> None: ...


C = TypeVar("C", bound=Collector)


def read_document(data: bytes, shape: Shape, start: Callable[[], C], block_size: int = BLOCK_SIZE) -> tuple[C, bool]:
    """Feed a new collector with the wanted elements of the document; also tell whether it ended early.

    Documents of plain shape go through the fast engine. At its first doubt its work is thrown away, and the strict
    engine starts with a fresh collector. Raises FormatError.
    """
    root, _, plain = read_prolog(data)
    if plain:
        collector = start()
        try:
            for block in scan_blocks(data, root, shape, block_size):
                collector.take(block)
            return collector, False
        except Unusual:
            pass
    return read_strictly(data, shape, start, min(block_size, STRICT_BLOCK_SIZE))


def read_strictly(data: bytes, shape: Shape, start: Callable[[], C], block_size: int) -> tuple[C, bool]:
    """Like read_document, with the strict engine whatever the document looks like."""
    root, encoding, _ = read_prolog(data)
    reader = StrictReader(data, root, encoding, shape, block_size)
    collector = start()
    for block in reader.blocks():
        collector.take(block)
    return collector, reader.truncated


def read_prolog(data: bytes) -> tuple[int, str, bool]:
    """Where the root element starts, the declared encoding, and whether nothing unusual stands in front of it."""
    head = data[:LONGEST_PROLOG]
    position = len(_UTF8_BOM) if head.startswith(_UTF8_BOM) else 0
    encoding = "utf-8"
    plain = True
    while not _ROOT.match(head, position):
        found = next((m for p in (_BLANKS, _INSTRUCTION, _COMMENT, _DOCTYPE) if (m := p.match(head, position))), None)
        if found is None:
            raise FormatError("corrupt", "no XML element at the start of the document")
        if found.re is _INSTRUCTION and not position and (declared := _ENCODING.match(found[0])):
            encoding = declared[1].decode().lower()
        if found.re is _DOCTYPE and found[1] is not None:
            plain = False
        position = found.end()
    return position, encoding, plain and encoding in ("utf-8", "utf8", "ascii", "us-ascii")
