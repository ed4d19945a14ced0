"""scoverage's measurement XML."""

import pytest
from reading import Line, read


def statement(line: object, count: object, branch: object = "false", ignored: object = "false", source="a/B.scala"):
    return (
        f"<statement><source>{source}</source><package>a</package><method>f</method><id>1</id><line>{line}</line>"
        f"<description>x &lt; 1</description><branch>{branch}</branch>\n<count> {count} </count>"
        f"<ignored>{ignored}</ignored></statement>"
    )


def document(*statements: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><statements>{"".join(statements)}</statements>'


def test_a_branch_statement_is_one_arm():
    outcome, report = read(
        document(
            statement(1, 7),
            statement(2, 0, "true"),
            statement(3, 1, "true"),
            statement(4, 5, "true"),
            statement(5, 123456),
            statement(6, 0),
            statement(6, 3),
            statement(7, 1, "true"),
            statement(7, 0, "true"),
            statement(8, 1, ignored="true"),
        )
    )

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("scoverage-statements", "ok", 0)
    assert report == {
        "a/B.scala": {
            1: Line(7),
            2: Line("0/1", "b", ("0",)),
            3: Line("1/1", "b"),
            4: Line("1/1", "b"),
            5: Line(123456),
            6: Line(3),
            7: Line("1/2", "b", ("1",)),
        }
    }


def test_arms_of_a_line_count_in_their_order_wherever_they_stand():
    _, report = read(
        document(
            statement(1, 0, "true"),
            statement(1, 2, "TRUE", source="c/D.scala"),
            statement(1, 3, "true"),
            statement(1, 9),
            statement(1, 0, "true"),
        )
    )

    assert report == {
        "a/B.scala": {1: Line("1/3", "b", ("0", "2"))},
        "c/D.scala": {1: Line("1/1", "b")},
    }


@pytest.mark.parametrize(
    "bad",
    [
        statement("x", 1),
        statement(0, 1),
        statement(10**7, 1),
        statement("", 1),
        statement(1, "many"),
        statement(1, 1, source=""),
        "<statement><line>1</line><count>1</count></statement>",
        "<statement/>",
    ],
)
def test_bad_statements_are_skipped_and_good_ones_kept(bad):
    outcome, report = read(document(statement(5, -3), bad, statement(6, "1e2")))

    assert report == {"a/B.scala": {5: Line(0), 6: Line(100)}}
    assert outcome.stats.skipped == 1
    assert outcome.stats.first_problem == "<statement> number 2: no usable line, count or source"
    assert read(document(bad))[0].outcome == "corrupt"


def test_only_sources_are_taken_for_paths():
    asked = []

    read(document(statement(1, 1, "true")), resolve=lambda candidates, bases: asked.append(candidates[0]))

    assert asked == ["a/B.scala"]


def test_statements_without_flags_are_plain():
    data = "<statement><source>A.scala</source><line>3</line><count>2</count></statement>"

    assert read(document(data))[1] == {"A.scala": {3: Line(2)}}


def test_ignored_statements_alone_hold_no_data():
    assert read(document(statement("x", 1, ignored="true")))[0].outcome == "no_data"
    assert read(document())[0].outcome == "no_data"


def test_descriptions_may_hold_anything():
    odd = statement(1, 1).replace("x &lt; 1", 'say("<&gt;") <![CDATA[</line>]]> &#34;').replace('"<', '"')

    assert read(document(odd, statement(2, 0)))[1] == {"a/B.scala": {1: Line(1), 2: Line(0)}}
