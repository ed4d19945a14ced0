"""From uploaded bytes to a plain document."""

import gzip
import zlib

import pytest

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.preprocess import preprocess

XML = '<?xml version="1.0" encoding="UTF-16"?>\n<coverage/>'


def test_plain_text_is_returned_as_it_is():
    data = b"mode: set\na.go:1.1,2.2 1 1\n"

    assert preprocess(data, 100) is data


def test_gzip_is_decompressed_with_all_its_members():
    data = gzip.compress(b"mode: set\n", mtime=0) + gzip.compress(b"a.go:1.1,2.2 1 1\n")

    assert preprocess(data, 100) == b"mode: set\na.go:1.1,2.2 1 1\n"


def test_a_decompression_bomb_is_refused_before_it_unfolds():
    bomb = gzip.compress(bytes(50_000_000))

    with pytest.raises(FormatError) as caught:
        preprocess(bomb, 1_000_000)

    assert caught.value.code == "too_large"


def test_many_members_do_not_get_around_the_limit():
    with pytest.raises(FormatError) as caught:
        preprocess(gzip.compress(b"x" * 100, mtime=0) * 50, 1000)

    assert caught.value.code == "too_large"


@pytest.mark.parametrize("damage", [lambda d: d[:-9], lambda d: d[:20] + b"\xff" * 9 + d[29:], lambda d: d[:2]])
def test_a_broken_gzip_stream_is_corrupt(damage):
    with pytest.raises(FormatError) as caught:
        preprocess(damage(gzip.compress(bytes(range(256)) * 40)), 1_000_000)

    assert caught.value.code == "corrupt"


def test_large_files_are_refused():
    with pytest.raises(FormatError) as caught:
        preprocess(b"x" * 101, 100)

    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("data", "document"),
    [
        (b"\xef\xbb\xbf{}", b"{}"),
        (b" \n\t {}\n", b"{}\n"),
        (b"\n\r\n <a/>", b"<a/>"),
        (b"\n\n        -:    0:Source:a.c", b"        -:    0:Source:a.c"),
        (b"  \t\n", b""),
        (b"", b""),
        (XML.encode("utf-16"), XML.replace("UTF-16", "UTF-8").encode()),
        (b"\xfe\xff" + XML.encode("utf-16-be"), XML.replace("UTF-16", "UTF-8").encode()),
        ("TN:ä\n".encode("utf-16"), "TN:ä\n".encode()),
        (gzip.compress(b"\xef\xbb\xbf{}", mtime=0), b"{}"),
    ],
)
def test_marks_and_blanks_in_front_are_taken_off(data, document):
    assert preprocess(data, 1000) == document


def test_text_that_grows_while_it_is_decoded_is_bounded_too():
    with pytest.raises(FormatError) as caught:
        preprocess("\u4e00".encode("utf-16") * 40, 100)

    assert caught.value.code == "too_large"


def test_zlib_without_a_gzip_header_is_no_document():
    data = zlib.compress(b"mode: set")

    assert preprocess(data, 100) == data
