"""Clover XML."""

import json

import pytest
from reading import SAMPLES, Line, lines_of, read, status

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import clover
from app.logic.coverage.formats.base import FormatError, FormatOptions

ENTRIES = [
    entry
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "clover"
]
CART = """<coverage generated="1700000000" clover="4.4.1"><project timestamp="1700000000"><package name="App">
<file name="Cart.php" path="src/Cart.php">
 <line num="10" type="method" name="total" complexity="3" count="2"/>
 <line num="11" type="stmt" count="2"/>
 <line num="12" type="cond" truecount="2" falsecount="0"/>
 <line num="13" type="cond" truecount="1" falsecount="4"/>
 <line num="14" type="cond" truecount="0" falsecount="0"/>
 <line num="15" type="stmt" count="0"/>
 <line num="40" type="stmt" count="3"/>
 <metrics loc="30" ncloc="20"/></file>
<file name="vendor/x/y.php"><line num="1" type="stmt" count="1"/></file>
</package></project></coverage>"""


def document(*lines: str, file: str = 'path="src/a.js"', generated: str = "1700000000") -> str:
    return f'<coverage generated="{generated}"><project><file {file}>{"".join(lines)}</file></project></coverage>'


def complexities(data: str) -> dict[int, tuple[int, int]]:
    builder = ReportBuilder()
    clover.parse(data.encode(), builder, FormatOptions())
    report = builder.build()
    found = report.complexity
    return {
        int(report.line[row]): (value, total)
        for row, value, total in zip(found.row, found.value.tolist(), found.total.tolist(), strict=True)
    }


def test_statements_conditions_and_methods_are_read():
    outcome, report = read(CART, "clover.xml")

    assert outcome.format == "clover"
    assert outcome.stats.timestamp == 1.7e9
    assert report == {
        "src/Cart.php": {
            10: Line(2, "m"),
            11: Line(2),
            12: Line("1/2", "b"),
            13: Line("2/2", "b"),
            14: Line("0/2", "b"),
            15: Line(0),
        }
    }
    assert complexities(CART) == {10: (3, -1)}


def test_partials_as_hits_changes_partials_only():
    _, report = read(CART, None, "clover.partials_as_hits")

    assert report["src/Cart.php"][12] == Line(1, "b")
    assert report["src/Cart.php"][13] == Line("2/2", "b")
    assert report["src/Cart.php"][14] == Line("0/2", "b")


def test_istanbul_counts_arms_instead_of_outcomes():
    _, report = read(
        document(
            '<line num="2" count="1" type="cond" truecount="2" falsecount="0"/>',
            '<line num="5" count="3" type="cond" truecount="1" falsecount="1"/>',
            '<line num="6" count="0" type="cond" truecount="0" falsecount="2"/>',
            '<line num="7" count="0" type="cond" truecount="1" falsecount="2"/>',
            '<line num="8" count="4" type="cond" truecount="0" falsecount="0"/>',
            '<line num="9" count="1" type="stmt"/>',
            '<line num="10" count="1" type="cond" truecount="5" falsecount="2"/>',
        )
    )

    assert report["src/a.js"] == {
        2: Line("2/2", "b"),
        5: Line("1/2", "b"),
        6: Line("0/2", "b"),
        7: Line("0/3", "b"),
        8: Line(4),
        9: Line(1),
        10: Line("5/7", "b"),
    }


def test_records_of_one_line_are_one_value():
    data = document(
        '<line num="1" type="method" complexity="4" count="0"/>',
        '<line num="1" type="stmt" count="3"/>',
        '<line num="2" type="cond" truecount="1" falsecount="0"/>',
        '<line num="2" type="stmt" count="3"/>',
        '<line num="3" type="cond" truecount="1" falsecount="0"/>',
        '<line num="3" type="cond" truecount="1" falsecount="1"/>',
        '<line num="4" type="method" count="2" complexity="2"/>',
        '<line num="4" type="cond" truecount="1" falsecount="0"/>',
    )

    _, report = read(data)

    assert report["src/a.js"] == {
        1: Line(3, "m"),
        2: Line("1/2", "b"),
        3: Line("3/4", "b"),
        4: Line("1/2", "m"),
    }
    assert complexities(data) == {1: (4, -1), 4: (2, -1)}


def test_a_file_listed_twice_does_not_get_its_arms_twice():
    file = '<file path="a.java"><line num="1" type="cond" truecount="1" falsecount="0"/></file>'

    _, report = read(f'<coverage generated="1"><project>{file}</project><testproject>{file}</testproject></coverage>')

    assert report == {"a.java": {1: Line("1/2", "b")}}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ('path="src/a.php" name="a.php"', "src/a.php"),
        ('path="" name="a.php"', "a.php"),
        ('name="a.php"', "a.php"),
        ('name="vendor/a.php"', None),
        ('name="/app/vendor/x/a.php"', None),
        (r'name="C:\app\vendor\a.php"', None),
        ('name="vendor/a.js"', "vendor/a.js"),
        ('name="myvendor/a.php"', "myvendor/a.php"),
        ('path="src/{template}.js"', None),
        ('other="a.php"', None),
    ],
)
def test_files_are_named_by_path_or_name(file, expected):
    _, report = read(document('<line num="1" type="stmt" count="1"/>', file=file))

    assert list(report) == ([expected] if expected else [])


