"""Layers of configuration: the rule of merging, and the defaults below everything."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.repository_yaml.defaults import DEFAULTS
from app.logic.repository_yaml.effective import effective_config
from app.logic.repository_yaml.merge import merge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from("abc"), children, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({"project": True}, {"project": {"ui": {}}}, {"project": {"ui": {}}}),
        (
            {"project": {"default": {"target": 80}}},
            {"project": {"ui": {}}},
            {"project": {"default": {"target": 80}, "ui": {}}},
        ),
        ({"ignore": ["x"]}, {"ignore": ["y"]}, {"ignore": ["y"]}),
        ({"comment": {"layout": "d"}}, {"comment": False}, {"comment": False}),
        ({"comment": False}, {"comment": {"layout": "x"}}, {"comment": {"layout": "x"}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ],
)
def test_mappings_are_joined_and_everything_else_is_replaced(below: Any, above: Any, merged: Any) -> None:
    assert merge(below, above) == merged


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_merging_is_idempotent_and_leaves_its_arguments_alone(below: Any, above: Any) -> None:
    before = deepcopy((below, above))

    merged = merge(below, above)

    assert merge(merged, above) == merged
    assert merge(below, below) == below
    assert (below, above) == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("codecov.require_ci_to_pass", True),
        ("codecov.notify.wait_for_ci", True),
        ("coverage.precision", 2),
        ("coverage.round", "down"),
        ("coverage.range", [60.0, 80.0]),
        ("coverage.status.project", False),
        ("coverage.status.patch", True),
        ("coverage.status.changes", False),
        ("coverage.status.default_rules.flag_coverage_not_uploaded_behavior", "include"),
        ("comment.layout", "condensed_header, flags, tree, components"),
        ("comment.behavior", "default"),
        ("comment.show_carryforward_flags", False),
        ("comment.hide_project_coverage", True),
    ],
)
def test_defaults_hold_where_nobody_says_anything(path: str, value: Any) -> None:
    found: Any = effective_config({}, {}, {})

    for key in path.split("."):
        found = found[key]
    assert found == value


def test_later_layers_win() -> None:
    site = {"coverage": {"precision": 1, "round": "up", "range": [1.0, 2.0]}, "github_checks": False}
    owner = {"coverage": {"precision": 3, "round": "nearest"}}
    repository = {"coverage": {"precision": 4}}

    coverage = effective_config(site, owner, repository)["coverage"]

    assert (coverage["range"], coverage["round"], coverage["precision"]) == ([1.0, 2.0], "nearest", 4)
    assert effective_config(site, owner, repository)["github_checks"] is False


def test_a_comment_switched_on_again_has_the_defaults() -> None:
    config = effective_config({"comment": False}, {}, {"comment": {"behavior": "new"}})

    assert config["comment"] == DEFAULTS["comment"] | {"behavior": "new"}
    assert effective_config({}, {}, {"comment": False})["comment"] is False


def test_the_defaults_cannot_be_changed_through_a_result() -> None:
    effective_config({}, {}, {})["comment"]["layout"] = "diff"

    assert effective_config({}, {}, {})["comment"]["layout"] != "diff"
