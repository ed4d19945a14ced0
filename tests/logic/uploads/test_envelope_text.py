"""The text form of the raw upload: sections, their kinds and names, and what hostile bytes come to."""

import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.envelope import read_envelope
from app.logic.uploads.envelope_content import Envelope, EnvelopeError, FileError
from app.logic.uploads.envelope_text import read_text
from app.logic.uploads.limits import Limits


def files_of(envelope: Envelope) -> list[tuple[str | None, bytes]]:
    return [(file.name, file.read(1 << 20)) for file in envelope.files]


def test_an_upload_with_all_kinds_of_sections_is_read() -> None:
    data = (
        b"A=1\n<<<<<< ENV\na.py\nb.py\n<<<<<< network\n# path=c.xml\nX\n<<<<<< EOF\n# path=fixes\na.py:1\n<<<<<< EOF\n"
    )

    envelope = read_text(data, Limits())

    assert envelope.env == {"A": "1"}
    assert envelope.listing == ("a.py", "b.py")
    assert files_of(envelope) == [("c.xml", b"X")]
    assert envelope.fixes == {"a.py": IgnoredLines(frozenset({1}))}
    assert envelope.notes == ()


@pytest.mark.parametrize(
    ("data", "files"),
    [
        (b"hello", [(None, b"hello")]),
        (b"# path=a.xml\n<<<<<< EOF", [("a.xml", b"")]),
        (b"# path=a.xml", [("a.xml", b"")]),
        (b"# path=a.xml\r\nX\r\n<<<<<< EOF\r\n", [("a.xml", b"X")]),
        (b"X\n# path=later.xml\nY", [(None, b"X\n# path=later.xml\nY")]),
        (b"x <<<<<< EOF y", [(None, b"x"), (None, b"y")]),
        (b"\xef\xbb\xbf# path=a.xml\nX", [("a.xml", b"X")]),
        (b"# path=a\nX\n<<<<<< EOF\n\xef\xbb\xbf# path=b\nY", [("a", b"X"), ("b", b"Y")]),
        (b"\xef\xbb\xbf \n<<<<<< EOF\nX", [(None, b"X")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfX", [(None, b"\xef\xbb\xbfX")]),
        (b"# path=a.xml\n\n \t\v\f\r\n X \n\n", [("a.xml", b"X")]),
        (b"# path= dir/a b.xml \nX", [("dir/a b.xml", b"X")]),
        (b"# path=caf\xc3\xa9.xml\nX", [("café.xml", b"X")]),
        (b"# path=caf\xe9.xml\nX", [("caf\ufffd.xml", b"X")]),
        (b"# path=\nX", [(None, b"X")]),
        (b"#path=a.xml\nX", [(None, b"#path=a.xml\nX")]),
        (b"# path=fixes.txt\nX", [("fixes.txt", b"X")]),
        (b"X<<<<<<  EOF", [(None, b"X<<<<<<  EOF")]),
        (b"X<<<<<< eof", [(None, b"X<<<<<< eof")]),
        (b"X<<<<<<<< EOFY", [(None, b"X<<"), (None, b"Y")]),
        (b"\x00\xff\n<<<<<< EOF", [(None, b"\x00\xff")]),
        (b"# path=a\nX\n<<<<<< EOF\n==FROMNOWONIGNOREDBYCODECOV==>>>\n# path=a\nX\n<<<<<< EOF", [("a", b"X")]),
        (b"==FROMNOWONIGNOREDBYCODECOV==>>>X", []),
        (b"", []),
        (b" \r\n\t\v\f", []),
        (b"<<<<<< EOF<<<<<< EOF\n\n<<<<<< network<<<<<< ENV", []),
    ],
)
def test_files_are_cut_out_and_named(data: bytes, files: list[tuple[str | None, bytes]]) -> None:
    assert files_of(read_text(data, Limits())) == files


def test_the_last_section_of_a_kind_counts() -> None:
    data = (
        b"a.py\n<<<<<< network\nA=1\n<<<<<< ENV\n# path=fixes\na.py:1\n<<<<<< EOF\n"
        b"b.py\n<<<<<< network\nB=2\n<<<<<< ENV\n# path=fixes\nb.py:2\n<<<<<< EOF\n"
    )

    envelope = read_text(data, Limits())

    assert envelope.listing == ("b.py",)
    assert envelope.env == {"B": "2"}
    assert envelope.fixes == {"b.py": IgnoredLines(frozenset({2}))}


def test_sections_may_come_in_any_order_with_carriage_returns() -> None:
    data = b"# path=c.xml\r\nX\r\n<<<<<< EOF\r\na.py\r\n\r\n./b.py\r\n<<<<<< network\r\nA=1=2\r\nnothing\r\nB=\r\n<<<<<< ENV"

    envelope = read_text(data, Limits())

    assert files_of(envelope) == [("c.xml", b"X")]
    assert envelope.listing == ("a.py", "b.py")
    assert envelope.env == {"A": "1=2", "B": ""}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (rb"src/a.py", "src/a.py"),
        (rb'"src/\360\237\232\200.py"', "src/\N{ROCKET}.py"),
        (rb'"a\tb.py"', "a\tb.py"),
        (rb'"say \"hi\".py"', 'say "hi".py'),
        (rb"my\ file.py", "my file.py"),
        (rb"dir\sub\a.py", "dir/sub/a.py"),
        (rb"./a.py", "a.py"),
        ("src/\N{ROCKET}.py".encode(), "src/\N{ROCKET}.py"),
        (b"caf\xe9.py", "caf\ufffd.py"),
        (rb'"\777\q.py"', "777q.py"),
    ],
)
def test_entries_of_the_listing_are_cleaned(line: bytes, path: str) -> None:
    assert read_text(b"first.py\n" + line + b"\r\nlast.py\n<<<<<< network", Limits()).listing == (
        "first.py",
        path,
        "last.py",
    )


