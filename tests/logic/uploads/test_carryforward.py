"""Which flags, sessions and files are carried, and what a carried session is called."""

from typing import Any

import pytest

from app.logic.coverage.expressions import PatternInvalid
from app.logic.uploads.carryforward import carried_name, choose_carried, is_carried, is_enabled

CARRY = {"carryforward": True}


@pytest.mark.parametrize(
    ("name", "carried"),
    [
        (None, "Carriedforward"),
        ("", "Carriedforward"),
        ("job", "CF[1] - job"),
        ("CF[1] - job", "CF[2] - job"),
        ("CF[3] - job", "CF[4] - job"),
        ("CF[9] - two\nlines", "CF[10] - two\nlines"),
        ("CF job", "CF[2] - job"),
        ("CF CF job", "CF[3] - job"),
        ("CFjob", "CF[1] - CFjob"),
        ("Carriedforward", "CF[1] - Carriedforward"),
        ("CF[99999999999999999999] - job", "CF[1] - CF[99999999999999999999] - job"),
    ],
)
def test_a_carried_session_tells_how_often_it_was_carried(name: str | None, carried: str) -> None:
    assert carried_name(name) == carried


@pytest.mark.parametrize(
    ("config", "enabled"),
    [
        ({}, False),
        ({"flags": {"unit": {}}}, False),
        ({"flags": {"unit": CARRY}}, True),
        ({"flags": {"unit": {"carryforward": False}, "e2e": CARRY}}, True),
        ({"flag_management": {"default_rules": CARRY}}, True),
        ({"flag_management": {"individual_flags": [{"name": "unit", "carryforward": True}]}}, True),
        ({"flag_management": {"default_rules": {"carryforward": False}, "individual_flags": []}}, False),
    ],
)
def test_nothing_is_looked_up_unless_some_flag_is_carried(config: dict[str, Any], enabled: bool) -> None:
    assert is_enabled(config) == enabled


def test_the_rules_of_a_flag_say_whether_it_is_carried() -> None:
    config = {
        "flags": {"unit": {"carryforward": False}, "empty": {}},
        "flag_management": {"default_rules": CARRY, "individual_flags": [{"name": "off", "carryforward": False}]},
    }

    assert {flag: is_carried(config, flag) for flag in ("unit", "empty", "off", "other")} == {
        "unit": False,
        "empty": False,
        "off": False,
        "other": True,
    }


def test_the_mode_is_accepted_and_means_all() -> None:
    config = {"flags": {"unit": CARRY | {"carryforward_mode": "labels"}}}

    assert choose_carried(config, {0: ["unit"]}).sessions == {0}


def test_a_session_goes_along_if_one_of_its_flags_is_carried() -> None:
    config = {"flags": {"unit": CARRY, "ui": CARRY}}

    carry = choose_carried(config, {0: ["unit", "slow"], 1: ["slow"], 2: [], 7: ["ui"]})

    assert carry.flags == ("ui", "unit")
    assert carry.sessions == {0, 7}


@pytest.mark.parametrize(
    ("unit", "ui", "files"),
    [
        ({}, {}, {"api/a.py", "web/b.js", "docs/c.py"}),
        ({"paths": ["^api/.*"]}, {"paths": ["^web/.*"]}, {"api/a.py", "web/b.js"}),
        ({"paths": ["^api/.*"]}, {}, {"api/a.py", "web/b.js", "docs/c.py"}),
        ({"paths": ["^api/.*"]}, {"paths": []}, {"api/a.py", "web/b.js", "docs/c.py"}),
        ({"paths": ["!^web/.*"]}, {"paths": ["!^docs/.*"]}, {"api/a.py"}),
    ],
)
def test_files_are_those_of_all_carried_flags_together(unit: Any, ui: Any, files: set[str]) -> None:
    config = {"flags": {"unit": CARRY | unit, "ui": CARRY | ui, "other": {"paths": ["^nowhere"]}}}

    carry = choose_carried(config, {0: ["unit"], 1: ["ui"], 2: ["other"]})

    assert {path for path in ("api/a.py", "web/b.js", "docs/c.py") if carry.paths.matches(path)} == files


def test_a_flag_that_the_source_does_not_have_does_not_open_all_files() -> None:
    config = {"flags": {"unit": CARRY | {"paths": ["^api/.*"]}, "ui": CARRY}}

    assert not choose_carried(config, {0: ["unit"]}).paths.matches("web/b.js")


def test_a_pattern_that_cannot_be_compiled_is_an_error_of_its_own() -> None:
    with pytest.raises(PatternInvalid):
        choose_carried({"flags": {"unit": CARRY | {"paths": ["(?=x)"]}}}, {0: ["unit"]})
