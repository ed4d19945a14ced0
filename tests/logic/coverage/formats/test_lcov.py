"""LCOV tracefiles."""

import json

import pytest
from reading import SAMPLES, Line, lines_of, read, status, values_of

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import lcov
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.measure import totals
from app.logic.coverage.totals import Totals

ENTRIES = [
    entry
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "lcov"
]
MATH = """TN:unit
SF:src/math.c
FN:3,add
FN:9,12,sub
FNDA:4,add
DA:3,4
DA:4,4
DA:5,0
DA:9,0
DA:10,0
BRDA:4,0,0,3
BRDA:4,0,1,-
BRDA:9,0,0,0
BRDA:9,0,1,0
end_of_record
"""
# Each of the two readers has to pass every test of this module.
READERS = {"plain": lcov.parse_plainly, "scanning": lcov.parse_scanning}


@pytest.fixture(params=READERS)
def parse(request, monkeypatch):
    """Read a document; return its lines by path and the statistics."""

    def run(text: str | bytes, *switches: str):
        for name in ("parse_plainly", "parse_scanning"):
            monkeypatch.setattr(lcov, name, READERS[request.param])
        builder = ReportBuilder()
        data = text.encode() if isinstance(text, str) else text
        stats = lcov.parse(data, builder, FormatOptions(frozenset(switches)))
        return lines_of(builder.build()), stats

    return run


def section(*records: str, path: str = "a.c") -> str:
    return "\n".join((f"SF:{path}", *records, "end_of_record", ""))


def test_the_worked_example():
    outcome, files = read(MATH, "lcov.info")

    assert outcome.outcome == "ok"
    assert files == {
        "src/math.c": {
            3: Line(4),
            4: Line("1/2", "b", ("0:1",)),
            5: Line(0),
            9: Line("0/2", "m", ("0:0", "0:1")),
            10: Line(0),
        }
    }


def test_the_totals_of_the_worked_example():
    builder = ReportBuilder()

    lcov.parse(MATH.encode(), builder, FormatOptions())

    found = totals(builder.build())
    assert found == Totals(files=1, hits=1, misses=3, partials=1, branches=1, methods=1)
    assert found.coverage == "20.00000"


def test_sections_of_the_same_file_unite_the_arms_they_took(parse):
    again = section("BRDA:4,0,0,0", "BRDA:4,0,1,2", path="src/math.c")

    files, _ = parse(MATH + again)

    assert files["src/math.c"][4] == Line("2/2", "b")


def test_a_repeated_line_takes_its_largest_count(parse):
    files, _ = parse(section("DA:1,0", "DA:1,7", "DA:1,3"))

    assert values_of(files["a.c"]) == {1: 7}


def test_the_last_record_of_an_arm_holds(parse):
    files, _ = parse(section("BRDA:1,0,0,1", "BRDA:1,0,1,1", "BRDA:1,0,0,-"))

    assert files["a.c"] == {1: Line("1/2", "b", ("0:0",))}


def test_the_last_record_of_an_arm_holds_between_usual_and_unusual_ones(parse):
    files, _ = parse(section("BRDA:1,0,0,1", "BRDA: 1,0,0,0", "BRDA:1,0,1,0", "BRDA: 1,0,1,1", "BRDA:1,0,1,0"))

    assert files["a.c"] == {1: Line("0/2", "b", ("0:0", "0:1"))}


def test_arms_stand_in_for_the_hits_of_their_line(parse):
    files, _ = parse(section("DA:1,731835", "BRDA:1,0,0,1", "BRDA:1,0,1,0"))

    assert values_of(files["a.c"]) == {1: "1/2"}


def test_arms_make_a_line_of_their_own(parse):
    files, _ = parse(section("DA:1,1", "BRDA:2,0,0,1", "DA:3,1"))

    assert values_of(files["a.c"]) == {1: 1, 2: "1/1", 3: 1}


def test_a_branch_may_be_named_by_an_expression_with_commas(parse):
    files, _ = parse(section("BRDA:2,0,jump to line 3,1", "BRDA:2,0,if (f(a, b)),0"))

    assert files["a.c"] == {2: Line("1/2", "b", ("0:if (f(a, b))",))}


def test_exception_arms_count_like_others(parse):
    files, _ = parse(section("BRDA:8,e0,0,-", "BRDA:8,0,1,1"))

    assert files["a.c"] == {8: Line("1/2", "b", ("e0:0",))}


@pytest.mark.parametrize("taken", ["1", "99999999999999999999", "x", "00", "-1"])
def test_an_arm_is_taken_unless_it_says_no(parse, taken):
    files, _ = parse(section(f"BRDA:1,0,0,{taken}"))

    assert values_of(files["a.c"]) == {1: "1/1"}


