"""The two readers of Go cover profiles agree on every document."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SAMPLES
from text_engines import documents, outcome

from app.logic.coverage.formats.go import parse_plainly, parse_scanning
from app.logic.coverage.formats.go_rows import BATCH
from benchmarks.workload_text import go

SMALL = st.integers(0, 9).map(str)
NUMBERS = st.one_of(
    SMALL,
    SMALL,
    SMALL,
    st.sampled_from(
        ["", "-1", "007", "1e+3", "1.7", "1e400", "x", "1000000", "1000001", "9999999", "12345678", "9" * 20]
    ),
)
PATHS = st.sampled_from(
    [
        "a.go",
        "a.go",
        "acme/rocket/orbit/a.go",
        "acme/rocket/orbit/b.go",
        r"C:\w\a.go",
        "a b.go",
        "mode",
        "mode:",
        "gone/x.go",
        "",
        " a.go",
        "a.go:1.1,2.2 1 1b.go",
        "x" * 300 + ".go",
        "acme/rocket/v2/a.go",
        "café.go",
    ]
)
BLANKS = st.sampled_from([" ", " ", " ", " ", "\t", "  "])
BLOCKS = st.tuples(PATHS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, BLANKS, NUMBERS, BLANKS, NUMBERS).map(
    lambda fields: "{}:{}.{},{}.{}{}{}{}{}".format(*fields).encode()
)
GOOD_BLOCKS = st.tuples(st.sampled_from("ab"), SMALL, SMALL, SMALL, SMALL, st.integers(0, 3)).map(
    lambda fields: "{}.go:{}.{},{}.{} 1 {}".format(*fields).encode()
)
OTHERS = st.sampled_from(
    [b"mode: set", b"", b"garbage", b"a.go:12:\tRun\t75.0%", b"\x00", b"a\xe9.go:1.1,2.9 1 1", b"%"]
)
SWITCHES = st.sampled_from([(), ("go.partials_as_hits",)])


@given(documents(st.one_of(GOOD_BLOCKS, GOOD_BLOCKS, BLOCKS, OTHERS)), SWITCHES, st.integers(1, 200))
@settings(max_examples=300)
def test_the_readers_agree_on_mutated_documents(data, switches, block_size):
    expected = outcome(parse_plainly, data, *switches, drop="gone")

    assert outcome(parse_scanning, data, *switches, drop="gone", block_size=block_size) == expected


PROFILE = (
    b"mode: count\nacme/a.go:5.30,7.12 2 1\nacme/a.go:7.12,9.3 1 0\r\nacme/b.go:10.2,10.15 1 1\n"
    b"acme/a.go:12.5,12.20 1 1\n"
    b"acme/a.go:12.20,12.40 1 0\nmode: count\nbad\nacme/c d.go:14.1,15.2 1 0\nacme/c d.go:14.1,15.2 1 123456789"
)


@pytest.mark.parametrize("end", range(len(PROFILE) + 1))
def test_the_readers_agree_on_a_document_cut_at_any_byte(end):
    assert outcome(parse_scanning, PROFILE[:end]) == outcome(parse_plainly, PROFILE[:end])


@pytest.mark.parametrize("block_size", range(1, len(PROFILE) + 1, 3))
def test_blocks_may_end_anywhere(block_size):
    assert outcome(parse_scanning, PROFILE, block_size=block_size) == outcome(parse_plainly, PROFILE)


@pytest.mark.parametrize("path", [b"%s/main.go", b"acme/rocket/%s/launch_pad.go", b"r" * 90 + b"%s/launch_pad.go"])
@pytest.mark.parametrize("block_size", [46, 90, 200, 1000])
def test_paths_that_end_alike_are_told_apart(path, block_size):
    data = b"".join(
        path % folder + b":%d.1,%d.9 1 1\n" % (line, line + 1)
        for line, folder in enumerate([b"a", b"b", b"b", b"c"] * 2, 1)
    )

    assert outcome(parse_scanning, data, block_size=block_size) == outcome(parse_plainly, data)


def test_the_readers_agree_where_blocks_cover_many_lines_again_and_again():
    lines = BATCH // 2
    data = b"".join(b"a.go:%d.5,%d.9 1 %d\n" % (start, lines, hits) for start, hits in ((1, 4), (2, 0), (9, 7), (9, 1)))

    assert outcome(parse_scanning, data) == outcome(parse_plainly, data)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("reports/*/go/coverage.out")), ids=lambda path: path.parts[-3])
def test_the_readers_agree_on_real_profiles(path):
    data = path.read_bytes()

    assert outcome(parse_scanning, data, block_size=1000) == outcome(parse_plainly, data)


def test_the_readers_agree_on_the_workload():
    data = go(0.01)

    assert outcome(parse_scanning, data, block_size=1 << 16) == outcome(parse_plainly, data)
