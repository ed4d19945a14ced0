"""How parsed rows become an upload report."""

import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Joined, Measure, ints, read, report_of, rows_of

from app.logic.coverage.builder import PACK_ROWS, IgnoredLines, ReportBuilder
from app.logic.coverage.dropped import DropReason
from app.logic.coverage.measure import equal
from app.logic.coverage.report import IGNORED, Rows


def simple(builder: ReportBuilder, path: str, lines: dict[int, int]) -> Rows:
    return Rows([builder.file(path)], [len(lines)], ints(*lines), ints(*lines.values()))


def test_files_and_lines_are_sorted_whatever_their_order() -> None:
    builder = ReportBuilder()
    builder.add(simple(builder, "b.py", {9: 1, 3: 2}))
    builder.add(simple(builder, "a.py", {2: 3}))
    builder.add(simple(builder, "b.py", {5: 4}))

    report = builder.build()

    assert report.files == ("a.py", "b.py")
    assert report.offsets.tolist() == [0, 1, 4]
    assert report.line.tolist() == [2, 3, 5, 9]
    assert report.hits.tolist() == [3, 2, 4, 1]


def test_an_empty_builder_gives_an_empty_report() -> None:
    report = ReportBuilder().build()

    assert report.files == ()
    assert report.offsets.tolist() == [0]


def test_building_forgets_the_rows() -> None:
    builder = ReportBuilder()
    builder.add(simple(builder, "a.py", {1: 1}))
    builder.build()

    assert builder.build().files == ()


def test_a_block_may_hold_runs_of_many_files_and_dropped_ones() -> None:
    builder = ReportBuilder(resolve=lambda candidates, bases: None if "generated" in candidates[0] else candidates[0])
    files = [builder.file(path) for path in ("b.py", "generated.py", "a.py")]

    builder.add(Rows([*files, files[0]], [1, 2, 2, 1], ints(1, 1, 2, 1, 2, 2), ints(5, 6, 6, 7, 8, 9)))

    assert read(builder.build()) == {
        ("a.py", 1): Joined(7),
        ("a.py", 2): Joined(8),
        ("b.py", 1): Joined(5),
        ("b.py", 2): Joined(9),
    }
    assert builder.dropped_paths.samples == {DropReason.NO_MATCH: ("generated.py",)}
    assert builder.dropped_path_count == 1


def test_dropped_paths_are_counted_once_each_and_a_few_are_named() -> None:
    builder = ReportBuilder(resolve=lambda candidates, bases: None)

    numbers = [builder.file(f"{number}.py", "other.py") for number in (1, 2, 3, 4, 5, 1, 2)]

    assert set(numbers) == {-1}
    assert builder.dropped_path_count == 5
    assert builder.dropped_paths.samples == {DropReason.NO_MATCH: ("1.py", "2.py", "3.py")}


def test_dropped_paths_are_counted_by_reason_and_taken_back_with_their_document() -> None:
    reasons = {"a.py": DropReason.IGNORED, "b.py": DropReason.AMBIGUOUS, "c.py": DropReason.IGNORED}
    builder = ReportBuilder()
    builder.begin_document(lambda candidates, bases: reasons[candidates[0]])
    first = [builder.file("a.py"), builder.file("b.py")]
    builder.begin_document(lambda candidates, bases: reasons[candidates[0]])
    second = builder.file("c.py")

    before = dict(builder.dropped_paths.counts)
    builder.forget_document()

    assert [*first, second] == [-1, -1, -1]
    assert before == {DropReason.IGNORED: 2, DropReason.AMBIGUOUS: 1}
    assert builder.dropped_paths.counts == {DropReason.IGNORED: 1, DropReason.AMBIGUOUS: 1}
    assert builder.dropped_paths.samples == {DropReason.IGNORED: ("a.py",), DropReason.AMBIGUOUS: ("b.py",)}


def test_the_resolver_sees_all_candidates_and_bases_once() -> None:
    seen: list[tuple[Sequence[str], Sequence[str]]] = []
    builder = ReportBuilder(resolve=lambda candidates, bases: seen.append((candidates, bases)) or "a.py")

    numbers = [builder.file("x/a.py", "a.py", bases=["src"]) for _ in range(3)]

    assert numbers == [0, 0, 0]
    assert seen == [(("x/a.py", "a.py"), ("src",))]


