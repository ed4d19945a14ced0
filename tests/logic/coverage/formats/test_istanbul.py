"""Istanbul's JSON and its relatives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import SAMPLES, Line, lines_of, read, status, values_of

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import istanbul
from app.logic.coverage.formats.base import FormatOptions

PARTIALS = "javascript.enable_partials"
EXPECTED = {
    entry["file"]: entry["says"]
    for entry in json.loads((SAMPLES.parents[1] / "tests" / "fixtures" / "expected.json").read_text())["reports"]
    if entry["format"] == "istanbul JSON"
}


def place(line, start=0, end_line=None, end=40):
    return {"start": {"line": line, "column": start}, "end": {"line": end_line or line, "column": end}}


NOWHERE = {"start": {}, "end": {}}


def file(statements=(), functions=(), branches=(), path="/w/src/cart.js"):
    """A file of (line, hits) pairs, and branches of (type, line, [(line, hits)])."""
    return {
        "path": path,
        "statementMap": {str(i): place(line) for i, (line, _) in enumerate(statements)},
        "fnMap": {
            str(i): {"name": f"f{i}", "decl": place(line), "loc": place(line), "line": line}
            for i, (line, _) in enumerate(functions)
        },
        "branchMap": {
            str(i): {
                "loc": place(line),
                "type": kind,
                "locations": [place(at) if at else NOWHERE for at, _ in arms],
                "line": line,
            }
            for i, (kind, line, arms) in enumerate(branches)
        },
        "s": {str(i): hits for i, (_, hits) in enumerate(statements)},
        "f": {str(i): hits for i, (_, hits) in enumerate(functions)},
        "b": {str(i): [hits for _, hits in arms] for i, (_, _, arms) in enumerate(branches)},
    }


def compact(document):
    return json.dumps(document, separators=(",", ":"))


CART = file(
    statements=[(1, 1), (3, 4), (3, 0), (5, 4), (6, 0), (9, 4)],
    functions=[(2, 4), (12, 0)],
    branches=[("if", 5, [(5, 0), (0, 4)]), ("cond-expr", 9, [(9, 4), (9, 0)])],
)


def test_by_default_every_place_counts_on_its_start_line():
    outcome, report = read(compact({"/w/src/cart.js": CART}), "coverage-final.json")

    assert (outcome.format, outcome.outcome) == ("istanbul", "ok")
    assert report == {
        "/w/src/cart.js": {
            1: Line(1),
            2: Line(4, "m"),
            3: Line(4),
            5: Line(4, "b"),
            6: Line(0),
            9: Line(4, "b"),
            12: Line(0, "m"),
        }
    }


def test_with_partials_the_arms_of_a_decision_make_a_fraction():
    _, report = read(compact({"/w/src/cart.js": CART}), None, PARTIALS)

    assert report == {
        "/w/src/cart.js": {
            1: Line(1),
            2: Line(4, "m"),
            3: Line(4),
            5: Line("1/2", "b", ("0:0",)),
            6: Line(0),
            9: Line("1/2", "b", ("1:1",)),
            12: Line(0, "m"),
        }
    }


def test_partials_need_no_file_of_a_certain_ending():
    _, report = read(compact({"/w/src/cart.vue": CART}), None, PARTIALS)

    assert report["/w/src/cart.vue"][5] == Line("1/2", "b", ("0:0",))


def test_with_partials_a_line_that_never_ran_took_no_arm():
    cart = file(statements=[(5, 0)], branches=[("if", 5, [(6, 0), (0, 0)])])

    _, report = read(compact({"a.js": cart}), None, PARTIALS)

    assert report == {"a.js": {5: Line("0/2", "b", ("0:0", "0:1"))}}


def test_with_partials_all_decisions_of_a_line_are_added_up():
    cart = file(
        statements=[(5, 2)], branches=[("if", 5, [(5, 2), (0, 0)]), ("binary-expr", 5, [(5, 2), (6, 1), (7, 0)])]
    )

    _, report = read(compact({"a.js": cart}), None, PARTIALS)

    assert report == {"a.js": {5: Line("3/5", "b", ("0:1", "1:2"))}}


def test_with_partials_a_default_argument_is_one_arm():
    cart = file(functions=[(7, 5)], branches=[("default-arg", 7, [(7, 0)])])

    _, report = read(compact({"a.js": cart}), None, PARTIALS)

    assert report == {"a.js": {7: Line("0/1", "b", ("0:0",))}}


def test_blocks_of_v8_are_no_alternatives():
    v8 = file(
        statements=[(1, 3), (2, 3), (3, 0)],
        branches=[("branch", 1, [(1, 3)]), ("branch", 2, [(2, 0)]), ("branch", 3, [(3, 0)])],
    )

    _, report = read(compact({"a.ts": v8}), None, PARTIALS)

    assert report == {"a.ts": {1: Line(3), 2: Line("1/2"), 3: Line(0)}}


def test_statements_of_one_line_count_by_their_maximum():
    _, report = read(compact({"a.js": file(statements=[(4, 0), (4, 9), (4, 2), (3, 0)])}))

    assert values_of(report["a.js"]) == {3: 0, 4: 9}


def test_counters_are_found_by_name_not_by_order():
    mixed = file(statements=[(1, 5), (2, 0)])
    mixed["s"] = {"1": 0, "0": 5}

    _, report = read(compact({"a.js": mixed}))

    assert values_of(report["a.js"]) == {1: 5, 2: 0}


def test_places_may_stand_under_loc_and_may_be_skipped():
    document = {
        "a.js": {
            "statementMap": {"0": {"loc": place(3)}, "1": place(4) | {"skip": True}, "2": {"loc": {"skip": True}}},
            "s": {"0": 2, "1": 7, "2": 7},
        }
    }

    _, report = read(compact(document))

    assert report == {"a.js": {3: Line(2)}}


def test_columns_without_a_limit_are_read():
    document = {"a.js": file(statements=[(1, 1), (2, 0)]), "b.js": file(statements=[(3, 1)])}
    document["a.js"]["statementMap"]["1"]["end"]["column"] = None

    _, report = read(compact(document))

    assert {path: values_of(lines) for path, lines in report.items()} == {"a.js": {1: 1, 2: 0}, "b.js": {3: 1}}


def test_counts_of_any_size_are_capped():
    _, report = read(compact({"a.js": file(statements=[(1, 10**9), (2, 10**15), (3, 10**30), (4, -3)])}))

    assert values_of(report["a.js"]) == {1: 10**9, 2: 2**31 - 1, 3: 2**31 - 1, 4: 0}


def test_a_library_path_is_also_looked_for_among_the_sources():
    asked = []

    def resolve(candidates, bases):
        asked.append(tuple(candidates))
        return candidates[-1]

    _, report = read(compact({"/w/lib/lib/a.js": file(statements=[(1, 1)])}), resolve=resolve)

    assert asked == [("/w/lib/lib/a.js", "/w/src/lib/a.js")]
    assert list(report) == ["/w/src/lib/a.js"]


@pytest.mark.parametrize("wrap", [lambda f: {"data": {"a.js": f}}, lambda f: {"a.js": {"data": f}}])
def test_wrapped_files_are_unwrapped(wrap):
    outcome, report = read(compact(wrap(file(statements=[(1, 1), (2, 0)]))))

    assert outcome.format == "istanbul"
    assert values_of(report["a.js"]) == {1: 1, 2: 0}


def test_lines_covered_are_counts_by_line():
    _, report = read('{"a.js": {"linesCovered": {"1": 3, "2": 0, "x": 1}}, "b.js": {"linesCovered": {"7": 1}}}')

    assert {path: values_of(lines) for path, lines in report.items()} == {"a.js": {1: 3, 2: 0}, "b.js": {7: 1}}


def test_jscover_counts_outcomes_of_conditions():
    document = {
        "/a.js": {
            "lineData": [None, 3, None, 2, 0, 1, 4],
            "branchData": {
                "3": [None, {"position": 1, "nodeLength": 5, "evalTrue": 1, "evalFalse": 0}],
                "4": [None, {"evalTrue": 0, "evalFalse": 0}],
                "6": [None, {"evalTrue": 4, "evalFalse": 2}, {"evalTrue": 0, "evalFalse": 4}],
            },
        }
    }

    outcome, report = read(compact(document))

    assert outcome.format == "istanbul"
    assert report["/a.js"] == {
        1: Line(3),
        3: Line("1/2", "b"),
        4: Line("0/2", "b"),
        5: Line(1),
        6: Line("3/4", "b"),
    }


@pytest.mark.parametrize("bad", ['""', "null", "-1", "1e400", '"x"', "[]", "{}", "true"])
@pytest.mark.parametrize(
    "where", ['"s":{"0":@,"1":1}', '"statementMap":{"0":{"start":{"line":@}},"1":{"start":{"line":2}}}']
)
def test_a_bad_value_costs_only_itself(where, bad):
    parts = {
        '"s"': '"s":{"0":1,"1":1}',
        '"statementMap"': '"statementMap":{"0":{"start":{"line":1}},"1":{"start":{"line":2}}}',
    }
    parts[where.partition(":")[0]] = where.replace("@", bad)
    data = f'{{"a.js":{{{",".join(parts.values())}}},"b.js":{compact(file(statements=[(7, 1)]))}}}'

    outcome, report = read(data)

    assert outcome.outcome == "ok"
    assert values_of(report["a.js"])[2] == 1
    assert values_of(report["b.js"]) == {7: 1}


@pytest.mark.parametrize("key", ["statementMap", "s", "fnMap", "f", "branchMap", "b", "path"])
@pytest.mark.parametrize("switches", [(), (PARTIALS,)])
def test_a_missing_part_costs_only_what_needs_it(key, switches):
    broken = {name: value for name, value in CART.items() if name != key}

    outcome, report = read(compact({"a.js": broken, "b.js": file(statements=[(7, 1)])}), None, *switches)

    assert outcome.outcome == "ok"
    assert values_of(report["b.js"]) == {7: 1}


def test_a_missing_counter_is_reported():
    cart = file(statements=[(1, 1), (2, 2)])
    del cart["s"]["0"]

    outcome, report = read(compact({"a.js": cart}))

    assert outcome.stats.skipped == 1
    assert outcome.stats.first_problem == "statement 0 has no counter"
    assert values_of(report["a.js"]) == {2: 2}


def test_a_file_that_is_no_object_costs_only_itself():
    outcome, report = read(compact({"a.js": file(statements=[(1, 1)]), "b.js": 5, "c.js": {"hash": "x"}}))

    assert outcome.stats.skipped == 2
    assert values_of(report["a.js"]) == {1: 1}


def test_paths_that_are_no_utf8_are_read():
    data = compact({"caf\xe9.js": file(statements=[(1, 1)])}).replace("\\u00e9", "\xe9").encode("latin-1")

    _, report = read(data)

    assert list(report) == ["caf\ufffd.js"]


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_samples_have_the_numbers_of_the_tool(path):
    document = json.loads((SAMPLES / path).read_bytes())
    says = EXPECTED[path]["files"]

    outcome, report = read((SAMPLES / path).read_bytes(), path)

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("istanbul", "ok", 0)
    assert set(report) == set(says)
    for name, numbers in says.items():
        # The tool's figures are about lines where statements begin; ours also count branch arms and functions.
        begins = {entry["start"]["line"] for entry in document[name]["statementMap"].values()}
        lines = [line for number, line in report[name].items() if number in begins]
        assert len(lines) == numbers["lines"]["total"]
        if "js-web" in path:
            assert sum(status(line) == "hit" for line in lines) == numbers["lines"]["covered"]


@pytest.mark.parametrize("side", ["base", "head"])
def test_partials_agree_with_the_tracefile_of_the_same_run(side):
    folder = SAMPLES / "reports" / side / "js-tools"

    _, ours = read((folder / "coverage-final.json").read_bytes(), None, PARTIALS)
    _, twin = read((folder / "lcov.info").read_bytes())

    for path, lines in twin.items():
        found = next(lines for name, lines in ours.items() if name.endswith(path))
        assert {number: status(line) for number, line in lines.items()} == {
            number: status(found[number]) for number in lines
        }


PLACES = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), max_size=6)
BRANCHES = st.lists(
    st.tuples(
        st.sampled_from(["if", "branch", "cond-expr"]),
        st.integers(1, 12),
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=1, max_size=3),
    ),
    max_size=4,
)
FILES = st.dictionaries(
    st.sampled_from(["a.js", "b.js", "c.js"]), st.builds(file, PLACES, PLACES, BRANCHES), min_size=1
)


@given(FILES, st.sampled_from([(), (PARTIALS,)]))
def test_reading_statements_all_at_once_equals_reading_them_one_by_one(files, switches):
    texts = (compact(files), json.dumps(files, indent=1))  # blanks make the maps be decoded entry by entry
    both = []

    for text in texts:
        builder = ReportBuilder()
        istanbul.parse(text.encode(), builder, FormatOptions(frozenset(switches)))
        both.append(lines_of(builder.build()))

    assert both[0] == both[1]


@given(FILES, st.data())
def test_reading_mutated_statements_at_once_equals_reading_them_one_by_one(files, data):
    text = compact(files)
    at = data.draw(st.integers(0, len(text) - 1))
    mutated = text[:at] + data.draw(st.sampled_from(["", "0", "9", '"', "-", " ", "{}", "null", "x"])) + text[at + 1 :]
    try:
        spaced = json.dumps(json.loads(mutated), indent=1)
    except ValueError:
        return
    both = []

    for version in (mutated, spaced):
        builder = ReportBuilder()
        try:
            istanbul.parse(version.encode(), builder, FormatOptions())
        except istanbul.FormatError as error:
            both.append(error.code)
        else:
            both.append(lines_of(builder.build()))

    assert both[0] == both[1]


@pytest.mark.parametrize("broken", [b'"path": "\xff"', b'"\xff": 1', b'"statementMap": {"\xff": 1}'])
def test_a_file_that_is_no_utf_8_does_not_cost_the_others(broken):
    good = b'"a.js": {"path": "a.js", "statementMap": {"0": {"start": {"line": 1}}}, "s": {"0": 1}}'

    outcome, report = read(b'{"b.js": {"s": 1, %s}, %s}' % (broken, good))

    assert outcome.outcome == "ok"
    assert values_of(report["a.js"]) == {1: 1}
