"""The JSON of `llvm-cov export`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Line, read
from worked_documents import LLVMCOV, plain

from app.logic.coverage.formats.llvmcov import Segment, line_counts


def document(segments: object, branches: object = ()) -> str:
    file = {"filename": "a.c", "segments": segments, "branches": list(branches)}
    return json.dumps({"data": [{"files": [file]}], "type": "llvm.coverage.json.export", "version": "2.0.1"})


START, END = [1, 1, 5, True, True, False], [9, 2, 0, False, False, False]


@pytest.mark.parametrize(
    ("segments", "lines"),
    [
        ([[1, 1, 5, True, True, False], [3, 2, 0, False, False, False]], plain(_1=5, _2=5, _3=5)),
        ([[1, 1, 5, True, True], [2, 2, 0, False, False]], plain(_1=5, _2=5)),  # version 2.0.0 has no gaps
        ([[1, 1, 5, True, True, False], [2, 1, 0, False, True, False], [4, 1, 5, True, False, False], [5, 1, 0, False, False, False]],
         plain(_1=5, _5=5)),  # the preprocessor skips the lines between
        ([[1, 1, 5, True, True, False], [2, 9, 0, True, False, True], [3, 5, 7, True, True, False], [4, 1, 0, False, False, False]],
         plain(_1=5, _2=5, _3=7, _4=7)),  # a gap is no start of a region
        ([[2, 1, 3, True, True, True], [2, 9, 0, False, False, False]], plain(_2=0)),  # nothing but a gap
        ([[2, 1, 0, False, False, False], [4, 1, 0, False, False, False]], {}),
        ([[1, 1, 2**63 - 1, True, True, False], [3, 2, -1, True, True, False]], plain(_1=2**31 - 1, _2=2**31 - 1, _3=2**31 - 1)),
        ([[1, 1, 2**64 - 1, True, True, False], [2, 2, 0, False, False, False]], plain(_1=2**31 - 1, _2=2**31 - 1)),
        ([[3, 1, 0, False, False, False], [1, 1, 5, True, True, False]], plain(_1=5, _2=5, _3=5)),  # out of order
    ],
)  # fmt: skip
def test_segments_become_the_counts_of_lines(segments, lines):
    assert read(document(segments))[1] == ({"a.c": lines} if lines else {})


def test_instances_of_a_template_join_by_outcome():
    branches = [
        [2, 7, 2, 12, 4, 0, 0, 0, 4],
        [2, 7, 2, 12, 0, 1, 0, 0, 4],
        [3, 7, 3, 9, 1, 0, 0, 0, 4],
        [3, 12, 3, 14, 0, 0, 0, 0, 4],
    ]

    _, report = read(document([START, END], branches))

    assert report["a.c"][2] == Line("2/2", "b")
    assert report["a.c"][3] == Line("1/4", "b", ("3:12:F", "3:12:T", "3:7:F"))


def test_folded_constants_are_no_branches():
    _, report = read(document([START, END], [[2, 7, 2, 12, 0, 0, 0, 0, 4]]))

    assert report["a.c"][2] == Line(5)


def test_conditions_of_lines_that_never_ran_are_missed():
    _, report = read(document([[1, 1, 0, True, True, False], END], [[2, 7, 2, 12, 0, 0, 0, 0, 4]]))

    assert report["a.c"][2] == Line("0/2", "b", ("2:7:F", "2:7:T"))


def test_partial_lines_may_be_hits():
    _, report = read(LLVMCOV, None, "llvmcov.partials_as_hits")

    assert report["/w/src/a.c"][7] == Line(1, "b")


@pytest.mark.parametrize("file", [{}, {"summary": {"lines": {"count": 5}}}, {"segments": [], "branches": []}])
def test_a_summary_has_no_data(file):
    text = json.dumps({"type": "llvm.coverage.json.export", "data": [{"files": [{"filename": "a.c", **file}]}]})

    outcome, _ = read(text)

    assert (outcome.format, outcome.outcome) == ("llvmcov", "no_data")


@pytest.mark.parametrize(
    "bad", [[], [2], ["x", 1, 1, True, True], [0, 1, 1, True, True], [16707566, 1, 1, True, True], None, 5]
)
def test_a_bad_segment_costs_only_itself(bad):
    outcome, report = read(document([START, bad, END]))

    assert (outcome.stats.skipped, outcome.outcome) == (1, "ok")
    assert report["a.c"] == dict.fromkeys(range(1, 10), Line(5))


@pytest.mark.parametrize("bad", [[], [2], ["x", 7, 2, 12, 0, 0], [-1, 7, 2, 12, 0, 0], [10**20, 7, 2, 12, 0, 0], None])
def test_a_bad_branch_costs_only_itself(bad):
    outcome, report = read(document([START, END], [bad]))

    assert (outcome.stats.skipped, report["a.c"]) == (1, dict.fromkeys(range(1, 10), Line(5)))


def test_endless_ranges_are_refused():
    file = {"filename": "a.c", "segments": [[1, 1, 5, True, True], [1_000_000, 1, 0, False, False]]}
    text = json.dumps({"type": "llvm.coverage.json.export", "data": [{"files": [file] * 3}]})

    assert read(text)[0].outcome == "too_large"


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Segment,
            st.integers(1, 12),
            st.integers(1, 9),
            st.integers(0, 9),
            st.booleans(),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
    )
)
def test_the_counts_are_those_of_the_rule_applied_to_each_line(segments):
    segments.sort(key=lambda segment: (segment.line, segment.column))

    assert line_counts(segments) == dict(counts_line_by_line(segments))


def counts_line_by_line(segments):
    """Apply the rule of LLVM's own line counts to each line by itself."""
    for line in range(segments[0].line, segments[-1].line + 1):
        own = [segment for segment in segments if segment.line == line]
        before = [segment for segment in segments if segment.line < line]
        wrapped = before[-1] if before else None
        starts = [segment for segment in own if segment.has_count and segment.is_entry and not segment.is_gap]
        skips = bool(own) and own[0].is_entry and not own[0].has_count
        mapped = not skips and ((wrapped is not None and wrapped.has_count) or bool(starts))
        if mapped or any(segment.is_entry and segment.has_count for segment in own):
            counts = [segment.count for segment in starts]
            yield line, max([wrapped.count if wrapped else 0, *counts])
