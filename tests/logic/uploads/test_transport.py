"""From storage to the bytes of an envelope: compression that is announced or not, and its two bounds."""

import gzip
import os

import pytest
import zstandard

from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage, ObjectTooLarge
from app.logic.uploads.limits import Limits
from app.logic.uploads.transport import fetch_raw

BODY = b'{"coverage_files": []}'
zstd = zstandard.ZstdCompressor().compress


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(
    "stored",
    [BODY, gzip.compress(BODY), zstd(BODY), gzip.compress(zstd(BODY)), zstd(BODY[:9]) + zstd(BODY[9:])],
    ids=["plain", "gzip", "zstd", "gzip of zstd", "two zstd frames"],
)
def test_compression_is_undone_whether_announced_or_not(storage: ObjectStorage, stored: bytes, compress: bool) -> None:
    storage.put("raw/1", stored, compress=compress)

    assert fetch_raw(storage, "raw/1", Limits()) == BODY


def test_layers_without_end_are_not_followed(storage: ObjectStorage) -> None:
    body = BODY
    for _ in range(4):
        body = gzip.compress(body, mtime=0)
    storage.put("raw/1", body, compress=False)

    assert gzip.decompress(gzip.decompress(fetch_raw(storage, "raw/1", Limits()))) == BODY


@pytest.mark.parametrize("compress", [gzip.compress, zstd])
@pytest.mark.parametrize("announced", [True, False])
def test_a_bomb_stops_at_the_limit(storage: ObjectStorage, compress, announced: bool) -> None:
    bomb = bytes(50_000_000)
    storage.put("raw/1", bomb if announced else compress(bomb), compress=announced)

    with pytest.raises(ObjectTooLarge) as caught:
        fetch_raw(storage, "raw/1", Limits(raw_bytes=1_000_000))

    assert (caught.value.limit, caught.value.size) == (1_000_000, None)


def test_an_object_that_is_stored_too_large_is_not_fetched(storage: ObjectStorage) -> None:
    storage.put("raw/1", os.urandom(2000), compress=False)

    with pytest.raises(ObjectTooLarge) as caught:
        fetch_raw(storage, "raw/1", Limits(stored_bytes=1999))

    assert (caught.value.limit, caught.value.size) == (1999, 2000)
    assert len(fetch_raw(storage, "raw/1", Limits(stored_bytes=2000))) == 2000


def test_the_two_bounds_are_independent(storage: ObjectStorage) -> None:
    storage.put("raw/1", bytes(100_000))

    assert len(fetch_raw(storage, "raw/1", Limits(stored_bytes=1000))) == 100_000


def test_a_stream_that_breaks_off_is_corrupt(storage: ObjectStorage) -> None:
    storage.put("raw/1", gzip.compress(BODY, mtime=0)[:-4], compress=False)

    with pytest.raises(ObjectCorrupt):
        fetch_raw(storage, "raw/1", Limits())


def test_a_missing_object_is_missing(storage: ObjectStorage) -> None:
    with pytest.raises(ObjectMissing):
        fetch_raw(storage, "raw/1", Limits())
