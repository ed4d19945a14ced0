"""The two readers of LCOV tracefiles agree on every document."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SAMPLES
from text_engines import documents, outcome

from app.logic.coverage.formats.lcov import parse_plainly, parse_scanning
from benchmarks.workload_text import lcov

NUMBERS = st.one_of(
    st.integers(0, 12).map(str),
    st.integers(0, 10**10).map(str),
    st.sampled_from(
        ["", "0", "-", "-1", "+3", "007", "1e+3", "1.7", ".5", "1e400", "nan", "inf", "undefined", "=", "s", " 4", "4 "]
    ),
    st.sampled_from(
        ["1000000", "1000001", "9999999", "12345678", "99999999", "9" * 16, "9" * 17, "9" * 30, "1_0", "٣"]
    ),
)
ARMS = st.one_of(NUMBERS, st.sampled_from(["e0", "jump to line 3", "if (a, b)", "exit", "0:1"]))
NAMES = st.sampled_from(["main", "_Zrun", "_Gx", "5,main", "5,_Zrun", "f<a, _Z>", "", " _Z", "5", "-"])
PATHS = st.sampled_from([b"a.c", b"a.c", b"b.js", b"c.ts", b"d.cpp", b"caf\xe9.c", b"", b" ", b"gone/x.c", b"a:b,c"])


def record(template: str, *fields: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return st.tuples(*fields).map(lambda values: template.format(*values).encode())


RECORDS = st.one_of(
    PATHS.map(lambda path: b"SF:" + path),
    st.just(b"end_of_record"),
    record("DA:{},{}", NUMBERS, NUMBERS),
    record("BRDA:{},{},{},{}", NUMBERS, ARMS, ARMS, NUMBERS),
    record("BRDA:{},0,{},{}", st.integers(1, 2).map(str), st.integers(0, 2).map(str), st.sampled_from("-01")),
    record("FN:{},{}", NUMBERS, NAMES),
    record("FNL:{},{}", st.integers(0, 2).map(str), NUMBERS),
    record("FNA:{},1,{}", st.integers(0, 2).map(str), NAMES),
    st.sampled_from(
        [
            *(
                b"",
                b"TN:",
                b"LF:4",
                b"FNDA:1,main",
                b"MCDC:1,2,t,1,0,a",
                b"garbage",
                b"DA",
                b"DA:1",
                b"DA:1,2,xyz",
                b":",
            ),
            *(b"end_of_record x", b" DA:1,1", b"da:1,1", b"BRDA:1", b"BRDA:1,0,0,1,", b"FN:7", b"\x00", b"\xff", b"SF"),
        ]
    ),
)
SWITCHES = st.sampled_from([(), ("lcov.partials_as_hits",), ("lcov.ignore_js_branches",)])


@given(documents(RECORDS), SWITCHES, st.integers(1, 200))
@settings(max_examples=300)
def test_the_readers_agree_on_mutated_documents(data, switches, block_size):
    expected = outcome(parse_plainly, data, *switches, drop="gone")

    assert outcome(parse_scanning, data, *switches, drop="gone", block_size=block_size) == expected


SECTIONS = (
    b"TN:\nSF:a.cpp\nFN:3,_Zrun\nFN:7,9,main\nDA:3,1\nDA:7,12345678\nBRDA:3,0,0,1\nBRDA:7,0,0,-\nBRDA:7,0,1,4\n"
    b"end_of_record\r\nSF:b.ts\nDA:1,1,abc\nDA:2,1e+3\nBRDA:1,0,0,1\nBRDA:2,0,x y,0\nend_of_record\nDA:1,1\nSF:a.cpp\n"
    b"FNL:0,5\nFNA:0,1,_Zgo\nDA:5,0\nBRDA:5,0,0,1\nDA:7,0\nBRDA:7,0,0,1"
)


@pytest.mark.parametrize("end", range(len(SECTIONS) + 1))
def test_the_readers_agree_on_a_document_cut_at_any_byte(end):
    assert outcome(parse_scanning, SECTIONS[:end]) == outcome(parse_plainly, SECTIONS[:end])


@pytest.mark.parametrize("block_size", range(1, len(SECTIONS) + 1, 3))
def test_blocks_may_end_anywhere(block_size):
    assert outcome(parse_scanning, SECTIONS, block_size=block_size) == outcome(parse_plainly, SECTIONS)


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("reports/*/*/*lcov*")), ids=lambda path: str(path.relative_to(SAMPLES))
)
def test_the_readers_agree_on_real_reports(path):
    data = path.read_bytes()

    assert outcome(parse_scanning, data, block_size=1000) == outcome(parse_plainly, data)


def test_the_readers_agree_on_the_workload():
    data = lcov(0.01)

    assert outcome(parse_scanning, data, block_size=1 << 16) == outcome(parse_plainly, data)
