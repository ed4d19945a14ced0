"""Cobertura and scoverage XML."""

import json

import pytest
from lxml import etree
from reading import SAMPLES, Line, read, status

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import cobertura
from app.logic.coverage.formats.base import FormatError, FormatOptions

ENTRIES = [
    entry
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "cobertura"
]
CART = """<coverage line-rate="0.5" timestamp="1"><sources><source>/build/app</source></sources><packages>
<package name="p"><classes>
 <class name="Cart" filename="shop/cart.py"><methods/><lines>
  <line number="1" hits="1"/>
  <line number="3" hits="3" branch="true" condition-coverage="50% (1/2)" missing-branches="5"/>
  <line number="4" hits="0" branch="true" condition-coverage="0% (0/2)" missing-branches="6,exit"/>
  <line number="5" hits="2" branch="true" condition-coverage="100% (2/2)"/>
  <line number="7" hits="4" branch="True" condition-coverage="75% (3/4)"><conditions>
     <condition number="0" type="jump" coverage="50%"/>
     <condition number="1" type="switch" coverage="100%"/></conditions></line>
  <line number="8" hits="1" branch="true"/>
  <line number="9" hits="1" branch="false" condition-coverage="50% (1/2)"/>
  <line number="10" hits="0" branch="true" condition-coverage="0% (0/3)"><conditions>
     <condition number="0" type="jump" coverage="0%"/></conditions></line>
  <line number="11" hits="0" branch="true" condition-coverage="0% (0/2)" missing-branches="exit,exit"/>
  <line number="12" hits="1e3"/>
  <line number="0" hits="5"/>
 </lines></class></classes></package></packages></coverage>"""


def document(
    *lines: str, root: str = 'coverage timestamp="1700000000"', filename: str = "a.py", sources: str = ""
) -> str:
    name = root.partition(" ")[0]
    body = f'<class name="a" filename="{filename}"><lines>{"".join(lines)}</lines></class>'
    return f"<{root}>{sources}<packages><package><classes>{body}</classes></package></packages></{name}>"


def test_lines_branches_and_missing_arms_are_read():
    outcome, report = read(CART, "coverage.xml")

    assert outcome.format == "cobertura"
    assert outcome.stats.records == 10
    assert report == {
        "shop/cart.py": {
            1: Line(1),
            3: Line("1/2", "b", ("5",)),
            4: Line("0/2", "b", ("6", "exit")),
            5: Line("2/2", "b"),
            7: Line("3/4", "b", ("0:jump",)),
            8: Line(1),
            9: Line(1),
            10: Line("0/3", "b", ("1", "2", "0:jump")),
            11: Line("0/2", "b", ("exit", "loop")),
            12: Line(1000),
        }
    }


def test_the_first_bad_line_is_named():
    outcome, _ = read(CART)

    assert outcome.stats.skipped == 1
    assert outcome.stats.first_problem == "<line> number 11: number='0', hits='5'"


def test_partials_as_hits_changes_partials_only():
    _, report = read(CART, None, "cobertura.partials_as_hits")

    lines = report["shop/cart.py"]
    assert lines[3] == Line(1, "b")
    assert lines[7] == Line(1, "b")
    assert lines[4] == Line("0/2", "b", ("6", "exit"))
    assert lines[5] == Line("2/2", "b")
    assert lines[10] == Line("0/3", "b", ("1", "2", "0:jump"))
    assert lines[12] == Line(1000)


def test_missing_conditions_are_numbered_on_demand():
    line = (
        '<line number="1" hits="4" branch="true" condition-coverage="83% (10/12)"><conditions>'
        '<condition number="0" type="jump" coverage="100%"/></conditions></line>'
    )

    _, by_default = read(document(line))
    _, on_demand = read(document(line), None, "cobertura.handle_missing_conditions")

    assert by_default["a.py"][1] == Line("10/12", "b")
    assert on_demand["a.py"][1] == Line("10/12", "b", ("0", "1"))


def test_one_condition_for_several_arms_says_nothing_about_single_arms():
    line = (
        '<line number="1" hits="4" branch="true" condition-coverage="25% (1/4)"><conditions>'
        '<condition number="0" type="jump" coverage="25%"/></conditions></line>'
    )

    _, report = read(document(line))

    assert report["a.py"][1] == Line("1/4", "b")


