"""The merge rule against the oracle, its laws, and the examples of the documentation."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Joined, Measure, report_of

from app.logic.coverage import codec
from app.logic.coverage import merge as merge_module
from app.logic.coverage.measure import equal
from app.logic.coverage.merge import merge
from app.logic.coverage.report import BRANCH, IGNORED, METHOD, Report

LINE = ("a.py", 1)
IDS = ["1", "2", "3", "exit", "0:1", "0:2", "7:3", "0:jump", "a", "é"]


@st.composite
def measures(draw: st.DrawFn, paths: Sequence[str] = ("a.py", "b.py")) -> Measure:
    place = {"path": draw(st.sampled_from(paths)), "line": draw(st.integers(1, 4)), "kind": draw(st.integers(0, 2))}
    complexity = draw(st.none() | st.tuples(st.integers(0, 3), st.integers(-1, 3)))
    if draw(st.integers(0, 2)) == 0:
        return Measure(hits=draw(st.sampled_from([0, 0, 1, 5, IGNORED])), complexity=complexity, **place)
    arms = draw(st.integers(1, 4))
    hits = draw(st.integers(0, arms))
    size = draw(st.sampled_from([arms - hits] * 4 + [1]))
    missing = draw(st.none() | st.lists(st.sampled_from(IDS), min_size=size, max_size=size).map(tuple))
    return Measure(hits=hits, arms=arms, missing=missing, complexity=complexity, **place)


uploads = st.lists(st.lists(measures(), max_size=6), min_size=1, max_size=4)
ruby_uploads = st.lists(st.lists(measures(paths=("a.rb", "b.py")), max_size=6), min_size=1, max_size=4)
modest = settings(max_examples=60, deadline=None)


def stored(report: Report) -> codec.StoredReport:
    return codec.open_report(codec.encode(report, {}))


@modest
@given(uploads | ruby_uploads)
def test_a_merge_equals_the_oracle(uploads: list[list[Measure]]) -> None:
    expected = oracle.merge(uploads)

    merged = merge([report_of(upload) for upload in uploads])

    assert oracle.read(merged) == expected


@modest
@given(uploads | ruby_uploads, st.randoms())
def test_order_and_repetition_do_not_change_a_byte(uploads: list[list[Measure]], random) -> None:
    sources = [report_of(upload) for upload in uploads]
    again = [*sources, *random.choices(sources, k=2)]
    random.shuffle(again)

    one, other = merge(sources), merge([stored(source) for source in again])

    assert codec.encode(one, {}) == codec.encode(other, {})


@modest
@given(uploads, st.integers(0, 4))
def test_merging_merged_reports_changes_nothing(uploads: list[list[Measure]], cut: int) -> None:
    sources = [report_of(upload) for upload in uploads]

    grouped = merge([stored(merge(sources[:cut])), merge([stored(source) for source in sources[cut:]])])

    assert codec.encode(grouped, {}) == codec.encode(merge(sources), {})


@modest
@given(uploads, st.lists(measures(), max_size=6))
def test_an_upload_never_lowers_a_status(uploads: list[list[Measure]], added: list[Measure]) -> None:
    order = ["miss", "partial", "hit", "skipped"]
    before = oracle.read(merge([report_of(upload) for upload in uploads]))

    after = oracle.read(merge([report_of(upload) for upload in [*uploads, added]]))

    assert all(
        order.index(oracle.status(after[place])) >= order.index(oracle.status(before[place])) for place in before
    )


@modest
@given(uploads)
def test_lines_repeated_within_an_upload_are_joined_as_if_they_were_uploads(uploads: list[list[Measure]]) -> None:
    together = [measure for upload in uploads for measure in upload]

    merged = merge([report_of(together)])

    assert codec.encode(merged, {}) == codec.encode(merge([report_of([measure]) for measure in together]), {})


@modest
@given(uploads | ruby_uploads)
def test_ranked_and_dense_slots_agree(uploads: list[list[Measure]]) -> None:
    sources = [stored(report_of(upload)) for upload in uploads]
    dense = merge(sources)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge_module, "_SLOTS_PER_ROW", 0)
        patch.setattr(merge_module, "_SLOTS_ALWAYS", -1)
        ranked = merge(sources)

    assert codec.encode(ranked, {}) == codec.encode(dense, {})


def fraction(text: str, *missing: str) -> Measure:
    """`1/4` with the ids of the missing arms, as the examples are written; without ids the list is unknown."""
    covered, arms = map(int, text.split("/"))
    return Measure(1, covered, arms, missing or None)


def plain(hits: int) -> Measure:
    return Measure(1, hits)


UNKNOWN_PARTIAL = Measure(1, 1, 2)  # what parsers emit for "partially covered, counts unknown"

EXAMPLES = [
    ([plain(0), plain(3)], "3"),
    ([plain(0), plain(1), plain(5)], "5"),
    ([fraction("1/2", "12"), fraction("1/2", "14")], "2/2"),
    ([fraction("1/2", "12"), fraction("1/2", "12")], "1/2 12"),
    ([fraction("2/4", "0", "1"), fraction("2/4", "1", "2")], "3/4 1"),
    ([fraction("1/2"), fraction("0/2")], "1/2"),
    ([fraction("1/2"), fraction("1/2")], "1/2"),
    ([fraction("1/4", "0", "1", "2"), plain(7)], "4/4"),
    ([fraction("0/4", "0", "1", "2", "3"), plain(0)], "0/4"),
    ([plain(IGNORED), plain(4)], "-1"),
    ([plain(IGNORED), fraction("2/2")], "-1"),
    ([UNKNOWN_PARTIAL, plain(0)], "1/2"),
    ([UNKNOWN_PARTIAL, plain(1)], "2/2"),
    ([UNKNOWN_PARTIAL, fraction("1/2", "3")], "1/2 3"),
    ([UNKNOWN_PARTIAL, fraction("0/2")], "1/2"),
    ([UNKNOWN_PARTIAL, fraction("0/1")], "1/2"),
    ([fraction("1/2", "a"), fraction("0/2", "a", "b"), fraction("1/2", "b")], "2/2"),
    ([fraction("0/4", "0", "1", "2", "3"), fraction("3/4")], "3/4"),
    ([fraction("0/2", "0:5", "0:6"), fraction("0/1", "0")], "0/2"),
    ([fraction("1/4", "0:jump"), fraction("1/4", "0:jump")], "1/4"),
    ([fraction("2/2"), fraction("4/4")], "4/4"),
    ([fraction("2/2"), fraction("0/2", "a", "b")], "2/2"),
    ([fraction("1/4", "1", "2", "3"), fraction("1/4", "0", "2", "3"), fraction("1/4", "0", "1", "3")], "3/4 3"),
    ([fraction("1/4", "1", "2", "3"), fraction("1/4", "0", "2", "3")], "2/4 2 3"),
    ([fraction("0/2", "0:5", "0:6"), fraction("0/2", "a", "b")], "0/2"),
    ([fraction("1/2", "0"), fraction("2/3", "1")], "2/3 1 0"),
    ([fraction("1/2"), fraction("0/2", "a", "b")], "1/2"),
    ([fraction("1/2"), fraction("2/3")], "2/3"),
    ([fraction("1/2"), fraction("1/6")], "1/6"),
    ([fraction("0/2"), fraction("1/2")], "1/2"),
    ([plain(3), fraction("1/2", "0")], "2/2"),
    ([plain(0), fraction("1/2", "0")], "1/2 0"),
    ([fraction("1/2", "1"), fraction("1/2", "0:1")], "1/2 0:1 1"),
    ([fraction("1/2", "exit"), fraction("1/2", "12")], "2/2"),
]


@pytest.mark.parametrize(("entries", "result"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_examples_of_the_merge_rule(entries: list[Measure], result: str) -> None:
    value, *missing = result.split()

    forward = oracle.read(merge([report_of([entry]) for entry in entries]))[LINE]
    backward = oracle.read(merge([report_of([entry]) for entry in reversed(entries)]))[LINE]

    shown = f"{forward.hits}/{forward.arms}" if forward.arms else str(forward.hits)
    assert forward == backward
    assert shown == value
    assert {text for _, _, ids in forward.missing for text in ids} == set(missing)


def test_the_larger_kind_and_the_larger_complexity_win() -> None:
    one = Measure(1, 1, kind=BRANCH, complexity=(9, -1))
    two = Measure(1, 0, kind=METHOD, complexity=(2, 5))
    three = Measure(1, 0, complexity=(3, 4))

    merged = oracle.read(merge([report_of([measure]) for measure in (one, two, three)]))

    assert merged[LINE] == Joined(1, kind=METHOD, complexity=(3, 5))


def test_a_ruby_file_that_was_never_loaded_says_nothing_about_a_loaded_one() -> None:
    loaded = report_of([Measure(1, 1, path="a.rb"), Measure(2, 0, path="a.rb")])
    listed = report_of([Measure(line, 0, path=path) for path in ("a.rb", "b.py") for line in range(1, 6)])

    merged = oracle.read(merge([loaded, stored(listed)]))

    assert {place: joined.hits for place, joined in merged.items() if place[0] == "a.rb"} == {
        ("a.rb", 1): 1,
        ("a.rb", 2): 0,
    }
    assert len(merged) == 7


def test_ruby_files_that_no_upload_has_loaded_are_merged_like_others() -> None:
    one, other = (report_of([Measure(line, 0, path="a.rb") for line in lines]) for lines in ((1, 2), (2, 3)))

    merged = merge([one, other])

    assert merged.line.tolist() == [1, 2, 3]


def test_texts_of_different_reports_are_compared_by_their_letters() -> None:
    one = report_of([Measure(1, 1, 3, ("a", "c")), Measure(2, 1, 2, ("z",))])
    other = report_of([Measure(1, 1, 3, ("b", "c")), Measure(3, 1, 2, ("y",))])

    merged = merge([stored(one), other])

    assert merged.missing.texts == ("c", "y", "z")
    assert oracle.read(merged)[LINE] == Joined(2, 3, ((2, 3, frozenset("c")),))


def test_absurd_line_numbers_do_not_cost_memory_by_their_size() -> None:
    sparse = [
        report_of([Measure(1_000_000, 1, path=f"{number}.py") for number in range(start, start + 40)])
        for start in (0, 20)
    ]

    merged = merge(sparse)

    assert len(merged.files) == 60
    assert set(merged.line.tolist()) == {1_000_000}


def test_nothing_merged_is_an_empty_report() -> None:
    merged = merge([])

    assert merged.files == ()
    assert equal(merged, report_of([]))


def test_merging_leaves_its_sources_alone() -> None:
    source = report_of([Measure(1, 1, 2, ("a",)), Measure(2, 0)])
    columns = [np.copy(source.hits), np.copy(source.missing.ids)]

    merge([source, dataclasses.replace(source)])

    assert np.array_equal(source.hits, columns[0])
    assert np.array_equal(source.missing.ids, columns[1])