def test_files_without_a_line_of_their_own_are_left_out():
    inside = '<class name="A"><line num="1" type="stmt" count="1"/></class>'

    _, alone = read(document(inside))
    _, beside = read(document(inside, '<line num="2" type="stmt" count="1"/>'))

    assert alone == {}
    assert beside == {"src/a.js": {1: Line(1), 2: Line(1)}}


@pytest.mark.parametrize(
    ("metrics", "last"),
    [
        ('<metrics loc="2"/>', 2),
        ('<class><metrics complexity="1"/></class><metrics loc="x"/><metrics loc="2"/><metrics loc="3"/>', 2),
        ('<metrics loc="0"/>', 4),
        ('<metrics loc="99999999999999"/>', 4),
        ("", 4),
    ],
)
def test_php_lines_behind_the_end_of_the_file_are_left_out(metrics, last):
    lines = [f'<line num="{number}" type="stmt" count="1"/>' for number in range(1, 5)]

    _, php = read(document(*lines, metrics, file='path="a.php"'))
    _, other = read(document(*lines, metrics, file='path="a.js"'))

    assert max(php["a.php"]) == last
    assert max(other["a.js"]) == 4


def test_bad_records_are_skipped_and_good_ones_kept():
    outcome, report = read(
        document(
            '<line type="stmt" count="1"/>',
            '<line num="0" type="stmt" count="1"/>',
            '<line num="2" count="1"/>',
            '<line num="3" type="cond"/>',
            '<line num="4" type="cond" truecount="x" falsecount="1"/>',
            '<line num="5" type="stmt" count="x"/>',
            '<line num="6" type="stmt"/>',
            '<line num="7" type="stmt" count=""/>',
            '<line num="8" type="stmt" count="-4"/>',
            '<line num="9" type="method"/>',
            '<line num="10" type="other" count="1e2"/>',
        )
    )

    assert report["src/a.js"] == {6: Line(0), 7: Line(0), 8: Line(0), 9: Line(0, "m"), 10: Line(100)}
    assert outcome.stats.skipped == 6
    assert outcome.stats.first_problem == "<line> number 1: num=None, type='stmt', count='1'"


def test_a_document_of_bad_records_is_refused():
    with pytest.raises(FormatError, match="corrupt: no usable record"):
        clover.parse(document('<line num="x" type="stmt" count="1"/>').encode(), ReportBuilder(), FormatOptions())


@pytest.mark.parametrize(
    ("generated", "expected"),
    [
        ("1700000000", 1.7e9),
        ("1700000000999", 1.7e9),
        ("2023-11-14T22:13:20Z", 1.7e9),
        ("2023-11-14T23:13:20+01:00", 1.7e9),
        ("14-11-2023 22:13:20", 1.7e9 + 14 * 3600),
        ("11/14/2023", 1.7e9 + 14 * 3600 - 80000),
        ("2023-11-14", 1.7e9 + 14 * 3600 - 80000),
        ("1-2", None),
        ("99-99-2023", None),
        ("yesterday", None),
    ],
)
def test_the_time_of_the_run_is_read(generated, expected):
    outcome, _ = read(document('<line num="1" type="stmt" count="1"/>', generated=generated))

    assert outcome.stats.timestamp == expected


def test_a_file_of_php_whose_lines_are_all_behind_its_end_has_none():
    inner = '<line num="9" type="stmt" count="1"/><metrics loc="5"/>'

    outcome, report = read(document(inner, file='path="src/a.php"'))

    assert (outcome.outcome, report) == ("ok", {})


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_samples_say_what_their_tools_said(entry):
    builder = ReportBuilder()
    stats = clover.parse((SAMPLES / entry["file"]).read_bytes(), builder, FormatOptions())
    report = lines_of(builder.build())

    said = entry["says"]["files"]
    assert stats.skipped == 0
    assert set(report) == set(said)
    for path, lines in report.items():
        # A line that ran counts as covered there even when none of its arms was taken.
        missed = sum(status(line) == "miss" and not str(line.value).startswith("0/") for line in lines.values())
        unclear = sum(str(line.value).startswith("0/") for line in lines.values())
        uncovered = said[path]["lines"]["total"] - said[path]["lines"]["covered"]
        assert len(lines) == said[path]["lines"]["total"]
        assert missed <= uncovered <= missed + unclear


@pytest.mark.parametrize("which", ["base/js-tools", "base/js-web", "head/js-tools", "head/js-web"])
def test_istanbul_says_the_same_in_clover_and_in_lcov(which):
    folder = SAMPLES / "reports" / which
    _, clover_lines = read((folder / "clover.xml").read_bytes())
    _, lcov_lines = read((folder / "lcov.info").read_bytes())
    by_path = {path.rsplit("/", 1)[-1]: lines for path, lines in lcov_lines.items()}

    differences = [
        (path, number, line, by_path[path.rsplit("/", 1)[-1]].get(number))
        for path, lines in clover_lines.items()
        for number, line in lines.items()
        if status(line) != status(by_path[path.rsplit("/", 1)[-1]].get(number, Line(0)))
    ]

    assert differences == []