def test_functions_of_lcov_2_name_methods(parse):
    records = ("FNL:0,5,9", "FNA:0,1,main", "FNL:1,20", "BRDA:5,0,0,1", "BRDA:20,0,0,1", "BRDA:21,0,0,1")

    files, _ = parse(section(*records))

    assert [line.kind for line in files["a.c"].values()] == ["m", "m", "b"]


def test_functions_without_arms_stay_plain_lines(parse):
    files, _ = parse(section("FN:5,main", "DA:5,1"))

    assert files["a.c"] == {5: Line(1)}


def test_mcdc_records_are_ignored(parse):
    files, stats = parse(section("DA:1,1", "MCDC:1,2,t,1,0,a && b", "MCF:2", "MCH:1"))

    assert files == {"a.c": {1: Line(1)}}
    assert stats == ParseStats(records=1)


@pytest.mark.parametrize(
    ("hits", "value"),
    [
        ("5", 5),
        ("1e+3", 1000),
        ("1.7", 1),
        ("-3", 0),
        ("-1e9", 0),
        ("2147483648", 2**31 - 1),
        ("9" * 30, 2**31 - 1),
        ("9" * 5000, 2**31 - 1),
        ("007", 7),
        (" 4 ", 4),
        ("2,checksum==", 2),
        ("12345678", 12345678),
        ("123456789012", 2**31 - 1),
    ],
)
def test_hits_may_be_any_number(parse, hits, value):
    files, _ = parse(section(f"DA:1,{hits}"))

    assert values_of(files["a.c"]) == {1: value}


@pytest.mark.parametrize(
    "record",
    [
        *("DA:0,1", "DA:,1", "DA:undefined,1", "DA:012,1", "DA:-5,1", "DA:1000001,1", "DA:16707566,1", "DA:null,1"),
        *("DA:5,=", "DA:5,s", "DA:5,", "DA:5", "DA:", "DA:5,x", "DA:5,1x", "DA:5,1e400", f"DA:{'9' * 5000},1"),
        *("BRDA:0,0,0,1", "BRDA:,0,0,1", "BRDA:undefined,0,0,1", "BRDA:1,0,1", "BRDA:1", "BRDA:1,0,0,", "BRDA:"),
        *("FN:0,a", "FN:,a", "FN:x,a", "FN:7", "FNL:0", "FNL:0,x", "FNA:1"),
    ],
)
def test_a_bad_record_is_skipped_and_counted(parse, record):
    files, stats = parse(section("DA:1,1", record, "DA:2,0"))

    assert values_of(files["a.c"]) == {1: 1, 2: 0}
    assert (stats.records, stats.skipped) == (2, 1)
    assert stats.first_problem.startswith("line 3: ")


def test_the_largest_line_number_is_read(parse):
    files, _ = parse(section("DA:1000000,1"))

    assert values_of(files["a.c"]) == {1_000_000: 1}


def test_the_first_problem_is_the_first_in_the_document(parse):
    _, stats = parse("DA:1,1\n" + section("DA:2,1", "DA:x,1"))

    assert stats.skipped == 2
    assert stats.first_problem == "line 1: record outside a section"


def test_a_file_always_starts_a_section(parse):
    files, stats = parse("SF:a.c\nDA:1,1\nSF:b.c\nDA:1,0\nDA:2,0\nend_of_record\n")

    assert {path: values_of(lines) for path, lines in files.items()} == {"a.c": {1: 1}, "b.c": {1: 0, 2: 0}}
    assert not stats.truncated


def test_records_behind_the_end_of_a_section_belong_to_no_file(parse):
    files, stats = parse(section("DA:1,1") + "DA:2,1\nBRDA:3,0,0,1\nFN:4,x\n" + section("DA:5,1"))

    assert values_of(files["a.c"]) == {1: 1, 5: 1}
    assert (stats.records, stats.skipped) == (2, 2)


def test_a_section_without_a_path_is_dropped(parse):
    files, stats = parse(section("DA:1,1", path=" ") + section("DA:1,1", path="b.c"))

    assert list(files) == ["b.c"]
    assert stats.first_problem == "line 1: SF without a path"


def test_a_last_section_without_end_is_kept_as_truncated(parse):
    files, stats = parse(section("DA:1,1") + "SF:b.c\nDA:1,0\nDA:2,1")

    assert values_of(files["b.c"]) == {1: 0, 2: 1}
    assert stats.truncated


def test_line_ends_of_windows_are_no_part_of_a_record(parse):
    files, stats = parse(MATH.replace("\n", "\r\n"))

    assert files == parse(MATH)[0]
    assert stats == parse(MATH)[1]


def test_a_path_of_other_encoding_is_kept_readable(parse):
    files, _ = parse(section("DA:1,1").encode().replace(b"a.c", b"caf\xe9.c"))

    assert list(files) == ["caf�.c"]


