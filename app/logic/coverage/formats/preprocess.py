"""Turn the bytes of an uploaded file into plain UTF-8 text or a bounded error."""

import re
import zlib
from typing import Final

from app.logic.coverage.formats.base import FormatError

_GZIP: Final = b"\x1f\x8b"
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LEADING_BLANKS: Final = re.compile(rb"\s*+")
_LEADING_BLANK_LINES: Final = re.compile(rb"(?:[^\S\n]*+\n)*+")
_DECLARED_ENCODING: Final = re.compile(rb"""^(<\?xml[^>]{0,200}?\bencoding\s*=\s*["'])[^"']+""")


def preprocess(data: bytes, max_bytes: int) -> bytes:
    """Return the document inside `data`: decompressed, without byte-order mark and blanks in front, never UTF-16.

    The result has at most `max_bytes` bytes. Trailing blanks stay: every parser accepts them, and cutting them would
    copy a document of hundreds of megabytes. Raises FormatError too_large, or corrupt for a broken gzip stream.
    """
    if data.startswith(_GZIP):
        data = _gunzip(data, max_bytes)
    if len(data) > max_bytes:
        raise FormatError("too_large", f"larger than {max_bytes} bytes")
    if data.startswith(_UTF8_BOM):
        data = data[len(_UTF8_BOM) :]
    elif data[:2] in _UTF16:
        data = _from_utf16(data)
        if len(data) > max_bytes:
            raise FormatError("too_large", f"larger than {max_bytes} bytes as UTF-8")
    return _without_leading_blanks(data)


def _without_leading_blanks(data: bytes) -> bytes:
    """Cut blanks before XML and JSON, and blank lines before text, where the columns of the first line may count."""
    start = _end_of(_LEADING_BLANKS, data)
    if data[start : start + 1] not in (b"<", b"{", b"["):
        start = _end_of(_LEADING_BLANK_LINES, data)
    return data[start:] if start else data


def _end_of(pattern: re.Pattern[bytes], data: bytes) -> int:
    found = pattern.match(data)
    return found.end() if found else 0


def _gunzip(data: bytes, max_bytes: int) -> bytes:
    """Decompress all members of a gzip file (RFC 1952), giving up as soon as the limit is passed."""
    pieces: list[bytes] = []
    size = 0
    rest = data
    while rest.startswith(_GZIP):
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            piece = member.decompress(rest, max_bytes - size + 1)
        except zlib.error as error:
            raise FormatError("corrupt", f"broken gzip stream: {error}") from None
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise FormatError("too_large", f"larger than {max_bytes} bytes when decompressed")
        if not member.eof:
            raise FormatError("corrupt", "broken gzip stream: it ends too early")
        rest = member.unused_data
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _from_utf16(data: bytes) -> bytes:
    text = data[2:].decode(_UTF16[data[:2]], "replace").encode()
    # The declaration still names the encoding the document no longer has.
    return _DECLARED_ENCODING.sub(rb"\1UTF-8", text.lstrip(), count=1)
