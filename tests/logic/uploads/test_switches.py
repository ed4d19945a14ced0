"""From the `parsers` section to the switches of the parsers."""

import pytest

from app.logic.uploads.switches import format_switches


@pytest.mark.parametrize(
    ("parsers", "switches"),
    [
        ({"jacoco": {"partials_as_hits": True}}, {"jacoco.partials_as_hits"}),
        ({"jacoco": {"partials_as_hits": False}, "go": {"partials_as_hits": True}}, {"go.partials_as_hits"}),
        ({"javascript": {"enable_partials": True}}, {"javascript.enable_partials"}),
        (
            {"gcov": {"branch_detection": {"conditional": True, "loop": True, "method": False}}},
            {"gcov.branch_detection.conditional", "gcov.branch_detection.loop"},
        ),
        ({"lcov": {"partials_as_hits": 1}, "go": "true", "v1": None, "cobertura": []}, set()),
        ({}, set()),
        (None, set()),
        (True, set()),
    ],
)
def test_what_is_true_is_switched_on(parsers: object, switches: set[str]) -> None:
    assert format_switches({"parsers": parsers, "coverage": {"precision": 2}}) == switches


def test_a_configuration_without_parsers_switches_nothing_on() -> None:
    assert format_switches({}) == frozenset()
