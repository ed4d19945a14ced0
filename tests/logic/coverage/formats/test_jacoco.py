"""JaCoCo XML."""

import json

import pytest
from reading import SAMPLES, Line, lines_of, read, status

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import jacoco
from app.logic.coverage.formats.base import FormatError, FormatOptions

ENTRIES = [
    entry
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "jacoco"
]
CART = """<report name="shop"><sessioninfo id="h" start="1700000000000" dump="1700000001000"/>
<group name="core"><package name="com/acme">
<class name="com/acme/Cart" sourcefilename="Cart.java">
 <method name="total" line="10"><counter type="COMPLEXITY" missed="1" covered="2"/></method>
 <method name="clear" line="20"><counter type="COMPLEXITY" missed="1" covered="0"/></method></class>
<class name="com/acme/Cart$Item" sourcefilename="Cart.java">
 <method name="price" line="30"><counter type="COMPLEXITY" missed="0" covered="1"/></method></class>
<class name="com/acme/Helper" sourcefilename="Cart.java">
 <method name="h" line="40"><counter type="COMPLEXITY" missed="0" covered="1"/></method></class>
<sourcefile name="Cart.java">
 <line nr="10" mi="0" ci="4" mb="0" cb="0"/><line nr="11" mi="1" ci="3" mb="1" cb="1"/>
 <line nr="12" mi="0" ci="6" mb="0" cb="4"/><line nr="13" mi="5" ci="0" mb="2" cb="0"/>
 <line nr="14" mi="2" ci="3" mb="0" cb="0"/><line nr="20" mi="3" ci="0" mb="0" cb="0"/>
 <line nr="30" mi="0" ci="2" mb="0" cb="0"/><line nr="40" mi="0" ci="2" mb="0" cb="0"/>
 <line nr="0" mi="0" ci="2" mb="0" cb="0"/>
</sourcefile></package></group></report>"""


def parse(data, *switches, listing=False, resolve=None):
    """Lines and complexities of the report, by path."""
    builder = ReportBuilder(resolve)
    jacoco.parse(data.encode(), builder, FormatOptions(frozenset(switches), has_listing=listing))
    report = builder.build()
    found = report.complexity
    pairs = zip(report.line[found.row].tolist(), found.value.tolist(), found.total.tolist(), strict=True)
    return lines_of(report), {line: (value, total) for line, value, total in pairs}


def document(*lines: str, classes: str = "", attributes: str = 'name="A.java"') -> str:
    source = f"<sourcefile {attributes}>{''.join(lines)}</sourcefile>"
    return f'<report name="a b"><package name="p">{classes}{source}</package></report>'


def test_lines_methods_and_complexity_are_read():
    outcome, report = read(CART, "jacoco.xml")

    assert outcome.format == "jacoco"
    assert outcome.stats.timestamp == 1.7e9
    assert outcome.stats.first_problem == "<line> number 9: nr='0', mi='0', ci='2', mb='0', cb='0'"
    assert report == {
        "com/acme/Cart.java": {
            10: Line(4, "m"),
            11: Line("1/2", "b"),
            12: Line("4/4", "b"),
            13: Line("0/2", "b"),
            14: Line(3),
            20: Line(0, "m"),
            30: Line(2),
            40: Line(2, "m"),
        }
    }
    assert parse(CART)[1] == {10: (2, 3), 20: (0, 1), 40: (1, 1)}


def test_partials_as_hits_changes_partials_only():
    lines, _ = parse(CART, "jacoco.partials_as_hits")

    assert lines["com/acme/Cart.java"][11] == Line(1, "b")
    assert lines["com/acme/Cart.java"][12] == Line("4/4", "b")
    assert lines["com/acme/Cart.java"][13] == Line("0/2", "b")


def test_longer_paths_are_guessed_only_with_a_listing():
    seen = []

    parse(CART, listing=True, resolve=lambda candidates, bases: seen.append(tuple(candidates)))
    parse(CART, listing=False, resolve=lambda candidates, bases: seen.append(tuple(candidates)))

    assert seen == [
        (
            "core/com/acme/Cart.java",
            "core/src/main/java/com/acme/Cart.java",
            "shop/com/acme/Cart.java",
            "shop/src/main/java/com/acme/Cart.java",
            "com/acme/Cart.java",
        ),
        ("com/acme/Cart.java",),
    ]


def test_names_with_blanks_and_packages_without_a_name_make_no_directories():
    seen = []
    source = '<sourcefile name="A.kt"><line nr="1" ci="1"/></sourcefile>'
    data = (
        f'<report name="Intellij Coverage Report"><group name="outer"><group name="inner">'
        f'<package name="">{source}</package></group><package name="q">{source}</package></group>'
        f'<package name="r">{source}</package></report>'
    )

    parse(data, listing=True, resolve=lambda candidates, bases: seen.append(candidates[0::2]))

    assert seen == [("inner/A.kt", "outer/A.kt", "A.kt"), ("outer/q/A.kt", "q/A.kt"), ("r/A.kt",)]