def test_a_document_of_bad_records_only_is_corrupt(parse):
    with pytest.raises(FormatError) as caught:
        parse(section("DA:x,1", "DA:y,1"))

    assert caught.value.code == "corrupt"
    assert "line 2: no line number" in caught.value.detail


def test_a_document_without_records_is_no_error(parse):
    files, stats = parse(section())

    assert files == {}
    assert stats == ParseStats()


@pytest.mark.parametrize(("path", "value"), [("a.js", "1/2"), ("a.ts", "1/2"), ("a.mjs", "1/2")])
def test_arms_of_javascript_count_by_default(parse, path, value):
    files, _ = parse(section("DA:2,9", "BRDA:2,0,0,1", "BRDA:2,0,1,0", path=path))

    assert values_of(files[path]) == {2: value}


def test_arms_and_functions_of_javascript_can_be_switched_off(parse):
    records = ("FN:2,f", "DA:2,9", "BRDA:2,0,0,1", "BRDA:2,0,1,0", "BRDA:3,0,0,1")

    files, _ = parse(section(*records, path="a.js") + section(*records, path="a.jsx"), "lcov.ignore_js_branches")

    assert files["a.js"] == {2: Line(9)}
    assert values_of(files["a.jsx"]) == {2: "1/2", 3: "1/1"}


def test_arms_of_the_first_line_of_typescript_are_ignored(parse):
    records = ("DA:1,4", "BRDA:1,0,0,0", "BRDA:1,0,1,1", "BRDA:2,1,0,0")

    files, _ = parse(section(*records, path="a.ts") + section(*records, path="a.tsx"))

    assert values_of(files["a.ts"]) == {1: 4, 2: "0/1"}
    assert values_of(files["a.tsx"]) == {1: "1/2", 2: "0/1"}


@pytest.mark.parametrize(
    "function",
    ["FN:5,_ZN4acme3runEv", "FN:5,9,_ZN4acme3runEv", "FN:5,_GLOBAL__sub_I_x", "FNL:3,5,9\nFNA:3,1,_ZN4acme3runEv"],
)
def test_arms_where_a_mangled_function_starts_are_ignored_in_cpp(parse, function):
    records = (function, "DA:5,2", "BRDA:5,0,0,1", "BRDA:5,0,1,0", "BRDA:6,0,0,0")

    files, _ = parse(section(*records, path="a.cpp") + section(*records, path="a.hpp"))

    assert files["a.cpp"] == {5: Line(2), 6: Line("0/1", "b", ("0:0",))}
    assert files["a.hpp"][5] == Line("1/2", "m", ("0:1",))


def test_arms_of_plain_functions_count_in_cpp(parse):
    files, _ = parse(section("FN:5,main", "FN:7,9,run(int, _Z)", "BRDA:5,0,0,1", "BRDA:7,0,0,1", path="a.cpp"))

    assert [line.kind for line in files["a.cpp"].values()] == ["m", "m"]


def test_partials_can_count_as_hits(parse):
    records = ("FN:1,f", "BRDA:1,0,0,1", "BRDA:1,0,1,0", "BRDA:2,1,0,0", "BRDA:3,2,0,1", "BRDA:4,3,0,0", "BRDA:4,3,1,5")

    files, _ = parse(section(*records), "lcov.partials_as_hits")

    assert files["a.c"] == {1: Line(1, "m"), 2: Line("0/1", "b", ("1:0",)), 3: Line("1/1", "b"), 4: Line(1, "b")}


def test_files_outside_the_repository_are_dropped_without_error():
    _, files = read(
        section("DA:1,1", path="/usr/include/x.h") + section("DA:1,1"),
        resolve=lambda candidates, bases: None if candidates[0].startswith("/usr") else candidates[0],
    )

    assert list(files) == ["a.c"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_real_report_has_the_files_and_lines_the_tool_counted(entry):
    _, files = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])

    for path, records in entry["lcov_records"].items():
        found = files[path]
        # Arms of a line that has no DA record make a line that the tool does not count.
        assert sum(not isinstance(line.value, str) for line in found.values()) <= records["LF"] <= len(found)
        if "BRF" not in records:
            assert sum(status(line) == "hit" for line in found.values()) == records["LH"]
            assert len(found) == records["LF"]
    assert len(files) == len(entry["lcov_records"])


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["tool"].startswith("coverage.py")], ids=lambda e: e["file"])
def test_a_report_of_coverage_py_has_the_lines_and_partials_it_printed(entry):
    _, files = read((SAMPLES / entry["file"]).read_bytes(), entry["file"])

    for path, said in entry["says"]["files"].items():
        found = [status(line) for line in files[path].values()]
        assert len(found) == said["lines"]
        # A line that ran, all of whose arms leave in a way that was not seen, is a miss of ours and partial for it.
        assert found.count("partial") <= said["partial_branch_lines"]
        assert found.count("hit") + said["partial_branch_lines"] == said["lines_covered"]
