"""The owner of a repository rewrites paths by rules in the order of the file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.repository_yaml.patterns import path_fix
from app.logic.uploads.paths.fixes import UserFixes


def fixes(*rules: str) -> UserFixes:
    problems: list[str] = []
    compiled = UserFixes.compile([path_fix(rule) for rule in rules], problems)
    assert problems == []
    return compiled


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        (["old/::new/"], "old/a.py", "new/a.py"),
        (["old/::new/"], "x/old/a.py", "x/old/a.py"),
        (["old::new"], "older/a.py", "newer/a.py"),
        (["rm/::"], "rm/a.py", "a.py"),
        (["/home/ci/::x/"], "home/ci/a.py", "x/a.py"),
        (["build-*/::out/"], "build-1/a.py", "out/a.py"),
        (["build-*/::out/"], "build-12/a.py", "out/a.py"),
        (["build-*/::out/"], "build-1/x/a.py", "out/x/a.py"),
        (["dist-*/::"], "dist-3/a.py", "a.py"),
        (["**/src/::src/"], "a/b/src/a.py", "src/a.py"),
        (["{a,b}/::c/"], "b/a.py", "c/a.py"),
        ([r"(a|b)/(c|d)/::e/", "x/::y/"], "x/a.py", "y/a.py"),  # groups of a rule do not disturb the next one
        ([r"v(\d+)/::r/"], "v12/a.py", "r/a.py"),
        (["a/::b/", "b/::c/"], "a/x.py", "b/x.py"),  # one replacement
        (["a/::first/", "a/b/::second/"], "a/b/x.py", "first/b/x.py"),  # the first rule that matches
        (["a/b/::second/", "a/::first/"], "a/b/x.py", "second/x.py"),
        (["a/::a/b/"], "a/x.py", "a/b/x.py"),
        (["a/::b//c/"], "a/x.py", "b/c/x.py"),
        (["a/::/b/"], "a/x.py", "b/x.py"),
        (["a/::../../etc/"], "a/x.py", "etc/x.py"),
        (["a/::\\1$&/"], "a/x.py", "1$&/x.py"),  # a text, not a template: only `\` is another `/`
        (["x*::y"], "a.py", "a.py"),
        (["(x)?.*q?::y/"], "a.py", "y"),
        ([r"\b::y/"], "a.py", "y/a.py"),  # matches, but nothing: the text is put in front
        (["/::src/"], "a.py", "src/a.py"),
    ],
)
def test_replacements_take_the_first_rule_that_matches_at_the_start(rules: list[str], path: str, expected: str) -> None:
    assert fixes(*rules).replace(path) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (["::pre/"], "pre/x.py"),
        (["::pre"], "pre/x.py"),
        (["::a", "::b"], "a/b/x.py"),
        (["::a/", "c/::d/", "::/b/"], "a/b/x.py"),
        (["c/::d/"], "x.py"),
    ],
)
def test_prefixes_are_joined_in_the_order_of_the_file(rules: list[str], expected: str) -> None:
    assert fixes(*rules).add_prefix("x.py") == expected


def test_a_stored_rule_that_cannot_be_used_is_left_out_and_named() -> None:
    problems: list[str] = []

    compiled = UserFixes.compile(["(::x", "no separator", "^a/::b/", "(?!y)::z", "::"], problems)

    assert compiled.replace("a/x.py") == "b/x.py"
    assert len(problems) == 3


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab/.*:()[]?+^$"), max_size=8), max_size=5), st.text(max_size=12))
def test_no_stored_rule_and_no_path_makes_it_raise(rules: list[str], path: str) -> None:
    compiled = UserFixes.compile(rules, [])

    assert isinstance(compiled.add_prefix(compiled.replace(path)), str)
