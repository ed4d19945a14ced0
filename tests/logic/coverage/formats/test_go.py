"""Go cover profiles."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SAMPLES, lines_of, read, status, values_of

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import go
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.go_segments import Span, Value, evaluate, segment
from app.logic.coverage.measure import totals
from app.logic.coverage.totals import Totals

ENTRIES = [
    entry
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "go cover profile"
]
CART = """mode: set
acme/shop/cart.go:5.30,7.12 2 1
acme/shop/cart.go:7.12,9.3 1 0
acme/shop/cart.go:10.2,10.15 1 1
acme/shop/cart.go:12.5,12.20 1 1
acme/shop/cart.go:12.20,12.40 1 0
acme/shop/cart.go:14.1,15.2 1 0
acme/shop/cart.go:14.1,15.2 1 3
"""
# Each of the two readers has to pass every test of this module.
READERS = {"plain": go.parse_plainly, "scanning": go.parse_scanning}


@pytest.fixture(params=READERS)
def parse(request, monkeypatch):
    """Read a document; return the values of its lines by path and the statistics."""

    def run(text: str | bytes, *switches: str):
        for name in ("parse_plainly", "parse_scanning"):
            monkeypatch.setattr(go, name, READERS[request.param])
        builder = ReportBuilder()
        data = text.encode() if isinstance(text, str) else text
        stats = go.parse(data, builder, FormatOptions(frozenset(switches)))
        return {path: values_of(lines) for path, lines in lines_of(builder.build()).items()}, stats

    return run


def profile(*blocks: str, path: str = "a.go") -> str:
    return "\n".join(("mode: count", *(f"{path}:{block}" for block in blocks), ""))


def test_the_worked_example():
    outcome, files = read(CART, "cover.out")

    assert outcome.outcome == "ok"
    assert list(files) == ["acme/shop/cart.go"]
    lines = files["acme/shop/cart.go"]
    assert values_of(lines) == {5: 1, 6: 1, 7: "1/2", 8: 0, 9: 0, 10: 1, 12: "1/2", 14: 3}
    assert {(line.kind, line.missing) for line in lines.values()} == {("", ())}


def test_the_totals_of_the_worked_example():
    builder = ReportBuilder()

    go.parse(CART.encode(), builder, FormatOptions())

    found = totals(builder.build())
    assert found == Totals(files=1, hits=4, misses=2, partials=2)
    assert found.coverage == "50.00000"


def test_partials_of_the_worked_example_can_count_as_hits(parse):
    files, _ = parse(CART, "go.partials_as_hits")

    assert files["acme/shop/cart.go"] == {5: 1, 6: 1, 7: 1, 8: 0, 9: 0, 10: 1, 12: 1, 14: 3}


@pytest.mark.parametrize(
    ("spans", "value"),
    [
        ([(1, 5, 1), (5, 7, 1), (8, 9, 0), (9, 12, 0)], Value(1, 2)),
        ([(1, 10, 0), (4, 6, 1)], Value(1, 3)),
        ([(1, None, 1), (2, None, 0)], Value(1, 0)),
        ([(2, 24, 1), (24, None, 0)], Value(1, 2)),
        ([(2, 35, 1), (35, None, 1)], Value(1, 0)),
        ([(2, 10, 1), (10, 20, 5)], Value(2, 2)),
        ([(5, 5, 4), (7, 7, 2)], Value(4, 0)),
        ([(0, None, 0), (1, 20, 5)], Value(1, 2)),
        ([(0, 1, 3), (4, 9, 0)], Value(0, 0)),
        ([(0, 1, 3)], Value(3, 0)),
        ([(0, None, 2), (0, None, 6)], Value(6, 0)),
        ([(0, None, 0), (9, None, 1)], Value(1, 2)),
        ([(3, 9, 0), (12, None, 1), (15, None, 4)], Value(1, 2)),
    ],
)
def test_a_line_is_worth_its_segments(spans, value):
    assert evaluate([Span(*span) for span in spans]) == value


def test_spans_fall_into_segments_of_equal_hits():
    assert segment([(1, 5, 1), (5, 7, 1), (8, 9, 0), (9, 12, 0)]) == [(1, 7, 1), (8, 12, 0)]
    assert segment([(1, 10, 0), (4, 6, 1)]) == [(1, 4, 0), (4, 6, 1), (6, 10, 0)]


def column_by_column(spans: list[Span]) -> Value:
    """The rule of a line as the format's description states it, one column at a time."""
    columns: dict[int, int] = {}

    def lay(start: int, end: int, hits: int) -> None:
        for column in range(start, end):
            columns[column] = max(hits, columns.get(column, hits))

    for span in spans:
        if span.end is not None:
            lay(span.start, span.end, span.hits)
    opened = [span for span in spans if span.end is None]
    behind = max(columns or [span.start for span in opened], default=-1) + 1
    for span in opened:
        lay(span.start, behind, span.hits)
    runs: list[list[int]] = []
    for column, hits in sorted(columns.items()):
        if runs and runs[-1][2] == hits:
            runs[-1][1] = column + 1
        else:
            runs.append([column, column + 1, hits])
    if runs and runs[0][:2] == [0, 1]:
        runs.pop(0)
    counts = [hits for _, _, hits in runs]
    if opened and counts[-1:] != [max(span.hits for span in opened)]:
        counts.append(max(span.hits for span in opened))
    if not counts:
        return Value(max(span.hits for span in spans), 0)
    return Value(counts[0], 0) if len(counts) == 1 else Value(sum(map(bool, counts)), len(counts))