def test_raw_paths_of_one_repository_file_are_united() -> None:
    builder = ReportBuilder(resolve=lambda candidates, bases: candidates[0].removeprefix("/build/"))
    builder.add(simple(builder, "/build/a.py", {1: 0, 2: 0}))
    builder.add(simple(builder, "a.py", {2: 3}))

    assert read(builder.build()) == {("a.py", 1): Joined(0), ("a.py", 2): Joined(3)}


def test_a_path_that_has_no_utf8_form_is_made_storable() -> None:
    builder = ReportBuilder()
    builder.add(simple(builder, "a\ud800.py", {1: 1}))

    assert builder.build().files == ("a?.py",)


def test_each_document_has_its_own_resolver_and_can_be_taken_back() -> None:
    builder = ReportBuilder()
    builder.begin_document(lambda candidates, bases: "one/" + candidates[0])
    builder.add(simple(builder, "a.py", {1: 1}))
    builder.begin_document(lambda candidates, bases: "two/" + candidates[0] if candidates[0] != "x.py" else None)
    builder.add(simple(builder, "a.py", {1: 1, 0: 1}))
    builder.add(simple(builder, "x.py", {1: 1}))
    builder.forget_document()
    builder.add(simple(builder, "b.py", {1: 1}))

    report = builder.build()

    assert report.files == ("one/a.py", "two/b.py")
    assert (builder.rows_seen, builder.dropped_lines, builder.dropped_path_count) == (2, 0, 0)


def test_lines_out_of_range_are_dropped_and_counted() -> None:
    builder = ReportBuilder(max_line=100)
    builder.add(simple(builder, "a.py", {0: 1, -7: 1, 1: 1, 100: 1, 101: 1, 2**60: 1}))

    report = builder.build()

    assert report.line.tolist() == [1, 100]
    assert (builder.dropped_lines, builder.rows_seen) == (4, 6)


def test_facts_of_dropped_lines_go_with_them() -> None:
    builder = ReportBuilder(max_line=100)
    for measure in (Measure(101, 1, 2, ("9",), 1, (1, 2)), Measure(7, 1, 2, ("8",), 1, (3, 4))):
        builder.add(rows_of(builder, measure))

    assert read(builder.build()) == {("a.py", 7): Joined(1, 2, ((0, 2, frozenset(["8"])),), 1, (3, 4))}


def test_ignored_lines_are_not_tracked_under_the_repository_path() -> None:
    builder = ReportBuilder(
        resolve=lambda candidates, bases: candidates[0].removeprefix("./"),
        ignored={"a.kt": IgnoredLines(frozenset([3, 5]), eof=7), "b.kt": IgnoredLines(frozenset([1]))},
    )
    builder.add(simple(builder, "./a.kt", dict.fromkeys(range(1, 10), 1)))
    builder.add(simple(builder, "./b.kt", {1: 1, 2: 1}))
    builder.add(simple(builder, "./c.kt", {3: 1}))

    report = builder.build()

    assert list(read(report)) == [("a.kt", line) for line in (1, 2, 4, 6, 7)] + [("b.kt", 2), ("c.kt", 3)]
    assert builder.dropped_lines == 0


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Measure(1, -5), Joined(0)),
        (Measure(1, IGNORED), Joined(IGNORED)),
        (Measure(1, 2**40), Joined(2**31 - 1)),
        (Measure(1, 5, 2), Joined(2, 2)),
        (Measure(1, 5, -2), Joined(5)),
        (Measure(1, -5, 2), Joined(0, 2)),
        (Measure(1, IGNORED, 2, ("a", "b")), Joined(IGNORED)),
        (Measure(1, 1, 2, ("7",)), Joined(1, 2, ((0, 2, frozenset(["7"])),))),
        (Measure(1, 0, 2, ("7", "8")), Joined(0, 2, ((0, 2, frozenset(["7", "8"])),))),
        (Measure(1, 1, 4, ("0:jump",)), Joined(1, 4)),
        (Measure(1, 1, 2, ("7", "8")), Joined(1, 2)),
        (Measure(1, 1, 3, ("8", "8")), Joined(1, 3)),
        (Measure(1, 1, 2, ("7", "7")), Joined(1, 2, ((0, 2, frozenset(["7"])),))),
        (Measure(1, 2, 2, ()), Joined(2, 2)),
        (Measure(1, 3, complexity=(-4, -9)), Joined(3, complexity=(0, -1))),
    ],
)
def test_values_are_put_in_order_on_the_way_in(measure: Measure, expected: Joined) -> None:
    assert read(report_of([measure])) == {("a.py", 1): expected}


