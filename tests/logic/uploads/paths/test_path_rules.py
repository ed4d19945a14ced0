"""Which files the configuration leaves out of an upload."""

from typing import Any

import pytest

from app.logic.coverage.dropped import DropReason
from app.logic.uploads.paths.rules import PathRules

FLAGS = {
    "flags": {
        "unit": {"paths": ["^src"], "ignore": ["^src/gen"]},
        "ui": {"paths": ["^web"]},
        "bare": {},
    }
}


def kept(config: dict[str, Any], flags: list[str], *paths: str) -> list[str]:
    rules = PathRules.from_config(config, flags)
    assert rules.problems == ()
    return [path for path in paths if rules.verdict(path) is None]


@pytest.mark.parametrize(
    ("config", "flags", "expected"),
    [
        ({}, [], ["src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx"]),
        ({"ignore": []}, [], ["src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx"]),
        ({"ignore": ["^src/gen"]}, [], ["src/a.py", "web/c.js", "app/[id]/p.tsx"]),
        ({"ignore": ["gen"]}, [], ["src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx"]),  # at the start only
        ({"ignore": ["src/.*\\.p"]}, [], ["web/c.js", "app/[id]/p.tsx"]),  # the end is open
        ({"ignore": [".*"]}, [], []),
        ({"ignore": ["!^web"]}, [], ["web/c.js"]),  # what is not to be ignored is all that is kept
        ({"ignore": ["^!web"]}, [], ["web/c.js"]),
        ({"ignore": ["^src/gen", "!^src"]}, [], ["src/a.py"]),
        ({"ignore": ["app/[id]/p.tsx"]}, [], ["src/a.py", "src/gen/b.py", "web/c.js"]),  # equal, though no match
        (FLAGS, [], ["src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx"]),
        (FLAGS, ["unit"], ["src/a.py"]),
        (FLAGS, ["ui"], ["web/c.js"]),
        (FLAGS, ["unit", "ui"], ["src/a.py", "web/c.js"]),
        (FLAGS, ["bare", "unknown"], ["src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx"]),
        (FLAGS | {"ignore": ["^web"]}, ["ui"], []),
        (
            {"flags": {"u": {"paths": [".*"], "ignore": ["^web"]}}},
            ["u"],
            ["src/a.py", "src/gen/b.py", "app/[id]/p.tsx"],
        ),
        ({"flags": {"u": {"paths": ["!^src/gen"]}}}, ["u"], ["src/a.py", "web/c.js", "app/[id]/p.tsx"]),
        ({"flag_management": {"default_rules": {"paths": ["^web"]}}}, ["any"], ["web/c.js"]),
    ],
)
def test_ignored_files_go_and_included_ones_stay(config: dict[str, Any], flags: list[str], expected: list[str]) -> None:
    assert kept(config, flags, "src/a.py", "src/gen/b.py", "web/c.js", "app/[id]/p.tsx") == expected


def test_the_reason_says_which_kind_of_pattern_it_was() -> None:
    rules = PathRules.from_config(FLAGS, ["unit"])

    assert rules.verdict("src/gen/b.py") is DropReason.IGNORED
    assert rules.verdict("web/c.js") is DropReason.NOT_INCLUDED


@pytest.mark.parametrize(
    ("config", "enabled"),
    [
        ({}, True),
        ({"codecov": None}, True),
        ({"codecov": {"disable_default_path_fixes": False}}, True),
        ({"codecov": {"disable_default_path_fixes": True}}, False),
    ],
)
def test_default_fixing_can_be_turned_off(config: dict[str, Any], enabled: bool) -> None:
    assert PathRules.from_config(config, []).default_fixes is enabled


def test_patterns_that_cannot_be_used_are_left_out_and_named() -> None:
    config = {
        "ignore": ["(", "^gen", 7],
        "fixes": ["(::x", "^a/::b/"],
        "flags": {"unit": {"paths": ["(?!x)", "^src"]}},
        "flag_management": "nonsense",
        "codecov": "nonsense",
    }

    rules = PathRules.from_config(config, ["unit"])

    assert [rules.verdict(path) for path in ("src/a.py", "gen/a.py")] == [None, DropReason.IGNORED]
    assert rules.fixes.replace("a/x.py") == "b/x.py"
    assert len(rules.problems) == 3


@pytest.mark.parametrize("value", ["src", 3, {"src": True}])
def test_a_section_of_the_wrong_kind_is_left_out_and_named(value: object) -> None:
    rules = PathRules.from_config({"ignore": value, "fixes": value}, [])

    assert rules.problems == ("ignore: not a list", "fixes: not a list")


def test_thousands_of_large_patterns_fit_into_expressions_of_bounded_size() -> None:
    patterns = [f"^{number}{'x' * 1000}" for number in range(1000)]

    rules = PathRules.from_config({"ignore": patterns}, [])

    assert rules.problems == ()
    assert rules.verdict("999" + "x" * 1000) is DropReason.IGNORED
    assert rules.verdict("999" + "x" * 999) is None