SPANS = st.lists(st.builds(Span, st.integers(0, 8), st.none() | st.integers(0, 9), st.integers(0, 3)), min_size=1)


@given(SPANS)
@settings(max_examples=300)
def test_segments_are_those_of_single_columns(spans):
    assert evaluate(spans) == column_by_column(spans)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 8), st.integers(0, 9), st.integers(0, 3)), min_size=1))
@settings(max_examples=200)
def test_both_readers_evaluate_lines_of_many_blocks_alike(blocks):
    text = profile(*(f"{line}.{start},{line}.{end} 1 {hits}" for line, start, end, hits in blocks)).encode()
    expected = {
        line: column_by_column([Span(*block[1:]) for block in blocks if block[0] == line]) for line, *_ in blocks
    }

    for reader in READERS.values():
        builder = ReportBuilder()
        reader(text, builder, FormatOptions())
        found = values_of(lines_of(builder.build())["a.go"])
        assert found == {line: f"{n}/{of}" if of else n for line, (n, of) in expected.items()}


def test_a_block_that_ends_with_its_brace_does_not_count_the_line_of_the_brace(parse):
    files, _ = parse(profile("1.5,3.2 1 1", "10.5,12.3 1 1", "20.5,21.1 1 1"))

    assert files["a.go"] == {1: 1, 2: 1, 10: 1, 11: 1, 12: 1, 20: 1}


def test_lines_of_the_mode_and_of_function_lists_may_stand_anywhere(parse):
    text = profile("1.1,1.5 1 1") + "\n" + profile("2.1,2.5 1 0") + "a.go:12:\tRun\t75.0%\ntotal: (statements) 50.0%\n"

    files, stats = parse(text)

    assert files["a.go"] == {1: 1, 2: 0}
    assert stats == ParseStats(records=2)


@pytest.mark.parametrize(
    "line",
    [
        *("garbage", "a.go:1.1,2.2 1", "a.go:1.1,2.2 1 x", "a.go:1,2 1 1", "a.go:1.1,2.2 x 1", ":1.1,2.2 1 1"),
        *(
            "a.go:0.1,2.2 1 1",
            "a.go:3.1,2.2 1 1",
            "a.go:1.1,1000001.2 1 1",
            "a.go:-1.1,2.2 1 1",
            "a.go:1.1,2.2 1 1e400",
        ),
        *(f"a.go:1.1,{2**40}.2 1 1", f"a.go:{'9' * 5000}.1,2.2 1 1", f"a.go:1.{'9' * 40},2.2 1 1"),
        *("a.go:5.1,6.2 1 1b.go:7.1,8.2 1 0", "a.go:5.1,6.b.go:7.1,8.2 1 0", "a.go:1.1,2.2 1 1 1 ,"),
    ],
)
def test_a_bad_line_is_skipped_and_counted(parse, line):
    files, stats = parse(profile("1.1,1.5 1 1") + line + "\na.go:2.1,2.5 1 0\n")

    assert files == {"a.go": {1: 1, 2: 0}}
    assert (stats.records, stats.skipped) == (2, 1)
    assert stats.first_problem.startswith("line 3: ")


