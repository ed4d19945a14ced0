"""The JSON of tarpaulin."""

import json

import pytest
from reading import Line, read
from worked_documents import plain


def document(*traces: object, path: object = ("/", "w", "a.rs")) -> str:
    first = {"line": 1, "stats": {"Line": 1}}
    return json.dumps({"files": [{"path": path, "traces": [first, *traces]}]})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["/", "w", "a.rs"], "/w/a.rs"),
        (["C:\\", "w", "a.rs"], "C:\\/w/a.rs"),
        (["src", "a.rs"], "src/a.rs"),
        ("/w/a.rs", "/w/a.rs"),
    ],
)
def test_parts_of_a_path_are_joined(path, expected):
    assert set(read(document(path=path))[1]) == {expected}


def test_old_versions_have_hits_and_repeated_lines_the_largest():
    text = document({"line": 3, "hits": 4}, {"line": 3, "stats": {"Line": 9}}, {"line": 3, "stats": {"Line": 2}})

    assert read(text)[1] == {"/w/a.rs": plain(_1=1, _3=9)}


def test_conditions_have_two_arms_each():
    one = {"been_true": True, "been_false": False}
    text = document(
        {"line": 3, "stats": {"Branch": one}},
        {"line": 4, "stats": {"Condition": [one, {"been_true": True, "been_false": True}]}},
        {"line": 5, "stats": {"Branch": one}},
        {"line": 5, "stats": {"Branch": {"been_true": False, "been_false": False}}},
    )

    assert read(text)[1]["/w/a.rs"] == {
        1: Line(1),
        3: Line("1/2", "b", ("0:F",)),
        4: Line("3/4", "b", ("0:F",)),
        5: Line("1/4", "b", ("0:F", "1:F", "1:T")),
    }
    assert read(text, None, "tarpaulin.partials_as_hits")[1]["/w/a.rs"][3] == Line(1, "b")


@pytest.mark.parametrize(
    "bad",
    [
        {"line": 3},
        {"line": 0, "hits": 1},
        {"line": "x", "hits": 1},
        {"line": 3, "stats": {"Line": "x"}},
        {"line": 3, "stats": 5},
        None,
    ],
)
def test_a_bad_trace_costs_only_itself(bad):
    outcome, report = read(document(bad))

    assert (outcome.stats.skipped, report) == (1, {"/w/a.rs": plain(_1=1)})


@pytest.mark.parametrize("size", [10, 600, 100_000])
def test_the_source_in_front_of_the_traces_does_not_hide_the_format(size):
    file = {"path": ["/", "w", "a.rs"], "content": "x" * size, "traces": [{"line": 3, "stats": {"Line": 1}}]}

    outcome, report = read(json.dumps({"files": [file] * 2}))

    assert (outcome.format, report) == ("tarpaulin", {"/w/a.rs": plain(_3=1)})
