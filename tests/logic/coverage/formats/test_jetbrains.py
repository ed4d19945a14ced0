"""Detailed XML of dotCover."""

import pytest
from reading import Line, read, values_of

FILES = r'<FileIndices><File Index="1" Name="C:\w\A.cs"/><File Index="2" Name="/w/B.cs"/></FileIndices>'


def document(*statements: str, files: str = FILES) -> str:
    return (
        f'<Root CoveredStatements="1" TotalStatements="2" DotCoverVersion="2023.3">{files}<Assembly Name="Rocket">'
        f'<Namespace Name="Acme"><Type Name="A"><Method Name="Fly():System.Void">{"".join(statements)}</Method></Type>'
        "</Namespace></Assembly></Root>"
    )


def statement(line: object, last: object, covered: object = "True", file: object = 1) -> str:
    return (
        f'<Statement FileIndex="{file}" Line="{line}" Column="5" EndLine="{last}" EndColumn="20" Covered="{covered}"/>'
    )


def test_statements_count_on_all_their_lines():
    outcome, report = read(document(statement(3, 3), statement(3, 3, "False"), statement(4, 7, "False")))

    assert (outcome.format, outcome.outcome) == ("jetbrains", "ok")
    assert report == {"C:/w/A.cs": {3: Line(1), 4: Line(0), 5: Line(0), 6: Line(0), 7: Line(0)}}


def test_covered_is_read_in_any_case():
    _, report = read(document(statement(1, 1, "true"), statement(2, 2, "TRUE"), statement(3, 3, "yes")))

    assert values_of(report["C:/w/A.cs"]) == {1: 1, 2: 1, 3: 0}


def test_files_may_stand_behind_the_statements():
    data = document(statement(1, 1, file=2), files="").replace("</Root>", f"{FILES}</Root>")

    assert read(data)[1] == {"/w/B.cs": {1: Line(1)}}


def test_statements_of_unknown_files_are_told():
    outcome, report = read(document(statement(1, 1, file=7), statement(1, 1, file=2)))
    alone, _ = read(document(statement(1, 1, file=7)))

    assert report == {"/w/B.cs": {1: Line(1)}}
    assert (outcome.stats.skipped, outcome.stats.first_problem) == (1, "no file has the id '7'")
    assert alone.outcome == "corrupt"


@pytest.mark.parametrize(("line", "last"), [(0, 0), ("x", 1), (1, "x"), (16707566, 16707566), (5, 16707566), ("", "")])
def test_bad_statements_are_skipped_and_good_ones_kept(line, last):
    outcome, report = read(document(statement(line, last), statement(9, 9)))

    assert report == {"C:/w/A.cs": {9: Line(1)}}
    assert outcome.stats.skipped == 1


def test_a_statement_without_end_is_its_line():
    _, report = read(document('<Statement FileIndex="1" Line="3" Covered="True"/>', statement(8, 2)))

    assert values_of(report["C:/w/A.cs"]) == {3: 1, 8: 1}


def test_a_few_bytes_cannot_become_billions_of_lines():
    outcome, _ = read(document(*(statement(1, 1_000_000) for _ in range(50))))

    assert outcome.outcome == "too_large"