def test_a_profile_of_bad_lines_only_is_corrupt(parse):
    with pytest.raises(FormatError) as caught:
        parse("mode: set\na.go:12:3: undefined: x\n")

    assert caught.value.code == "corrupt"
    assert "line 2: not a block" in caught.value.detail


def test_a_profile_without_blocks_is_no_error(parse):
    assert parse("mode: atomic\n") == ({}, ParseStats())


@pytest.mark.parametrize(
    ("hits", "value"),
    [("0", 0), ("12345678", 12345678), ("9" * 30, 2**31 - 1), ("1e+3", 1000), ("-4", 0), ("007", 7), ("2.9", 2)],
)
def test_hits_may_be_any_number(parse, hits, value):
    files, _ = parse(profile(f"1.1,1.5 1 {hits}"))

    assert files["a.go"] == {1: value}


@pytest.mark.parametrize("path", [r"C:\w\a.go", "/home/ci/my code/a.go", "a b.go", "caf\u00e9.go", "a.go", "m"])
def test_a_block_is_matched_from_the_right(parse, path):
    files, _ = parse(profile("1.1,1.5 1 1", "2.1,2.5 1 0", path=path))

    assert files == {path: {1: 1, 2: 0}}


def test_paths_of_equal_length_are_told_apart(parse):
    paths = ["x/" + "a" * 20 + ".go", "x/" + "a" * 10 + "b" + "a" * 9 + ".go", "y/" + "a" * 20 + ".go", "a.go", "b.go"]

    files, _ = parse("".join(profile("1.1,1.5 1 1", "2.1,2.5 1 0", path=path) for path in paths))

    assert sorted(files) == sorted(paths)


def test_very_long_paths_are_read(parse):
    path = "d/" * 400 + "a.go"

    files, _ = parse(profile("1.1,1.5 1 1", "2.1,2.5 1 0", path=path))

    assert files == {path: {1: 1, 2: 0}}


def test_a_file_that_occurs_in_several_places_is_evaluated_as_a_whole(parse):
    part = profile("1.1,1.9 1 0", path="a.go") + profile("1.1,3.9 1 1", path="b.go")

    files, _ = parse(part + profile("1.9,2.5 1 4", path="a.go"))

    assert files == {"a.go": {1: "1/2", 2: 4}, "b.go": {1: 1, 2: 1, 3: 1}}


def test_a_path_is_also_tried_without_its_major_version():
    asked = []

    def resolve(candidates, bases):
        asked.append(list(candidates))
        return candidates[-1].removeprefix("github.com/acme/rocket/")

    _, files = read(profile("1.1,1.5 1 1", path="github.com/acme/rocket/v2/orbit/a.go"), resolve=resolve)

    assert asked == [["github.com/acme/rocket/v2/orbit/a.go", "github.com/acme/rocket/orbit/a.go"]]
    assert list(files) == ["orbit/a.go"]


def test_far_apart_blocks_cost_no_space_between_them(parse):
    files, _ = parse("".join(profile("1.1,1.5 1 1", "999999.1,1000000.5 1 0", path=f"{n}.go") for n in range(200)))

    assert len(files) == 200
    assert files["7.go"] == {1: 1, 999_999: 0, 1_000_000: 0}


def test_a_few_bytes_cannot_name_millions_of_lines(parse):
    with pytest.raises(FormatError) as caught:
        parse("".join(profile("1.1,1000000.5 1 1", path=f"{n}.go") for n in range(5)))

    assert caught.value.code == "too_large"


def test_lines_with_very_many_spans_are_evaluated(parse):
    spans = [f"1.{column},1.{column + 1} 1 {column % 2}" for column in range(1, 20_001)]

    files, _ = parse(profile(*spans))

    assert files["a.go"] == {1: "10000/20000"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_functions_of_a_real_profile_ran_as_far_as_the_tool_says(entry):
    _, files = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])
    starts = {}
    for function in entry["says"]["functions"]:
        path, _, line = function["at"].rpartition(":")
        starts.setdefault(path, []).append((int(line), function["percent"]))

    for path, functions in starts.items():
        ends = [line for line, _ in sorted(functions)[1:]] + [1 << 20]
        for (line, percent), end in zip(sorted(functions), ends, strict=True):
            found = [status(value) for at, value in files[path].items() if line <= at < end]
            if percent == "100.0%":
                assert set(found) == {"hit"}
            elif percent == "0.0%":
                assert set(found) == {"miss"}
            else:
                assert {"hit", "miss"} <= set(found)
