"""The JSON of elm-coverage."""

import json

import pytest
from reading import read, values_of
from worked_documents import ELM, plain

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.formats.elm import parse


def section(first: object, last: object, count: object = 0, **more: object) -> dict[str, object]:
    return {"from": {"line": first, "column": 1}, "to": {"line": last, "column": 9}, "count": count, **more}


def document(*sections: object, modules: object = None) -> str:
    return json.dumps(
        {"moduleMap": {"A": "src/A.elm"} if modules is None else modules, "coverageData": {"A": list(sections)}}
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_shortest_section_around_a_line_counts(order):
    sections = [section(1, 9, 5), section(3, 7, 0), section(4, 4, 2)]

    _, report = read(document(*(sections[index] for index in order)))

    assert values_of(report["src/A.elm"]) == {1: 5, 2: 5, 3: 0, 4: 2, 5: 0, 6: 0, 7: 0, 8: 5, 9: 5}


def test_complexity_belongs_to_the_start_of_a_section():
    builder = ReportBuilder()

    parse(ELM.encode(), builder, FormatOptions())

    report = builder.build()
    assert report.line[report.complexity.row].tolist() == [3]
    assert (report.complexity.value.tolist(), report.complexity.total.tolist()) == ([1], [-1])


@pytest.mark.parametrize(
    "bad",
    [
        section("x", 3),
        section(5, 3),
        section(0, 3),
        section(1, 10**7),
        section(1, 3, "x"),
        {"from": {"line": 1}},
        None,
        5,
    ],
)
def test_a_bad_section_costs_only_itself(bad):
    outcome, report = read(document(section(2, 2, 1), bad))

    assert (outcome.stats.skipped, report) == (1, {"src/A.elm": plain(_2=1)})


@pytest.mark.parametrize("modules", [{"B": "b.elm"}, {"A": 5}, {"A": None}])
def test_a_module_without_a_path_is_skipped(modules):
    outcome, _ = read(document(section(2, 2, 1), modules=modules))

    assert (outcome.outcome, outcome.stats.skipped) == ("corrupt", 1)


def test_endless_sections_are_refused():
    assert read(document(*[section(1, 1_000_000)] * 3))[0].outcome == "too_large"
