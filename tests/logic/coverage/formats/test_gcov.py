"""The text of gcov."""

import json
import re

import pytest
from reading import SAMPLES, Line, read, values_of
from worked_documents import GCOV

ALL = tuple(f"gcov.branch_detection.{kind}" for kind in ("conditional", "loop", "method", "macro"))
EXPECTED = json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
SAID = {
    (entry["which"], path): says["lines executed"]
    for entry in EXPECTED
    if entry["format"] == "gcov text"
    for path, says in entry["says"]["files"].items()
}
# Lines that gcov counts and we leave out on purpose, all of them executed but for that of crc.c.
LEFT_OUT = {
    ("base", "src/attitude.cpp"): [52],  # a lone bracket
    ("base", "src/crc.c"): [37],  # LCOV_EXCL_LINE
    ("base", "src/valve.cpp"): [11, 27, 31],  # lone brackets
    ("head", "src/attitude.cpp"): [52],
    ("head", "src/crc.c"): [37],
    ("head", "src/valve.cpp"): [11, 27],
}


def source(*lines: str, path: str = "a.c") -> str:
    return "\n".join([f"        -:    0:Source:{path}", *lines, ""])


def test_all_detection_makes_fractions_of_branches():
    _, report = read(GCOV, None, *ALL)

    assert report["src/queue.c"] == {
        3: Line(4, "m"),
        4: Line("1/2", "b"),
        5: Line("2/2", "b"),
        6: Line("1/2"),
        7: Line(0),
        8: Line(0),
        15: Line("2/4", "b"),
    }


@pytest.mark.parametrize(
    ("kind", "line", "value"), [("conditional", 4, "1/2"), ("loop", 5, "2/2"), ("macro", 6, "1/2")]
)
def test_each_kind_of_detection_concerns_its_lines_only(kind, line, value):
    _, report = read(GCOV, None, f"gcov.branch_detection.{kind}")

    branches = {number: value for number, value in values_of(report["src/queue.c"]).items() if isinstance(value, str)}
    assert branches == {line: value} | ({15: "2/4"} if kind == "conditional" else {})


def test_detection_of_methods_alone_is_enough_for_their_lines():
    text = source(
        "function f called 1",
        "        1:    3:int f() { return g() ? 1 : 2; }",
        "branch  0 taken 1",
        "branch  1 taken 0",
    )

    assert read(text, None, "gcov.branch_detection.method")[1] == {"a.c": {3: Line("1/2", "m")}}
    assert read(text, None, "gcov.branch_detection.macro")[1] == {"a.c": {3: Line(1, "m")}}


def test_a_line_that_never_ran_took_none_of_its_arms():
    text = source("    #####:    3:  if (x)", "branch  0 never executed", "branch  1 never executed")

    assert read(text, None, *ALL)[1] == {"a.c": {3: Line("0/2", "b")}}


@pytest.mark.parametrize(
    ("count", "hits"),
    [("4*", 4), ("1.2k", 1200), ("3.4M", 3_400_000), ("#####*", None), ("9" * 20, None), ("12345678901", 2**31 - 1)],
)
def test_counts_may_be_marked_or_scaled(count, hits):
    outcome, report = read(source(f"{count}:    3:  x();", "        1:    4:  y();"))

    assert values_of(report["a.c"]) == ({4: 1} if hits is None else {3: hits, 4: 1})
    assert outcome.stats.skipped == (hits is None)


@pytest.mark.parametrize(
    "line",
    [
        "        1:    3:}",
        "        1:    3:   }  ",
        "        1:    3:} // end",
        "        1:    3:{ x(); }",
        "    #####:    3:inline int unused() {",
        "    #####:    3:static int unused() {",
        "        1:    3:@implementation Cart",
        "        1:    3:  x(); // LCOV_EXCL_LINE",
        "    $$$$$:    3-block  0",
        "    %%%%%:    3-block  0",
        "        -:    3:// comment",
        "call    0 returned 1",
        "unconditional  0 taken 1",
        "------------------",
        "std::vector<int>::push(int):",
    ],
)
def test_what_says_nothing_about_code_is_left_out(line):
    outcome, report = read(source(line, "        1:    4:  y();"))

    assert (outcome.stats.skipped, report) == (0, {"a.c": {4: Line(1)}})


