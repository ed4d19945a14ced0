"""The version-1 envelope: what is read, what is refused, and where unpacking stops."""

import base64
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.envelope_content import EnvelopeError, FileError
from app.logic.uploads.envelope_json import pack, read_json, write_envelope
from app.logic.uploads.limits import Limits

UPLOADER = Path(__file__).parents[2] / "fixtures" / "uploader"


def test_the_object_of_a_real_uploader_is_read() -> None:
    envelope = read_json((UPLOADER / "object-2.bin").read_bytes(), Limits())

    [file] = envelope.files
    assert file.name is not None and file.name.endswith("py/coverage.xml")
    assert file.read(1 << 20).startswith(b"<?xml")
    assert "py/rocket/cli.py" in envelope.listing
    assert "" not in envelope.listing
    assert 18 in envelope.fixes["go/cmd/rocketd/main.go"].lines


def test_what_is_written_reads_back() -> None:
    data = write_envelope({"cov.xml": b"<coverage/>", "lcov.info": b"SF:a"}, ("a.py",))

    envelope = read_json(data, Limits())

    files = {file.name: file.read(100) for file in envelope.files}
    assert files == {"cov.xml": b"<coverage/>", "lcov.info": b"SF:a"}
    assert envelope.listing == ("a.py",)


def test_only_the_coverage_files_are_needed() -> None:
    envelope = read_json(b'{"coverage_files": [], "network_files": null, "future": {"x": 1}}', Limits())

    assert (list(envelope.files), envelope.listing, envelope.notes) == ([], (), ())


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
        (b'{"coverage_files": null}', "not_an_envelope"),
        (b'{"coverage_files": [{}, {}, {}]}', "too_many_files"),
        (b'{"coverage_files": [' + b"0," * 5000 + b"0]}", "too_many_files"),
    ],
)
def test_a_broken_envelope_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        read_json(data, Limits(files=2))

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
    [file] = read_json(file_with(**changes), Limits()).files

    with pytest.raises(FileError) as caught:
        file.read(10_000)

    assert caught.value.reason == reason


@pytest.mark.parametrize("size", [1, 9_999, 10_000])
def test_a_file_of_just_the_allowed_size_is_read(size: int) -> None:
    [file] = read_json(file_with(data=pack(b"\0" * size)), Limits()).files

    assert len(file.read(10_000)) == size


def test_an_entry_of_the_wrong_type_is_one_bad_file() -> None:
    data = b'{"coverage_files": [{"filename": 5}, 7, {"filename": "bad", "data": 5}, {"filename": "ok", "data": ""}]}'

    nameless, number, bad, good = read_json(data, Limits()).files

    for file in (number, bad):
        with pytest.raises(FileError, match="bad_entry"):
            file.read(100)
    assert [file.name for file in (nameless, number, bad, good)] == [None, None, "bad", "ok"]
    assert good.read(100) == b""


def test_a_listing_beyond_the_limit_is_cut_with_a_note() -> None:
    data = json.dumps({"coverage_files": [], "network_files": ["a", "b", "c"]}).encode()

    envelope = read_json(data, Limits(listing_entries=2))

    assert envelope.listing == ("a", "b")
    assert envelope.notes == ({"reason": "listing_cut", "detail": "only the first 2 entries are used"},)


def test_a_listing_far_beyond_the_limit_is_not_unpacked_at_all() -> None:
    data = b'{"coverage_files": [], "network_files": [' + b'"a",' * 1000 + b'"b"]}'

    envelope = read_json(data, Limits(listing_entries=2))

    assert envelope.listing == ()
    assert [note["reason"] for note in envelope.notes] == ["listing_cut"]


def test_a_listing_that_is_none_is_left_out_with_a_note() -> None:
    envelope = read_json(b'{"coverage_files": [], "network_files": {"a": 1}}', Limits())

    assert envelope.listing == ()
    assert [note["reason"] for note in envelope.notes] == ["bad_listing"]


def test_lines_to_ignore_of_too_many_files_are_left_out_with_a_note() -> None:
    value = b"{" + b'"a":0,' * 2_000_001 + b'"b":0}'

    envelope = read_json(b'{"coverage_files": [], "report_fixes": {"value": ' + value + b"}}", Limits())

    assert envelope.fixes == {}
    assert [note["reason"] for note in envelope.notes] == ["bad_report_fixes"]


def test_an_upload_that_is_mostly_no_text_is_given_up() -> None:
    with pytest.raises(EnvelopeError, match="bad_json"):
        read_json(b'{"coverage_files": ["' + b"\xff" * (20 << 20) + b'"], }', Limits())


def test_entries_that_are_no_text_or_no_path_are_left_out() -> None:
    data = json.dumps({"coverage_files": [], "network_files": ["a.py", 5, None, ["b"], "", "x" * 20_000, "./c.py"]})

    assert read_json(data.encode(), Limits()).listing == ("a.py", "c.py")


def test_the_older_name_of_the_lines_to_ignore_is_read() -> None:
    data = json.dumps({"coverage_files": [], "path_fixes": {"value": {"a.kt": {"eof": 40, "lines": [3, 7]}}}})

    assert read_json(data.encode(), Limits()).fixes == {"a.kt": IgnoredLines(frozenset({3, 7}), 40)}


def test_files_are_unpacked_one_at_a_time() -> None:
    data = write_envelope({f"{number}.info": bytes(1_000_000) for number in range(20)}, ())
    tracemalloc.start()

    for file in read_json(data, Limits()).files:
        assert len(file.read(1 << 20)) == 1_000_000

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