def test_a_list_with_an_arm_that_has_no_code_is_dropped() -> None:
    builder = ReportBuilder()
    builder.add(
        Rows(
            [builder.file("a.py")],
            [2],
            ints(1, 2),
            ints(1, 1),
            branch_row=ints(0, 1),
            branch_arms=ints(2, 2),
            missing_row=ints(0, 1),
            missing_offsets=ints(0, 1, 2),
            missing_ids=ints(-1, 4),
        )
    )

    assert read(builder.build()) == {
        ("a.py", 1): Joined(1, 2),
        ("a.py", 2): Joined(1, 2, ((0, 2, frozenset(["4"])),)),
    }


def test_lines_measured_twice_are_joined_by_the_merge_rule() -> None:
    measures = [
        Measure(1, 0),
        Measure(1, 4),
        Measure(2, 1, 2, ("a",)),
        Measure(2, 1, 2, ("b",)),
        Measure(3, 1, 3, ("5", "6")),
        Measure(3, 1, 3, ("6", "7"), complexity=(4, -1)),
        Measure(4, 0, 2, ("5", "6")),
    ]

    assert read(report_of(measures)) == {
        ("a.py", 1): Joined(4),
        ("a.py", 2): Joined(2, 2),
        ("a.py", 3): Joined(2, 3, ((0, 3, frozenset(["6"])),), 0, (4, -1)),
        ("a.py", 4): Joined(0, 2, ((0, 2, frozenset(["5", "6"])),)),
    }


def test_a_line_repeated_very_often_costs_no_more_than_its_rows() -> None:
    builder = ReportBuilder()
    count = 200_000
    builder.add(Rows([builder.file("a.py")], [count], np.full(count, 7), np.arange(count)))

    assert read(builder.build()) == {("a.py", 7): Joined(count - 1)}


ids = st.lists(st.sampled_from(["1", "2", "exit", "0:1", "zz", "aa"]), max_size=3).map(tuple)
facts = st.builds(
    Measure,
    line=st.integers(0, 6),
    hits=st.integers(-2, 4),
    arms=st.integers(0, 3),
    missing=st.none() | ids,
    kind=st.integers(0, 2),
    complexity=st.none() | st.tuples(st.integers(0, 3), st.integers(-1, 3)),
    path=st.sampled_from(["a.py", "b.py", "c.py"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, max_size=12), st.randoms())
def test_the_order_and_the_size_of_blocks_do_not_matter(measures: list[Measure], chance: random.Random) -> None:
    expected = report_of(measures)
    shuffled = chance.sample(measures, len(measures))
    builder = ReportBuilder()
    for measure in shuffled:
        builder.add(rows_of(builder, measure))
        if chance.random() < 0.5:
            builder.begin_document(None)

    assert equal(builder.build(), expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, max_size=12))
def test_lines_of_an_upload_are_those_of_the_oracle(measures: list[Measure]) -> None:
    valid = [m for m in map(_normal, measures) if m.line > 0]
    places: dict[oracle.Place, list[Measure]] = {}
    for m in valid:
        places.setdefault((m.path, m.line), []).append(m)
    expected = {place: oracle.join(found) for place, found in places.items() if len(found) > 1}

    built = read(report_of(measures))

    assert built.keys() == places.keys()
    assert {place: built[place] for place in expected} == expected


def _normal(m: Measure) -> Measure:
    hits = m.hits if m.hits >= IGNORED else 0
    return Measure(m.line, min(hits, m.arms) if m.arms else hits, m.arms, m.missing, m.kind, m.complexity, m.path)


def test_columns_that_do_not_fit_together_are_refused() -> None:
    builder = ReportBuilder()

    builder.add(Rows([builder.file("a.py")], [3], ints(1, 2), ints(1, 1)))

    with pytest.raises(ValueError, match="3 rows of files"):
        builder.build()


def test_memory_follows_the_rows_and_not_the_line_numbers() -> None:
    builder = ReportBuilder()
    blocks, rows = 8, PACK_ROWS
    line = np.sort(np.random.default_rng(7).choice(999_999, rows, replace=False)) + 1
    hits = np.ones(rows, dtype=np.int64)
    tracemalloc.start()

    for number in range(blocks):
        builder.add(Rows([builder.file(f"{number}.py")], [rows], line, hits))
    builder.build()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * blocks * rows
