"""Coverage XML of Mono's profiler."""

import pytest
from reading import Line, read


def document(*statements: str, method: str = 'filename="src/C.cs"') -> str:
    return (
        '<coverage version="0.3"><assembly name="rocket" guid="0" filename="rocket.dll"/>'
        f'<method assembly="rocket" class="C" name="Fly" {method}>{"".join(statements)}</method></coverage>'
    )


def statement(line: object, counter: object) -> str:
    return f'<statement offset="0" counter="{counter}" line="{line}" column="1"/>'


def test_of_a_repeated_line_the_largest_count_holds():
    outcome, report = read(document(statement(5, 3), statement(5, 0), statement(6, 0)))

    assert (outcome.format, outcome.outcome) == ("mono", "ok")
    assert report == {"src/C.cs": {5: Line(3), 6: Line(0)}}


@pytest.mark.parametrize(
    ("line", "counter"), [(0, 1), (-1, 1), ("x", 1), ("", 1), (10**7, 1), (4, "x"), (4, ""), (4, "1e400")]
)
def test_bad_statements_are_skipped_and_good_ones_kept(line, counter):
    outcome, report = read(document(statement(line, counter), statement(7, -2), "<statement/>"))

    assert report == {"src/C.cs": {7: Line(0)}}
    assert outcome.stats.skipped == 2
    assert read(document(statement(line, counter)))[0].outcome == "corrupt"


def test_methods_without_file_are_left_out():
    outcome, report = read(document(statement(1, 1), method='filename=""'))
    nameless, _ = read(document(statement(1, 1), method=""))

    assert (report, outcome.stats.skipped) == ({}, 0)
    assert nameless.stats.first_problem == "<method> number 1: filename=None"


def test_methods_of_one_file_are_joined():
    method = r'<method filename="src\C.cs"><statement line="5" counter="9"/></method>'

    _, report = read(document(statement(5, 1)).replace("</coverage>", f"{method}</coverage>"))

    assert report == {"src/C.cs": {5: Line(9)}}