def test_generated_duplicates_are_not_listed() -> None:
    assert read_text(b"m/target/delombok/A.java\nA.java\n<<<<<< network", Limits()).listing == ("A.java",)


def test_a_listing_beyond_the_limit_is_cut_with_a_note() -> None:
    envelope = read_text(b"a\nb\nc\n<<<<<< network", Limits(listing_entries=2))

    assert envelope.listing == ("a", "b")
    assert envelope.notes == ({"reason": "listing_cut", "detail": "only the first 2 entries are used"},)


@pytest.mark.parametrize("data", [b"X<<<<<< EOF" * 3, b"<<<<<< EOF" * 100, b"a<<<<<< network" * 100])
def test_more_files_than_allowed_are_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError) as caught:
        read_text(data, Limits(files=2))

    assert caught.value.reason == "too_many_files"


def test_a_file_beyond_the_limit_is_not_cut_out() -> None:
    large, small = read_text(b"X" * 1001 + b"<<<<<< EOF\nY", Limits()).files

    with pytest.raises(FileError, match="too_large"):
        large.read(1000)

    assert small.read(1000) == b"Y"


def test_lines_to_ignore_beyond_the_limits_are_left_out_with_a_note() -> None:
    blocks = b"".join(b"f%d.kt:1:/*\nf%d.kt:1500000:*/\n" % (number, number) for number in range(3))

    envelope = read_text(b"# path=fixes\n" + blocks + b"<<<<<< EOF", Limits())

    assert len(envelope.fixes["f0.kt"].lines) == 1_500_000
    assert envelope.fixes["f1.kt"].lines == {1, 1_500_000}
    assert [note["reason"] for note in envelope.notes] == ["bad_report_fixes"]


def test_a_name_without_end_is_cut() -> None:
    [file] = read_text(b"# path=" + b"n" * 10_000_000, Limits()).files

    assert file.name is not None and len(file.name) < 20_000
    assert file.read(10) == b""


@pytest.mark.parametrize(
    ("format_version", "data", "is_json"),
    [
        ("v1", b' \r\n{"coverage_files": []}\n\t', True),
        ("v1", b'{"coverage_files": []', False),
        ("v1", b'[{"coverage_files": []}]', False),
        ("v1", b"hello", False),
        ("v1", b"", False),
        (None, b'{"coverage_files": []}', False),
        ("v4", b'{"coverage_files": []}', False),
    ],
)
def test_the_form_follows_from_the_version_and_the_body(format_version: str | None, data: bytes, is_json: bool) -> None:
    envelope = read_envelope(data, format_version, Limits())

    assert (envelope.env is None) == is_json


PIECES = [b"<<<<<< EOF", b"<<<<<< ENV", b"<<<<<< network", b"# path=", b"fixes", b"\n", b"\r", b" ", b"=", b":", b"1"]


@given(st.lists(st.sampled_from([*PIECES, b"\xef\xbb\xbf", b"EOF: ", b"/*", b"*/", b"a"]) | st.binary(max_size=3)))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_and_nothing_is_lost_of_files(pieces: list[bytes]) -> None:
    data = b"".join(pieces)

    envelope = read_text(data, Limits())

    sections = re.split(rb"<<<<<< (?:EOF|ENV|network)", data)
    for file in envelope.files:
        assert any(file.read(1 << 20) in section for section in sections)


def test_files_are_cut_out_one_at_a_time() -> None:
    data = b"".join(b"# path=%d.info\n" % number + b"x" * 1_000_000 + b"\n<<<<<< EOF\n" for number in range(20))
    tracemalloc.start()

    for file in read_text(data, Limits()).files:
        assert len(file.read(1 << 20)) == 1_000_000

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
