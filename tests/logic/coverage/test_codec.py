"""Reports as bytes: round trips, determinism, partial reading, and damage of every kind."""

import hashlib
from collections.abc import Callable

import numpy as np
import oracle
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Measure, report_of

from app.logic.coverage import codec
from app.logic.coverage.codec_columns import ColumnReader, write_ints
from app.logic.coverage.measure import equal, file_totals, select_files, totals
from app.logic.coverage.merge import merge
from app.logic.coverage.report import IGNORED, Report

PREFIX = 18  # magic, version, stored and real size of the header; the digest follows
START = PREFIX + 32

MEASURES = [
    Measure(1, 3),
    Measure(2, 0, kind=2, complexity=(2, -1)),
    Measure(400, 1, 3, ("0:1", "0:2"), 1),
    Measure(401, IGNORED),
    Measure(70_000, 2**31 - 1),
    Measure(2, 1, 2, ("jump",), path="b.py"),
    Measure(3, 1, 2, ("exit",), path="b.py"),
    Measure(3, 1, 3, ("12", "a"), path="c/é.py", complexity=(1, 3)),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
measures = st.builds(
    Measure,
    line=st.sampled_from([1, 2, 255, 256, 300, 65_536, 999_999]),
    hits=st.sampled_from([IGNORED, 0, 1, 254, 255, 256, 2**31 - 1]),
    arms=st.sampled_from([0, 0, 1, 3, 300]),
    missing=st.none() | st.lists(st.sampled_from(["1", "2", "exit", "0:1", "9:4", "zz", "é"]), max_size=3).map(tuple),
    kind=st.integers(0, 2),
    complexity=st.none() | st.tuples(st.integers(0, 300), st.integers(-1, 3)),
    path=st.sampled_from(["a.py", "b/ü.py", "c.py"]),
)


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(MEASURES)


@pytest.fixture(scope="module")
def data(report: Report) -> bytes:
    return codec.encode(report, {"flags": ["unit"], "joined": True})


@settings(max_examples=60, deadline=None)
@given(st.lists(measures, max_size=12), st.dictionaries(st.text(), json_values, max_size=3))
def test_a_report_and_its_facts_come_back(measures: list[Measure], meta: dict[str, object]) -> None:
    report = report_of(measures)

    stored = codec.open_report(codec.encode(report, meta))

    assert equal(stored.load(), report)
    assert stored.meta == meta
    assert [array.dtype for array in _columns(stored.load())] == [array.dtype for array in _columns(report)]


@settings(max_examples=30, deadline=None)
@given(st.lists(measures, max_size=12))
def test_merged_reports_come_back_too(measures: list[Measure]) -> None:
    merged = merge([report_of([measure]) for measure in measures])

    assert equal(codec.open_report(codec.encode(merged, {})).load(), merged)


def test_the_header_answers_without_rows(report: Report, data: bytes) -> None:
    stored = codec.open_report(data)

    assert stored.files == ("a.py", "b.py", "c/é.py")
    assert stored.rows == len(report.line)
    assert stored.totals == totals(report)
    assert np.array_equal(stored.file_totals, file_totals(report))
    assert stored.counts.tolist() == [5, 2, 1]
    assert stored.last_line.tolist() == [70_000, 3, 3]
    assert stored.texts == ("a", "jump")


def test_equal_reports_have_equal_bytes(report: Report, data: bytes) -> None:
    again = report_of(reversed(MEASURES))

    assert codec.encode(again, {"joined": True, "flags": ["unit"]}) == data


def test_some_files_can_be_read_alone(report: Report, data: bytes) -> None:
    part = codec.open_report(data).load_files(["c/é.py", "unknown.py", "a.py"])

    assert equal(part, select_files(report, np.array([True, False, True])))


def test_reading_no_file_gives_an_empty_report(data: bytes) -> None:
    assert equal(codec.open_report(data).load_files([]), report_of([]))


def test_only_the_blocks_of_the_wanted_files_are_read() -> None:
    big = report_of([])
    rows = 70_000
    offsets = np.array([0, rows, 2 * rows])
    line = np.tile(np.arange(1, rows + 1, dtype=np.int32), 2)
    columns = {"line": line, "hits": line.astype(np.int64), "kind": np.zeros(2 * rows, dtype=np.uint8)}
    data = codec.encode(Report(("a.py", "b.py"), offsets, **columns, **_no_facts(big)), {})
    damaged = data[:-10] + bytes(10)

    first = codec.open_report(damaged).load_files(["a.py"])

    assert len(first.line) == rows
    with pytest.raises(codec.ReportCorrupt):
        codec.open_report(damaged).load_files(["b.py"])


def test_unsorted_reports_cannot_be_written(report: Report) -> None:
    fields = {name: getattr(report, name) for name in Report.__slots__}

    with pytest.raises(ValueError, match="sorted"):
        codec.encode(Report(**(fields | {"files": report.files[::-1]})), {})


def test_facts_that_are_no_json_are_refused(report: Report) -> None:
    with pytest.raises(ValueError, match="JSON"):
        codec.encode(report, {"ratio": float("nan")})


@pytest.mark.parametrize("kind", ["flipped", "truncated", "extended", "zeroed"])
def test_any_damage_is_noticed(data: bytes, kind: str) -> None:
    damage: dict[str, Callable[[int], bytes]] = {
        "flipped": lambda at: data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :],
        "truncated": lambda at: data[:at],
        "extended": lambda at: data + bytes(at + 1),
        "zeroed": lambda at: data[:at] + bytes(len(data) - at) if any(data[at:]) else data[:at],
    }

    for at in range(len(data)):
        with pytest.raises(codec.CodecError):
            codec.open_report(damage[kind](at)).load()