def test_several_conditions_and_targets_keep_their_names():
    _, report = read(
        document(
            '<line number="1" hits="4" branch="true" condition-coverage="50% (2/4)"><conditions>'
            '<condition number="0" type="jump" coverage="50%"/><condition number="1" type="switch" coverage="50%"/>'
            "</conditions></line>",
            '<line number="2" hits="4" branch="true" condition-coverage="20% (1/5)" missing-branches="7, exit,9 ,12"/>',
            '<line number="3" hits="1" branch="true" condition-coverage="0% (0/3)" missing-branches="exit,exit,exit"/>',
        )
    )

    assert report["a.py"] == {
        1: Line("2/4", "b", ("0:jump", "1:switch")),
        2: Line("1/5", "b", ("7", "9", "12", "exit")),
        3: Line("0/3", "b"),
    }


@pytest.mark.parametrize(
    ("condition_coverage", "expected"),
    [
        ("50%(1/2)", Line("1/2", "b")),
        ("(1/2)", Line("1/2", "b")),
        ("200% (4/2)", Line("2/2", "b")),
        ("0% (0/0)", Line(3)),
        ("50%", Line(3)),
        ("", Line(3)),
    ],
)
def test_the_fraction_is_found_by_its_pattern(condition_coverage, expected):
    _, report = read(document(f'<line number="1" hits="3" branch="true" condition-coverage="{condition_coverage}"/>'))

    assert report["a.py"][1] == expected


def test_hits_are_not_needed_on_branch_lines():
    _, report = read(document('<line number="1" branch="true" condition-coverage="50% (1/2)" missing-branches="5"/>'))

    assert report["a.py"] == {1: Line("1/2", "b", ("5",))}


def test_bad_records_are_skipped_and_good_ones_kept():
    outcome, report = read(
        document(
            '<line hits="1"/>',
            '<line number="undefined" hits="1"/>',
            '<line number="x" hits="1"/>',
            '<line number="-3" hits="1"/>',
            '<line number="16707566" hits="1"/>',
            '<line number="2"/>',
            '<line number="3" hits="x"/>',
            '<line number="4" hits="-7"/>',
            '<line number="5" hits="1.0"/>',
            '<line number="6" hits="99999999999999999999"/>',
        )
    )

    assert report["a.py"] == {4: Line(0), 5: Line(1), 6: Line(2**31 - 1)}
    assert outcome.stats.skipped == 7
    assert outcome.stats.first_problem == "<line> number 1: number=None, hits='1'"


def test_a_document_of_bad_records_is_refused():
    with pytest.raises(FormatError, match="corrupt: no usable record; <line> number 1: number='x', hits='1'"):
        cobertura.parse(document('<line number="x" hits="1"/>').encode(), ReportBuilder(), FormatOptions())


def test_classes_without_a_file_name_are_left_out():
    nameless = (
        '<coverage><class><line number="1" hits="1"/></class><class filename=""><line number="1" hits="1"/></class>'
    )

    outcome, report = read(f'{nameless}<class filename="b.py"><line number="1" hits="1"/></class></coverage>')

    assert report == {"b.py": {1: Line(1)}}
    assert outcome.stats.first_problem == "<class> number 1: filename=None"


def test_lines_of_methods_and_of_several_classes_are_united():
    _, report = read(
        '<coverage><packages><classes><class filename="a.cs"><methods><method><lines>'
        '<line number="2" hits="3"/><line number="3" hits="1"/></lines></method></methods><lines>'
        '<line number="2" hits="3" branch="true" condition-coverage="50% (1/2)" missing-branches="4"/>'
        '<line number="3" hits="1"/></lines></class>'
        '<class filename="a.cs"><lines><line number="3" hits="5"/><line number="2" hits="0"/></lines></class>'
        "</classes></packages></coverage>"
    )

    assert report == {"a.cs": {2: Line("1/2", "b", ("4",)), 3: Line(5)}}


