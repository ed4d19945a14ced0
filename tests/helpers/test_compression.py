"""Undoing compression: bounds, several streams behind one another, and damage."""

import gzip

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from app.helpers.compression import Corrupt, TooLarge, decompress, encoding_of, is_known

COMPRESS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


@pytest.mark.parametrize("encoding", COMPRESS)
@given(parts=st.lists(st.binary(max_size=50), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_streams_behind_one_another_come_back_as_one(encoding: str, parts: list[bytes]) -> None:
    data = b"".join(COMPRESS[encoding](part) for part in parts)

    assert encoding_of(data) == encoding and is_known(encoding)
    assert decompress(data, encoding, max_bytes=150) == b"".join(parts)


@pytest.mark.parametrize("encoding", COMPRESS)
def test_a_bomb_stops_near_the_bound(encoding: str) -> None:
    bomb = COMPRESS[encoding](bytes(100_000_000))

    with pytest.raises(TooLarge):
        decompress(bomb, encoding, max_bytes=1000)


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("cut", [3, -1])
def test_damaged_data_is_corrupt(encoding: str, cut: int) -> None:
    data = COMPRESS[encoding](b"coverage " * 100)

    with pytest.raises(Corrupt):
        decompress(data[:cut], encoding, max_bytes=1000)


@pytest.mark.parametrize("data", [b"", b"{", b"PK\x03\x04", b"\x1f", b"SF:a"])
def test_other_data_has_no_encoding(data: bytes) -> None:
    assert encoding_of(data) is None