def test_a_newer_version_is_named(data: bytes) -> None:
    newer = data[:8] + (2).to_bytes(2, "little") + data[10:]

    with pytest.raises(codec.ReportVersionUnknown, match="version 2"):
        codec.open_report(newer)


@pytest.mark.parametrize("junk", [b"", b"x", b"PK\x03\x04" * 40, bytes(100)])
def test_other_bytes_are_no_report(junk: bytes) -> None:
    with pytest.raises(codec.ReportCorrupt):
        codec.open_report(junk)


def test_a_forged_header_can_do_nothing_but_be_corrupt(data: bytes) -> None:
    header = zstandard.decompress(data[START : START + int.from_bytes(data[10:14], "little")])
    body = data[START + int.from_bytes(data[10:14], "little") :]
    reference = oracle.read(codec.open_report(data).load())

    for at in range(len(header)):
        for value in (0, 1, 127, 255, header[at] ^ 1):
            forged = _with_header(header[:at] + bytes([value]) + header[at + 1 :], body)
            _reads_or_is_corrupt(forged, reference)


def test_a_forged_block_can_do_nothing_but_be_corrupt(data: bytes) -> None:
    stored_size = int.from_bytes(data[10:14], "little")
    header, body = zstandard.decompress(data[START : START + stored_size]), data[START + stored_size :]
    content = zstandard.decompress(body)
    digest = header.index(hashlib.sha256(content).digest())

    for at in range(len(content)):
        for value in (0, 1, 127, 255, content[at] ^ 1):
            forged = content[:at] + bytes([value]) + content[at + 1 :]
            block = zstandard.ZstdCompressor(level=3).compress(forged)
            if len(block) == len(body):
                changed = header[:digest] + hashlib.sha256(forged).digest() + header[digest + 32 :]
                _reads_or_is_corrupt(_with_header(changed, block), None)


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**28, 2**32 - 1])
def test_absurd_sizes_are_not_believed(data: bytes, size: int) -> None:
    for place in (10, 14):
        with pytest.raises(codec.ReportCorrupt):
            codec.open_report(data[:place] + size.to_bytes(4, "little") + data[place + 4 :])


def test_a_compressed_bomb_is_not_unpacked(data: bytes) -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(2**26))
    prefix = data[:10] + len(bomb).to_bytes(4, "little") + (1000).to_bytes(4, "little")

    with pytest.raises(codec.ReportCorrupt, match="another size"):
        codec.open_report(prefix + bytes(32) + bomb)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300), max_size=40))
def test_columns_of_any_integers_come_back(values: list[int]) -> None:
    column = np.array(values, dtype=np.int64)

    reader = ColumnReader(b"".join(write_ints(column)))

    assert reader.ints(len(values), np.int64, -(2**63), 2**63 - 1).tolist() == values
    reader.end()


@pytest.mark.parametrize(("value", "low", "high"), [(-1, 0, 9), (10, 0, 9), (300, 0, 299), (2, 3, 9)])
def test_values_out_of_range_are_corrupt(value: int, low: int, high: int) -> None:
    column = np.array([value, *[max(low, 4)] * 9])

    with pytest.raises(codec.ReportCorrupt):
        ColumnReader(b"".join(write_ints(column))).ints(10, np.int64, low, high)


def _columns(report: Report) -> list[np.ndarray]:
    missing, complexity = report.missing, report.complexity
    sparse = [missing.row, missing.arms, missing.offsets, missing.ids, complexity.row, complexity.value]
    return [report.offsets, report.line, report.hits, report.kind, report.branch_row, report.branch_arms, *sparse]


def _no_facts(empty: Report) -> dict[str, object]:
    return {name: getattr(empty, name) for name in ("branch_row", "branch_arms", "missing", "complexity")}


def _with_header(header: bytes, body: bytes) -> bytes:
    stored = zstandard.ZstdCompressor(level=3).compress(header)
    prefix = b"\x89COV\r\n\x1a\n" + b"".join(
        [(1).to_bytes(2, "little"), len(stored).to_bytes(4, "little"), len(header).to_bytes(4, "little")]
    )
    return prefix + hashlib.sha256(prefix + header).digest() + stored + body


def _reads_or_is_corrupt(forged: bytes, reference: dict[oracle.Place, oracle.Joined] | None) -> None:
    """A changed name may still be a report; nothing but ReportCorrupt may be raised, and rows keep their number."""
    try:
        stored = codec.open_report(forged)
        rows = stored.load()
        merge([stored])
    except codec.ReportCorrupt:
        return
    assert len(rows.line) == stored.rows
    assert reference is None or len(reference) == stored.rows