def test_sources_are_offered_as_bases():
    seen = []
    sources = "<sources><source>/build/app</source><source> C: </source><source/><source>a&amp;b</source></sources>"

    def resolve(candidates, bases):
        seen.append((candidates, bases))
        return "src/a.py"

    _, report = read(document('<line number="1" hits="1"/>', sources=sources), resolve=resolve)

    assert report == {"src/a.py": {1: Line(1)}}
    assert seen == [(("a.py",), ("/build/app", "C:", "a&b"))]


def test_dropped_files_leave_the_others_alone():
    _, report = read(
        '<coverage><class filename="x.py"><line number="1" hits="1"/></class><class filename="y.py">'
        '<line number="2" hits="2" branch="true" condition-coverage="(1/2)"/></class></coverage>',
        resolve=lambda candidates, bases: None if candidates[0] == "x.py" else candidates[0],
    )

    assert report == {"y.py": {2: Line("1/2", "b")}}


def test_scoverage_statements_carry_the_kind_of_their_line():
    outcome, report = read(
        document(
            '<statement method="run" line="3" branch="false" ignored="false" invocation-count="1"/>',
            '<statement method="run" line="3" branch="false" invocation-count="2"/>',
            '<statement method="run" line="4" branch="true" invocation-count="0"/>',
            '<statement line="5" branch="false" invocation-count="0"/>',
            '<statement line="6" ignored="true" invocation-count="1"/>',
            root="scoverage",
        )
    )

    assert outcome.format == "cobertura"
    assert report["a.py"] == {3: Line(2, "m"), 4: Line(0, "b"), 5: Line(0)}


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("1700000000", 1.7e9),
        ("1700000000123", 1.7e9),
        ("1700000000.5", 1700000000.5),
        ("0", None),
        ("", None),
        ("n/a", None),
    ],
)
def test_the_time_of_the_run_is_read(timestamp, expected):
    outcome, _ = read(document('<line number="1" hits="1"/>', root=f'coverage timestamp="{timestamp}"'))

    assert outcome.stats.timestamp == expected


def test_hostile_fractions_do_not_fill_the_memory():
    line = '<line number="{}" hits="0" branch="true" condition-coverage="(0/999999999)"/>'

    _, report = read(document(*(line.format(number) for number in range(1, 50))))

    assert report["a.py"][7] == Line("0/999999999", "b")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_samples_say_what_their_tools_said(entry):
    data = (SAMPLES / entry["file"]).read_bytes()

    outcome, report = read(data, entry["file"])

    lines = {(path, number): line for path, file in report.items() for number, line in file.items()}
    arms = [tuple(map(int, line.value.split("/"))) for line in lines.values() if isinstance(line.value, str)]
    # Istanbul lists functions in its Cobertura report, but counts only statements; and a line that ran counts as
    # covered there even when none of its arms was taken.
    counted = _lines_of_classes(data)
    covered = [
        key for key, hits in counted.items() if status(lines[key]) != "miss" or (hits and _none_taken(lines[key]))
    ]
    assert outcome.format == "cobertura"
    assert outcome.stats.skipped == 0
    assert outcome.stats.timestamp > 1.79e9
    assert (len(counted), len(covered)) == _lines_said(entry["says"]["totals"])
    if (
        "istanbul" not in entry["tool"] and "vitest" not in entry["tool"]
    ):  # they list arms only where a statement starts
        assert (sum(t for _, t in arms), sum(c for c, _ in arms)) == _branches_said(entry["says"]["totals"])
    assert len(report) == len(entry["says"]["files"])


def _lines_of_classes(data):
    return {
        (line.getparent().getparent().get("filename"), int(line.get("number"))): int(line.get("hits"))
        for line in etree.fromstring(data).iterfind(".//class/lines/line")
    }


def _none_taken(line):
    return isinstance(line.value, str) and line.value.startswith("0/")


def _lines_said(totals):
    if "line_total" in totals:
        return totals["line_total"], totals["line_covered"]
    lines = totals["lines"]
    return (lines["total"], lines["covered"]) if isinstance(lines, dict) else (lines, totals["lines_covered"])


def _branches_said(totals):
    if "branch_total" in totals:
        return totals["branch_total"], totals["branch_covered"]
    return totals["branches"], totals["branches_covered"]
