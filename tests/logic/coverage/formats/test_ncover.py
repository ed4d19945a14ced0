"""NCover XML."""

import pytest
from reading import Line, read, values_of


def document(*points: str, method: str = "") -> str:
    points = "".join(points)
    return f'<coverage><module name="Rocket.dll"><method name="Fly" {method}>{points}</method></module></coverage>'


def point(first: object, last: object, visits: object, more: str = 'document="a.cs"') -> str:
    return f'<seqpnt visitcount="{visits}" line="{first}" column="1" endline="{last}" endcolumn="9" {more}/>'


def test_a_point_counts_on_all_its_lines():
    outcome, report = read(document(point(11, 11, 1), point(12, 13, 0)))

    assert (outcome.format, outcome.outcome) == ("ncover", "ok")
    assert report == {"a.cs": {11: Line(1), 12: Line(0), 13: Line(0)}}


def test_of_several_points_on_a_line_the_largest_count_holds():
    _, report = read(document(point(1, 3, 0), point(2, 2, 7), point(2, 4, 5)))

    assert values_of(report["a.cs"]) == {1: 0, 2: 7, 3: 5, 4: 5}


def test_excluded_points_and_methods_are_left_out():
    points = [point(1, 1, 1, 'excluded="true" document="a.cs"'), point(2, 2, 1, 'excluded="false" document="a.cs"')]

    assert read(document(*points))[1] == {"a.cs": {2: Line(1)}}
    assert read(document(*points, method='excluded="false"'))[1] == {"a.cs": {2: Line(1)}}
    outcome, report = read(document(*points, method='excluded="True"'))
    assert (outcome.outcome, report) == ("no_data", {})


def test_points_beside_methods_count():
    _, report = read(f"<coverage><module>{point(1, 1, 1)}</module></coverage>")

    assert report == {"a.cs": {1: Line(1)}}


def test_each_point_says_its_document():
    _, report = read(
        document(point(1, 1, 1), point(1, 1, 0, r'document="C:\w\b.cs"'), point(2, 2, 1, 'document="a&amp;b.cs"'))
    )

    assert report == {"a.cs": {1: Line(1)}, "C:/w/b.cs": {1: Line(0)}, "a&b.cs": {2: Line(1)}}


@pytest.mark.parametrize(
    "bad",
    [
        point(16707566, 16707566, 0),
        point(5, 16707566, 0),
        point(0, 0, 1),
        point(-1, 4, 1),
        point("x", 1, 1),
        point(1, "x", 1),
        point(1, 1, "x"),
        point(1, 1, 1, ""),
        '<seqpnt line="1" document="a.cs"/>',
    ],
)
def test_bad_points_are_skipped_and_good_ones_kept(bad):
    outcome, report = read(document(bad, point(8, 8, 2)))

    assert report == {"a.cs": {8: Line(2)}}
    assert outcome.stats.skipped == 1
    assert read(document(bad))[0].outcome == "corrupt"


def test_odd_spans_and_counts_are_made_sense_of():
    _, report = read(
        document(
            point(9, 2, 1),
            point(10, 10, -4),
            point(11, 11, "1e3"),
            '<seqpnt visitcount="1" line="12" document="a.cs"/>',
        )
    )

    assert values_of(report["a.cs"]) == {9: 1, 10: 0, 11: 1000, 12: 1}


def test_a_few_bytes_cannot_become_billions_of_lines():
    outcome, _ = read(document(*(point(1, 1_000_000, 1, f'document="{number}.cs"') for number in range(50))))

    assert outcome.outcome == "too_large"
    assert "lines in" in outcome.detail
