"""The JSON document: follows its schema, and holds everything."""

import json

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings

from app.logic.coverage import measure
from app.logic.coverage.assembled import Session
from app.logic.coverage.exports import json_document
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.report import IGNORED, Report
from app.logic.coverage.totals import Totals
from tests.logic.coverage import oracle
from tests.logic.coverage.exports.exporting import ROOT, SAMPLES, reports, sample
from tests.logic.coverage.oracle import Joined, Measure, Place, report_of

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "export.schema.json").read_text()))
KINDS = {"line": 0, "branch": 1, "method": 2}


def export(subject: Subject) -> dict:
    value = json.loads(b"".join(json_document.write(subject)))
    SCHEMA.validate(value)
    return value


def read(value: dict) -> dict[Place, Joined]:
    """Take a document apart as `oracle.read` does with a report."""
    found = {}
    for path, file in value["files"].items():
        for line, written in file["lines"].items():
            hits, _, arms = str(written).partition("/")
            complexity = file.get("complexity", {}).get(line)
            found[path, int(line)] = Joined(
                int(hits),
                int(arms or 0),
                tuple(
                    (max(map(oracle.style, known["ids"])), known["arms"], frozenset(known["ids"]))
                    for known in file.get("missing", {}).get(line, [])
                ),
                KINDS[file.get("kinds", {}).get(line, "branch" if arms else "line")],
                (complexity, -1) if isinstance(complexity, int) else complexity and tuple(complexity),
            )
    return found


def test_a_file_has_totals_lines_and_what_else_is_known() -> None:
    report = report_of(
        [
            Measure(12, 3),
            Measure(13, 1, 2, ("0:1",), kind=1),
            Measure(14, IGNORED),
            Measure(15, 0, kind=2, complexity=(1, 3)),
        ]
    )

    file = export(Subject(report))["files"]["a.py"]

    assert file["lines"] == {"12": 3, "13": "1/2", "14": -1, "15": 0}
    assert file["kinds"] == {"15": "method"}
    assert file["missing"] == {"13": [{"arms": 2, "ids": ["0:1"]}]}
    assert file["complexity"] == {"15": [1, 3]}
    assert file["totals"]["coverage"] == "33.33333"


def test_a_commit_has_flags_and_sessions() -> None:
    session = Session(0, ("unit",), "tests", totals=Totals(files=1, hits=1))
    subject = Subject(report_of([Measure(1, 1)]), "abc", {"unit": Totals(files=1, hits=1, sessions=1)}, (session,))

    value = export(subject)

    assert value["commit"] == "abc"
    assert value["flags"]["unit"]["coverage"] == "100"
    assert value["sessions"][0]["flags"] == ["unit"]
    assert value["totals"]["sessions"] == 1


@settings(max_examples=150)
@given(reports)
def test_nothing_is_lost(report: Report) -> None:
    value = export(Subject(report))

    assert read(value) == oracle.read(report)
    assert value["totals"] == measure.totals(report).as_dict()


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_of_real_tools_is_lost(name: str) -> None:
    report = sample(name)

    value = export(Subject(report))

    assert read(value) == oracle.read(report)
    assert np.sum([file["totals"]["hits"] for file in value["files"].values()]) == measure.totals(report).hits
