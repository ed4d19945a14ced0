"""Undo gzip (RFC 1952) and zstd (RFC 8878) with a bound on what comes out."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import zstandard

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Input is undone in slices, so that a bomb overshoots the bound by no more than some 64 MiB: a block of four bytes
# can stand for 128 KiB.
_SLICE = 2048


class TooLarge(Exception):
    """The data has more bytes than allowed when decompressed."""


class Corrupt(Exception):
    """The data is not what it claims to be, or ends early."""


class _Decoder(Protocol):
    """What the decompression objects of zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: Any, /) -> bytes: ...


_DECODERS: Mapping[str, Callable[[], _Decoder]] = {
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "gzip": lambda: zlib.decompressobj(wbits=zlib.MAX_WBITS | 16),
}


def is_known(encoding: str) -> bool:
    """Say whether `decompress` can undo an encoding, by its name in HTTP."""
    return encoding in _DECODERS


def encoding_of(data: bytes) -> str | None:
    """Return the encoding that the first bytes of data show, None if it is none that is known."""
    if data.startswith(ZSTD_MAGIC):
        return "zstd"
    return "gzip" if data.startswith(GZIP_MAGIC) else None


def decompress(data: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo one compression; both formats allow several compressed streams behind one another.

    Raises TooLarge as soon as more than `max_bytes` have come out, and Corrupt.
    """
    view, position, parts, length = memoryview(data), 0, list[bytes](), 0
    while position < len(view):
        decoder = _DECODERS[encoding]()
        while position < len(view) and not decoder.eof:
            piece = view[position : position + _SLICE]
            try:
                part = decoder.decompress(piece)
            except (zlib.error, zstandard.ZstdError) as error:
                raise Corrupt(f"cannot be decompressed: {error}") from error
            position += len(piece)
            length += len(part)
            if length > max_bytes:
                raise TooLarge(f"has more than the allowed {max_bytes} bytes when decompressed")
            parts.append(part)
        if not decoder.eof:
            raise Corrupt("ends in the middle of its compressed data")
        position -= len(decoder.unused_data)
    return b"".join(parts)
