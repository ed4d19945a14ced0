"""One program reported in many formats has the same lines, with the same arms taken, in all of them."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, values_of


class Code(NamedTuple):
    """A line: how often it ran and which of its outcomes happened, in pairs of true and false."""

    hits: int
    outcomes: tuple[bool, ...]


Program = Mapping[int, Code]

RAN = st.lists(st.booleans(), min_size=2, max_size=6).filter(lambda arms: len(arms) % 2 == 0 and any(arms))
CODE = st.one_of(
    st.integers(0, 1000).map(lambda hits: Code(hits, ())),
    st.tuples(st.integers(1, 1000), RAN).map(lambda pair: Code(pair[0], tuple(pair[1]))),
    st.sampled_from([2, 4]).map(lambda arms: Code(0, (False,) * arms)),
)
PROGRAMS = st.dictionaries(st.integers(1, 50), CODE, min_size=1, max_size=15).map(
    lambda code: dict(sorted(code.items()))
)
DETECT = ("gcov.branch_detection.macro",)


def lcov(program: Program) -> str:
    out = ["SF:a.c"]
    for line, (hits, outcomes) in program.items():
        out.append(f"DA:{line},{hits}")
        out += [f"BRDA:{line},0,{arm},{hits if taken else '-'}" for arm, taken in enumerate(outcomes)]
    return "\n".join([*out, "end_of_record\n"])


def coveralls(program: Program) -> str:
    coverage = [program[line].hits if line in program else None for line in range(1, max(program) + 1)]
    branches = [
        value
        for line, (hits, outcomes) in program.items()
        for arm, taken in enumerate(outcomes)
        for value in (line, 0, arm, hits if taken else 0)
    ]
    return json.dumps({"source_files": [{"name": "a.c", "coverage": coverage, "branches": branches}]})


def gcov(program: Program) -> str:
    out = ["        -:    0:Source:a.c"]
    for line, (hits, outcomes) in program.items():
        out.append(f"{hits or '#####':>9}:{line:5}:  step(x);")
        out += [
            f"branch {arm:2} {'never executed' if not hits else f'taken {hits if taken else 0}'}"
            for arm, taken in enumerate(outcomes)
        ]
    return "\n".join(out)


def gcov_intermediate(program: Program) -> str:
    out = ["file:a.c"]
    for line, (hits, outcomes) in program.items():
        out.append(f"lcount:{line},{hits}")
        out += [f"branch:{line},{'notexec' if not hits else 'taken' if taken else 'nottaken'}" for taken in outcomes]
    return "\n".join([*out[:1], "function:60,0,f", *out[1:]])


def gcovjson(program: Program) -> str:
    lines = [
        {
            "line_number": line,
            "count": hits,
            "branches": [{"count": hits * taken, "throw": False, "fallthrough": False} for taken in outcomes],
        }
        for line, (hits, outcomes) in program.items()
    ]
    return json.dumps({"format_version": "1", "files": [{"file": "a.c", "lines": lines, "functions": []}]})


def llvmcov(program: Program) -> str:
    segments, branches = [], []
    for line, (hits, outcomes) in program.items():
        segments += [[line, 1, hits, True, True, False], [line, 90, 0, False, False, False]]
        for number in range(0, len(outcomes), 2):
            true, false = outcomes[number : number + 2]
            branches.append([line, 5 + 9 * number, line, 9 + 9 * number, hits * true, hits * false, 0, 0, 4])
    file = {"filename": "a.c", "segments": segments, "branches": branches}
    return json.dumps({"type": "llvm.coverage.json.export", "data": [{"files": [file]}]})


def coverlet(program: Program) -> str:
    branches = [
        {"Line": line, "Offset": 4, "EndOffset": 9, "Path": arm, "Ordinal": arm, "Hits": hits if taken else 0}
        for line, (hits, outcomes) in program.items()
        for arm, taken in enumerate(outcomes)
    ]
    lines = {line: code.hits for line, code in program.items()}
    return json.dumps({"A.dll": {"a.c": {"A": {"M()": {"Lines": lines, "Branches": branches}}}}})


def tarpaulin(program: Program) -> str:
    traces: list[object] = []
    for line, (hits, outcomes) in program.items():
        traces.append({"line": line, "stats": {"Line": hits}})
        traces += [
            {"line": line, "stats": {"Branch": {"been_true": outcomes[at], "been_false": outcomes[at + 1]}}}
            for at in range(0, len(outcomes), 2)
        ]
    return json.dumps({"files": [{"path": ["a.c"], "traces": traces}]})


def istanbul(program: Program) -> str:
    statements = {
        str(line): {"start": {"line": line, "column": 0}, "end": {"line": line, "column": 9}} for line in program
    }
    branches = {
        str(line): {
            "loc": statements[str(line)],
            "type": "switch",
            "locations": [statements[str(line)]] * len(outcomes),
        }
        for line, (_, outcomes) in program.items()
        if outcomes
    }
    file = {
        "path": "a.c",
        "statementMap": statements,
        "s": {str(line): code.hits for line, code in program.items()},
        "branchMap": branches,
        "b": {key: [program[int(key)].hits * taken for taken in program[int(key)].outcomes] for key in branches},
        "fnMap": {},
        "f": {},
    }
    return json.dumps({"a.c": file})


def v1(program: Program) -> str:
    values = {
        line: f"{sum(outcomes)}/{len(outcomes)}" if outcomes else hits for line, (hits, outcomes) in program.items()
    }
    return json.dumps({"coverage": {"a.c": values}})


WRITERS: list[tuple[Callable[[Program], str], tuple[str, ...]]] = [
    (lcov, ()), (coveralls, ()), (gcov, DETECT), (gcov_intermediate, DETECT), (gcovjson, DETECT), (llvmcov, ()),
    (coverlet, ()), (tarpaulin, ()), (istanbul, ("javascript.enable_partials",)), (v1, ()),
]  # fmt: skip


@pytest.mark.parametrize(("write", "switches"), WRITERS, ids=[write.__name__ for write, _ in WRITERS])
@settings(max_examples=60, deadline=None)
@given(program=PROGRAMS)
def test_a_program_has_the_same_lines_in_every_format(write, switches, program):
    outcome, report = read(write(program), None, *switches)

    expected = {line: f"{sum(arms)}/{len(arms)}" if arms else hits for line, (hits, arms) in program.items()}
    assert (outcome.outcome, outcome.stats.skipped) == ("ok", 0)
    assert values_of(report["a.c"]) == expected


@pytest.mark.parametrize("write", [lcov, gcovjson, llvmcov, coverlet, tarpaulin])
@settings(max_examples=20, deadline=None)
@given(program=PROGRAMS)
def test_partial_lines_become_hits_and_nothing_else_changes(write, program):
    _, before = read(write(program), None, *DETECT)

    _, after = read(write(program), None, *DETECT, f"{write.__name__}.partials_as_hits")

    assert {line: row.kind for line, row in after["a.c"].items()} == {
        line: row.kind for line, row in before["a.c"].items()
    }
    for line, (_, outcomes) in program.items():
        partial = any(outcomes) and not all(outcomes)
        assert after["a.c"][line].value == (1 if partial else before["a.c"][line].value)