def test_markers_exclude_what_is_between_them():
    text = source(
        "        1:    1:a();",
        "        -:    2:// LCOV_EXCL_START",
        "    #####:    3:  if (b)",
        "branch  0 never executed",
        "        -:    4:// LCOV_EXCL_STOP",
        "        1:    5:c();",
        "        1:    6:d(); // LCOV_EXCL_START",
        "        1:    7:e();",
        "        -:    8:// LCOV_EXCL_END",
        "        1:    9:f();",
    )

    assert set(read(text, None, *ALL)[1]["a.c"]) == {1, 5, 9}


def test_instances_of_a_template_join_with_the_largest_count_and_all_arms():
    text = source(
        "        3:    7:  if (x) {",
        "------------------",
        "void f<int>(int):",
        "        3:    7:  if (x) {",
        "branch  0 taken 3",
        "branch  1 taken 0",
        "------------------",
        "void f<char>(char):",
        "    #####:    7:  if (x) {",
        "branch  0 never executed",
        "branch  1 never executed",
    )

    assert read(text, None, *ALL)[1] == {"a.c": {7: Line("1/4", "b")}}


def test_several_listings_may_follow_each_other():
    text = source("        1:    1:a();") + source("        2:    1:b();", path="b.c")

    assert read(text)[1] == {"a.c": {1: Line(1)}, "b.c": {1: Line(2)}}


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("src/q.c", None, ["src/q.c"]),
        ("./src/q.c", None, ["src/q.c"]),
        (".hidden/q.c", None, [".hidden/q.c"]),
        ("../src/q.c", None, ["../src/q.c"]),
        ("C:/w/q.c", None, ["C:/w/q.c"]),
        ("src/q.c", "native/src/q.c.gcov", ["native/src/q.c", "src/q.c"]),
        ("/usr/q.h", "#project#src#q.h.gcov", ["/usr/q.h", "/project/src/q.h"]),
        ("q.c", "build/^#src#q.c.gcov", ["build/^#src#q.c", "q.c", "../src/q.c"]),
        ("q.c", "src/other.gcov", ["q.c"]),
    ],
)
def test_paths_are_tried_best_first(path, name, expected):
    tried = []

    read(source("        1:    1:a();", path=path), name, resolve=lambda candidates, bases: tried.append(candidates))

    assert tried == [tuple(expected)]


def test_columns_of_swift_are_swapped():
    assert read(source("    3:        7:  x()", path="a.swift"))[1] == {"a.swift": {3: Line(7)}}


@pytest.mark.parametrize("at", ["1000001", "9" * 30, "00000000000000000000"])
def test_lines_out_of_range_are_skipped(at):
    outcome, report = read(source(f"        1:{at}:a();", "        1:    2:b();"))

    assert (outcome.stats.skipped, report) == (1, {"a.c": {2: Line(1)}})


def test_nothing_but_bad_records_is_corrupt():
    outcome, _ = read(source("        x:    1:a();"))

    assert (outcome.outcome, outcome.stats.first_problem) == ("corrupt", "line 2: no count of a source line")


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("reports/*/native/gcov/*")), ids=lambda path: "/".join(path.parts[-4::3])
)
def test_samples_have_the_numbers_of_the_tool(path):
    side = path.parts[-4]

    outcome, report = read(path.read_bytes(), f"native/gcov/{path.name}")

    ((source_path, lines),) = report.items()
    said = SAID[side, source_path]
    left_out = LEFT_OUT.get((side, source_path), [])
    executed = sum(line.value > 0 for line in lines.values())
    executed += sum(bool(re.search(rf"(?m)^ *\d+\*?: *{line}:", path.read_text())) for line in left_out)
    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("gcov", "ok", 0)
    assert not lines.keys() & set(left_out)
    assert len(lines) + len(left_out) == said["of"]
    assert round(100 * executed / said["of"], 2) == said["percent"]


def test_colours_are_taken_off():
    text = "\x1b[36m        -:    0:Source:a.c\x1b[0m\n\x1b[31m    #####\x1b[0m:    3:  x();\n        1*:    4:  y();\n"

    outcome, report = read(text)

    assert (outcome.format, report) == ("gcov", {"a.c": {3: Line(0), 4: Line(1)}})


def test_a_sample_cut_anywhere_is_read_as_far_as_it_goes():
    data = (SAMPLES / "reports" / "head" / "native" / "gcov" / "src#valve.cpp.gcov").read_bytes()
    _, whole = read(data)

    for end in range(0, len(data), 37):
        outcome, report = read(data[:end], None, *ALL)

        assert outcome.outcome in ("ok", "empty", "no_data", "not_recognised", "corrupt")
        assert report.get("src/valve.cpp", {}).keys() <= whole["src/valve.cpp"].keys() | {1, 2, 3}
