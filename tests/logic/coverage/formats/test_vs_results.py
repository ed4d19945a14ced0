"""Results XML of Visual Studio's coverage tools."""

import itertools

import pytest
from reading import Line, read, status


def module(*ranges: str, files: str = r'<source_file id="0" path="src\A.cs"/>') -> str:
    return (
        '<module name="rocket.dll" block_coverage="50.0"><functions><function id="1" name="Fly()">'
        f"<ranges>{''.join(ranges)}</ranges></function></functions><source_files>{files}</source_files></module>"
    )


def document(*modules: str) -> str:
    return f"<results><modules>{''.join(modules)}</modules></results>"


def span(first: object, last: object, covered: str, file: object = 0) -> str:
    return (
        f'<range source_id="{file}" start_line="{first}" end_line="{last}" start_column="1" end_column="9" '
        f'covered="{covered}"/>'
    )


PARTIAL = Line("1/2")


def test_ids_of_files_start_again_in_every_module():
    second = module(span(1, 1, "no"), files=r'<source_file id="0" path="src\B.cs"/>')

    outcome, report = read(document(module(span(3, 3, "yes"), span(4, 5, "partial"), span(6, 6, "no")), second))

    assert (outcome.format, outcome.outcome) == ("vs-results", "ok")
    assert report == {
        "src/A.cs": {3: Line(1), 4: PARTIAL, 5: PARTIAL, 6: Line(0)},
        "src/B.cs": {1: Line(0)},
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("yes", "no"), Line(1)),
        (("partial", "no"), PARTIAL),
        (("partial", "yes"), Line(1)),
        (("partial", "no", "yes"), Line(1)),
        (("partial", "partial"), PARTIAL),
        (("no", "no"), Line(0)),
        (("YES", "No"), Line(1)),
        (("something",), PARTIAL),
    ],
)
def test_of_several_ranges_on_a_line_the_best_holds_in_any_order(words, expected):
    for order in itertools.permutations(words):
        ranges = [span(5, 5, word) for word in order]
        modules = [module(one) for one in ranges]

        assert read(document(module(*ranges)))[1] == {"src/A.cs": {5: expected}}
        assert read(document(*modules))[1] == {"src/A.cs": {5: expected}}


def test_partial_lines_count_as_partial():
    _, report = read(document(module(span(4, 4, "partial"))))

    assert status(report["src/A.cs"][4]) == "partial"


def test_modules_may_stand_below_the_root():
    assert read(f"<results>{module(span(1, 1, 'yes'))}</results>")[1] == {"src/A.cs": {1: Line(1)}}


@pytest.mark.parametrize(
    "bad",
    [
        span(0, 1, "yes"),
        span("x", 1, "yes"),
        span(1, "", "yes"),
        span(1, 10**8, "yes"),
        '<range source_id="0" start_line="1" end_line="1"/>',
        '<range start_line="1" end_line="1" covered="yes"/>',
        '<range source_id="0" covered="yes"/>',
    ],
)
def test_bad_ranges_are_skipped_and_good_ones_kept(bad):
    outcome, report = read(document(module(bad, span(8, 8, "no"))))

    assert report == {"src/A.cs": {8: Line(0)}}
    assert outcome.stats.skipped == 1
    assert read(document(module(bad)))[0].outcome == "corrupt"


def test_ranges_of_unknown_files_are_told():
    outcome, report = read(document(module(span(1, 1, "yes", 5), span(2, 2, "yes"))))
    alone, _ = read(document(module(span(1, 1, "yes", 5))))

    assert report == {"src/A.cs": {2: Line(1)}}
    assert outcome.stats.first_problem == "no file has the id '5'"
    assert alone.outcome == "corrupt"


def test_modules_without_ranges_hold_no_data():
    assert read(document(module()))[0].outcome == "no_data"


def test_paths_that_are_not_ours_are_dropped():
    _, report = read(document(module(span(1, 1, "partial"), span(2, 2, "no"))), resolve=lambda candidates, bases: None)

    assert report == {}


def test_a_few_bytes_cannot_become_billions_of_lines():
    assert read(document(module(*(span(1, 1_000_000, "no") for _ in range(50)))))[0].outcome == "too_large"
