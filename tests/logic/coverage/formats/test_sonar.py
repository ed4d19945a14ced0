"""SonarQube's generic coverage XML."""

import re

import pytest
from lxml import etree
from reading import SAMPLES, Line, read, status


def document(*lines: str, file: str = 'path="src/a.c"') -> str:
    return f'<coverage version="1"><file {file}>{"".join(lines)}</file></coverage>'


def line(number: object, covered: str, arms: object = None, taken: object = None) -> str:
    branches = "" if arms is None else f' branchesToCover="{arms}"'
    branches += "" if taken is None else f' coveredBranches="{taken}"'
    return f'<lineToCover lineNumber="{number}" covered="{covered}"{branches}/>'


def test_lines_and_branches_are_read():
    outcome, report = read(document(line(5, "true"), line(9, "true", 4, 3), line(10, "false")))

    assert (outcome.format, outcome.outcome) == ("sonar", "ok")
    assert outcome.stats.timestamp is None
    assert report == {"src/a.c": {5: Line(1), 9: Line("3/4", "b"), 10: Line(0)}}


@pytest.mark.parametrize(
    ("covered", "arms", "taken", "expected"),
    [
        ("true", 2, 2, Line("2/2", "b")),
        ("true", 2, 5, Line("2/2", "b")),
        ("true", 2, -1, Line("0/2", "b")),
        ("false", 3, 1, Line("0/3", "b")),
        ("false", 3, None, Line("0/3", "b")),
        ("true", 3, None, Line(1)),
        ("true", 0, 0, Line(1)),
        ("TRUE", None, None, Line(1)),
        ("false", -2, 1, Line(0)),
    ],
)
def test_a_line_that_did_not_run_took_no_branch_and_none_takes_too_many(covered, arms, taken, expected):
    _, report = read(document(line(1, covered, arms, taken)))

    assert report == {"src/a.c": {1: expected}}


def test_partials_as_hits_changes_partials_only():
    data = document(line(1, "true", 4, 3), line(2, "true", 2, 2), line(3, "false", 2, 0), line(4, "true"))

    _, report = read(data, None, "sonar.partials_as_hits")

    assert report["src/a.c"] == {1: Line(1, "b"), 2: Line("2/2", "b"), 3: Line("0/2", "b"), 4: Line(1)}


def test_bad_records_are_skipped_and_good_ones_kept():
    outcome, report = read(
        document(
            '<lineToCover covered="true"/>',
            '<lineToCover lineNumber="2"/>',
            line("x", "true"),
            line(0, "true"),
            line(-3, "true"),
            line(16707566, "true"),
            line(7, "maybe"),
            line(8, "true", "many", 1),
            line(9, "true", 2, "x"),
            line(10, "true"),
        )
        + '<file><lineToCover lineNumber="1" covered="true"/></file><lineToCover lineNumber="1" covered="true"/>'
    )

    assert report == {"src/a.c": {10: Line(1)}}
    assert outcome.stats.skipped == 9
    assert outcome.stats.first_problem == "<lineToCover> number 1: lineNumber=None, covered='true'"


def test_lines_of_a_file_without_path_are_left_out():
    outcome, report = read(document(line(1, "true"), file='name="a"') + "x", None)
    both = (
        '<coverage version="1"><file/><file path="b.c"><lineToCover lineNumber="1" covered="true"/></file></coverage>'
    )

    assert report == {}
    assert outcome.stats.first_problem == "<file> number 1: path=None"
    assert read(both)[1] == {"b.c": {1: Line(1)}}


def test_a_document_of_bad_records_is_refused():
    outcome, _ = read(document(line("x", "true"), line(2, "y")))

    assert outcome.outcome == "corrupt"
    assert "lineNumber='x'" in outcome.detail


def test_files_without_lines_to_cover_hold_no_data():
    assert read('<coverage version="1"><file path="a.c"/></coverage>')[0].outcome == "no_data"


@pytest.mark.parametrize("which", ["base", "head"])
def test_the_lines_of_a_real_report_have_the_same_statuses_in_cobertura(which):
    data = (SAMPLES / "reports" / which / "native" / "gcovr.cobertura.xml").read_bytes()
    files = [
        (element.get("filename"), [_converted(one) for one in element.iterfind("lines/line")])
        for element in etree.fromstring(data).iter("class")
    ]
    converted = "".join(f'<file path="{path}">{"".join(lines)}</file>' for path, lines in files)

    _, cobertura = read(data)
    _, sonar = read(f'<coverage version="1">{converted}</coverage>')

    assert {path: {number: status(one) for number, one in lines.items()} for path, lines in sonar.items()} == {
        path: {number: status(one) for number, one in lines.items()} for path, lines in cobertura.items()
    }


def _converted(element: etree._Element) -> str:
    """Write a line of gcovr's Cobertura report the way its option --sonarqube does."""
    covered = "true" if int(element.get("hits")) else "false"
    fraction = re.search(r"\((\d+)/(\d+)\)", element.get("condition-coverage") or "")
    return line(element.get("number"), covered, *(fraction.groups()[::-1] if fraction else ()))