def test_kotlin_facades_belong_to_their_source_file():
    method = '<method name="f" line="{}"><counter type="COMPLEXITY" missed="{}" covered="1"/></method>'
    classes = (
        f'<class name="p/CartKt" sourcefilename="Cart.kt">{method.format(1, 0)}</class>'
        f'<class name="p/Cart">{method.format(2, 1)}</class>'
        f'<class name="p/Other">{method.format(3, 1)}</class>'
        f'<class name="p/Alien" sourcefilename="Alien.kt">{method.format(3, 1)}</class>'
    )
    lines = ['<line nr="1" ci="1"/>', '<line nr="2" mi="1" mb="2"/>', '<line nr="3" ci="1"/>']

    report, complexity = parse(document(*lines, classes=classes, attributes='name="Cart.kt"'))

    assert report["p/Cart.kt"] == {1: Line(1, "m"), 2: Line("0/2", "m"), 3: Line(1)}
    assert complexity == {1: (1, 1), 2: (1, 2)}


def test_a_method_line_without_code_is_not_made_up():
    classes = (
        '<class name="p/A" sourcefilename="A.java">'
        '<method name="f" line="9"><counter type="COMPLEXITY" missed="0" covered="1"/></method>'
        '<method name="g"><counter type="COMPLEXITY" missed="0" covered="1"/></method>'
        '<method name="h" line="1"/><method name="i" line="2"><counter type="LINE" missed="0" covered="1"/></method>'
        '<counter type="COMPLEXITY" missed="7" covered="7"/></class>'
    )

    report, complexity = parse(document('<line nr="1" ci="1"/>', '<line nr="2" ci="1"/>', classes=classes))

    assert report["p/A.java"] == {1: Line(1), 2: Line(1)}
    assert complexity == {}


def test_the_first_complexity_counter_of_a_method_counts_and_the_largest_of_a_line():
    counter = '<counter type="COMPLEXITY" missed="{}" covered="{}"/>'
    classes = (
        '<class name="p/A" sourcefilename="A.java">'
        f'<method name="f" line="1">{counter.format(1, 2)}{counter.format(5, 5)}</method>'
        f'<method name="g" line="1">{counter.format(3, 1)}</method></class>'
    )

    _, complexity = parse(document('<line nr="1" ci="1"/>', classes=classes))

    assert complexity == {1: (2, 4)}


def test_repeated_lines_of_kover_are_combined_by_their_largest_counters():
    report, _ = parse(
        document(
            '<line nr="5" mi="0" ci="2" mb="0" cb="0"/>',
            '<line nr="5" mi="1" ci="3" mb="1" cb="1"/>',
            '<line nr="6" mi="0" ci="2"/>',
            '<line nr="6" mi="0" ci="7"/>',
            '<line nr="7" mi="0" ci="2" mb="3" cb="1"/>',
            '<line nr="7" mi="0" ci="2" mb="0" cb="2"/>',
        )
    )

    assert report["p/A.java"][5] == Line("1/2", "b")
    assert report["p/A.java"][6] == Line(7)


def test_lines_without_any_counter_say_nothing():
    outcome, report = read(
        document(
            '<line nr="1"/>',
            '<line nr="2" mi="0" ci="0" mb="0" cb="0"/>',
            '<line nr="3" mi="1"/>',
            '<line nr="4" cb="1"/>',
        )
    )

    assert report["p/A.java"] == {3: Line(0), 4: Line("1/1", "b")}
    assert outcome.stats.skipped == 0


def test_bad_records_are_skipped_and_good_ones_kept():
    outcome, report = read(
        document(
            '<line mi="1"/>', '<line nr="x" mi="1"/>', '<line nr="2" mi="x" ci="1"/>', '<line nr="3" ci="-1" mi="1"/>'
        )
    )

    assert report["p/A.java"] == {3: Line(0)}
    assert outcome.stats.skipped == 3


def test_a_document_of_bad_records_is_refused():
    with pytest.raises(FormatError, match="corrupt: no usable record"):
        parse(document('<line nr="x" ci="1"/>'))


def test_source_files_outside_of_packages_or_without_names_are_left_out():
    source = '<sourcefile name="A.java"><line nr="1" ci="1"/></sourcefile>'

    report, _ = parse(
        f'<report>{source}<package name="p"><sourcefile><line nr="1" ci="1"/></sourcefile>{source}</package></report>'
    )

    assert report == {"p/A.java": {1: Line(1)}}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_samples_say_what_their_tools_said(entry):
    data = (SAMPLES / entry["file"]).read_text()

    report, _ = parse(data)

    said = entry["says"]["files"]
    assert set(report) == set(said)
    for path, lines in report.items():
        arms = [tuple(map(int, str(line.value).split("/"))) for line in lines.values() if "/" in str(line.value)]
        branch = said[path].get("branch", {"covered": 0, "missed": 0})
        assert len(lines) == said[path]["line"]["covered"] + said[path]["line"]["missed"]
        assert sum(c for c, _ in arms) == branch["covered"]
        assert sum(t - c for c, t in arms) == branch["missed"]
    plain = [line for lines in report.values() for line in lines.values() if "/" not in str(line.value)]
    assert sum(status(line) == "miss" for line in plain) <= entry["says"]["totals"]["line"]["missed"]


def test_the_complexity_of_a_sample_is_that_of_its_outer_classes():
    data = (SAMPLES / "reports/base/java/jacoco.xml").read_text()

    report, complexity = parse(data)

    assert sum(line.kind == "m" for lines in report.values() for line in lines.values()) > 20
    assert all(0 <= covered <= total for covered, total in complexity.values())
