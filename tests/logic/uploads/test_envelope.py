"""The version-1 envelope: what is read, what is refused, and where unpacking stops."""

import base64
import json
import zlib
from pathlib import Path

import pytest

from app.logic.uploads.envelope import EnvelopeError, FileError, Limits, pack, read_envelope, unpack, write_envelope

UPLOADER = Path(__file__).parents[2] / "fixtures" / "uploader"


def test_the_object_of_a_real_uploader_is_read() -> None:
    envelope = read_envelope((UPLOADER / "object-2.bin").read_bytes(), Limits())

    [(name, file)] = envelope.open_files()
    assert name is not None and name.endswith("py/coverage.xml")
    assert not isinstance(file, FileError)
    assert unpack(file, Limits()).startswith(b"<?xml")
    assert "py/rocket/cli.py" in envelope.listing
    assert "" not in envelope.listing
    assert 18 in envelope.fixes["go/cmd/rocketd/main.go"].lines


def test_what_is_written_reads_back() -> None:
    data = write_envelope({"cov.xml": b"<coverage/>", "lcov.info": b"SF:a"}, ("a.py",))

    envelope = read_envelope(data, Limits())

    files = {name: unpack(file, Limits()) for name, file in envelope.open_files() if not isinstance(file, FileError)}
    assert files == {"cov.xml": b"<coverage/>", "lcov.info": b"SF:a"}
    assert envelope.listing == ("a.py",)


def test_only_the_coverage_files_are_needed() -> None:
    envelope = read_envelope(b'{"coverage_files": [], "network_files": null, "future": {"x": 1}}', Limits())

    assert (envelope.files, envelope.listing) == ((), ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b'{"x":' * 100_000, "bad_json"),
        (b"[" * 100_000, "not_an_envelope"),
        (b"[]", "not_an_envelope"),
        (b"{}", "not_an_envelope"),
        (b'{"coverage_files": "x"}', "not_an_envelope"),
        (b'{"coverage_files": [{}, {}, {}]}', "too_many_files"),
    ],
)
def test_a_broken_envelope_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(data, Limits(files=2))

    assert caught.value.reason == reason


def file_with(**changes: object) -> bytes:
    return json.dumps({"coverage_files": [{"filename": "c.xml", "data": pack(b"x"), **changes}]}).encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": "!!!"}, "bad_base64"),
        ({"data": base64.b64encode(b"plain").decode()}, "bad_zlib"),
        ({"data": base64.b64encode(zlib.compress(b"x" * 999)[:-6]).decode()}, "bad_zlib"),
        ({"format": "plain"}, "unknown_packing"),
        ({"data": pack(b"\0" * 100_000)}, "too_large"),
    ],
)
def test_a_bad_file_is_named_and_does_not_touch_the_others(changes: dict[str, object], reason: str) -> None:
    [(_, file)] = read_envelope(file_with(**changes), Limits()).open_files()
    assert not isinstance(file, FileError)

    with pytest.raises(FileError) as caught:
        unpack(file, Limits(file_bytes=10_000))

    assert caught.value.reason == reason


def test_an_entry_of_the_wrong_type_is_one_bad_file() -> None:
    data = b'{"coverage_files": [{"filename": 5}, {"filename": "ok", "data": ""}]}'

    (bad_name, bad), (name, file) = read_envelope(data, Limits()).open_files()

    assert bad_name is None and isinstance(bad, FileError)
    assert name == "ok" and not isinstance(file, FileError)


def test_a_listing_beyond_the_limit_is_cut_with_a_note() -> None:
    data = json.dumps({"coverage_files": [], "network_files": ["a", "b", "c"]}).encode()

    envelope = read_envelope(data, Limits(listing_entries=2))

    assert envelope.listing == ("a", "b")
    assert envelope.notes == ({"reason": "listing_cut", "detail": "the first 2 of 3 are used"},)
