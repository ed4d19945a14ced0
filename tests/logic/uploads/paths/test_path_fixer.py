"""Paths as tools write them become paths of the repository, or are dropped for a reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.dropped import DropReason
from app.logic.repository_yaml.patterns import path_fix, path_pattern
from app.logic.uploads.paths.fixer import PathFixer
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.rules import PathRules


def rules(*fixes: str, ignore: tuple[str, ...] = (), disabled: bool = False, name: str | None = None) -> PathRules:
    config = {
        "fixes": [path_fix(fix) for fix in fixes],
        "ignore": [path_pattern(pattern) for pattern in ignore],
        "codecov": {"disable_default_path_fixes": disabled},
    }
    return PathRules.from_config(config, [], name)


def fix(path: str, listing: list[str] | None = None, rules: PathRules | None = None) -> str | DropReason:
    return PathFixer(Listing(listing) if listing else None, rules=rules).resolve([path], ())


@pytest.mark.parametrize(
    ("name", "bases", "expected"),
    [
        ("svc/coverage.xml", [], "svc/src/a.py"),
        ("./svc/coverage.xml", [], "svc/src/a.py"),
        ("svc/coverage/coverage.xml", [], DropReason.AMBIGUOUS),
        ("out/c.xml", ["/ci/lib"], "lib/src/a.py"),
        ("out/c.xml", ["/ci/other", "", "lib"], "lib/src/a.py"),
        ("svc/c.xml", ["/ci/lib"], "svc/src/a.py"),
        (None, [], DropReason.AMBIGUOUS),
    ],
)
def test_the_folder_of_the_report_decides_between_equal_suffixes_and_then_other_bases(
    name: str | None, bases: list[str], expected: object
) -> None:
    listing = Listing(["svc/src/a.py", "lib/src/a.py"])

    assert PathFixer(listing, name).resolve(["src/a.py"], bases) == expected


@pytest.mark.parametrize(
    ("path", "listing", "expected"),
    [
        ("src/main.java", ["Src/Main.java"], "Src/Main.java"),
        ("/home/me/a/b/x.py", ["x.py", "b/x.py", "a/b/x.py"], "a/b/x.py"),
        (r"C:\proj\a\x.py", ["a/x.py"], "a/x.py"),
        (r"C:\x.py", ["x.py"], "x.py"),
        ("venv/lib/pkg/setup.py", ["setup.py", "src/a.py"], DropReason.NO_MATCH),
        ("/venv/lib/pkg/setup.py", ["setup.py", "src/a.py"], DropReason.NO_MATCH),
        ("/ci/pkg/setup.py", ["setup.py", "src/a.py"], "setup.py"),
        ("app/main.py", ["main.py", "src/app/main.py", "lib/app/main.py"], DropReason.AMBIGUOUS),
    ],
)
def test_paths_of_ci_machines_are_found_in_the_listing(path: str, listing: list[str], expected: object) -> None:
    assert fix(path, listing) == expected


@pytest.mark.parametrize("path", ["/src/a.py", r"C:\src\a.py"])
def test_an_absolute_path_is_not_looked_for_below_a_base(path: str) -> None:
    listing = Listing(["svc/src/a.py", "lib/src/a.py"])

    assert PathFixer(listing, "svc/coverage.xml").resolve([path], ["lib"]) is DropReason.AMBIGUOUS


def test_an_absolute_base_does_not_let_a_file_of_the_root_stand_for_a_relative_path() -> None:
    fixer = PathFixer(Listing(["setup.py"]), "/ci/rocket/coverage.xml")

    assert fixer.resolve(["sub/setup.py"], ["/ci/rocket"]) is DropReason.NO_MATCH


def test_go_import_paths_find_root_files() -> None:
    fixer = PathFixer(Listing(["main.go", "setup.py"]))

    assert fixer.resolve(["github.com/acme/rocket/main.go"], ()) == "main.go"
    assert fixer.resolve(["rocket.egg-info/setup.py"], ()) is DropReason.NO_MATCH


def test_the_first_candidate_that_exists_wins() -> None:
    fixer = PathFixer(Listing(["core/src/main/java/com/acme/Cart.java"]))

    found = fixer.resolve(["shop/com/acme/Cart.java", "core/src/main/java/com/acme/Cart.java"], ())

    assert found == "core/src/main/java/com/acme/Cart.java"


def test_a_file_that_is_ignored_is_not_booked_on_another_one() -> None:
    fixer = PathFixer(Listing(["src/a.py", "svc/src/a.py"]), "svc/coverage.xml", rules(ignore=("^src/",)))

    assert fixer.resolve(["src/a.py", "svc/src/a.py"], ()) is DropReason.IGNORED


@pytest.mark.parametrize(
    ("path", "listing", "reason"),
    [
        ("", None, DropReason.EMPTY),
        ("/", None, DropReason.EMPTY),
        ("./", ["a.py"], DropReason.EMPTY),
        ("../..", None, DropReason.EMPTY),
        ("a\x00b.py", None, DropReason.UNUSABLE),
        ("x" * 10_240, None, DropReason.UNUSABLE),
        ("/usr/include/stdio.h", None, DropReason.CI_PREFIX),
        ("/usr/include/stdio.h", ["src/a.py"], DropReason.NO_MATCH),
        ("a.py", ["x/a.py", "y/a.py"], DropReason.AMBIGUOUS),
        ("gen/a.py", None, DropReason.IGNORED),
        ("gen/a.py", ["gen/a.py"], DropReason.IGNORED),
    ],
)
def test_a_dropped_path_has_a_reason(path: str, listing: list[str] | None, reason: DropReason) -> None:
    assert fix(path, listing, rules(ignore=("gen",))) is reason


def test_nothing_to_try_is_an_empty_path() -> None:
    assert PathFixer(None).resolve([], ()) is DropReason.EMPTY


@pytest.mark.parametrize("path", ["", "./", "a/.."])
def test_an_empty_path_is_not_the_base_itself(path: str) -> None:
    fixer = PathFixer(Listing(["bin/start"]), "start/coverage.xml")

    assert fixer.resolve([path], ["/ci/bin/start"]) is DropReason.EMPTY


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/abs/./x.py", "abs/x.py"),
        (r"C:\proj\a\x.py", "proj/a/x.py"),
        ("/home/runner/work/rocket/rocket/src/a.py", "src/a.py"),
        ("/builds/acme/rocket/src/a.py", "src/a.py"),
        ("src/projects/foo/a.py", "src/projects/foo/a.py"),
        ("../../etc/passwd", "etc/passwd"),
    ],
)
def test_without_a_listing_the_path_is_kept_but_for_directories_of_ci_machines(path: str, expected: str) -> None:
    assert fix(path, None, rules(name="rocket")) == expected


def test_without_default_fixes_paths_are_neither_searched_nor_shortened() -> None:
    off = rules(disabled=True)

    assert fix("/home/runner/work/rocket/rocket/src/a.py", None, off) == "home/runner/work/rocket/rocket/src/a.py"
    assert fix("/ci/src/a.py", ["src/a.py"], off) == "ci/src/a.py"
    assert not PathFixer(Listing(["src/a.py"]), rules=off).has_listing


@pytest.mark.parametrize(
    ("fixes", "listing", "path", "expected"),
    [
        # before the search, so that the path is found
        (["build/::src/"], ["src/a.py"], "build/a.py", "src/a.py"),
        (["/ci/out/::lib/"], ["src/app/x.py", "lib/app/x.py"], "/ci/out/app/x.py", "lib/app/x.py"),
        (["/ci/::"], ["setup.py"], "/ci/rocket/setup.py", "setup.py"),  # a rewritten path is still an absolute one
        # after the search, if no rule changed anything before it
        (["src/::out/"], ["src/a.py"], "/ci/src/a.py", "out/a.py"),
        (["::pre/"], ["src/a.py"], "/ci/src/a.py", "pre/src/a.py"),
        (["::pre/", "pre/src/::x/"], ["src/a.py"], "/ci/src/a.py", "x/a.py"),
        # what a rule makes of the raw path must be in the list
        (["src/::out/"], ["src/a.py"], "src/a.py", DropReason.NO_MATCH),
        # once
        (["a/::a/b/"], None, "a/x.py", "a/b/x.py"),
        (["a/::a/b/"], ["a/b/x.py"], "a/x.py", "a/b/x.py"),
        # without a list
        (["::pre/"], None, "/home/circleci/repo/a.py", "pre/a.py"),
        (["home/circleci/::x/"], None, "/home/circleci/repo/a.py", "x/repo/a.py"),
        (["a.py::"], None, "a.py", DropReason.EMPTY),
        ([".*::"], None, "x/a.py", DropReason.EMPTY),
        ([r"C:\out\::src/"], ["src/a.cs"], r"C:\out\a.cs", "src/a.cs"),
        (["::" + "x" * 1000], None, "a/" * 1_600 + "y" * 100, DropReason.UNUSABLE),
    ],
)
def test_rules_of_the_user_come_before_and_after_the_search(
    fixes: list[str], listing: list[str] | None, path: str, expected: object
) -> None:
    assert fix(path, listing, rules(*fixes)) == expected


def test_patterns_are_about_the_path_that_comes_out() -> None:
    assert fix("/ci/src/a.py", ["src/a.py"], rules("src/::out/", ignore=("src",))) == "out/a.py"
    assert fix("/ci/src/a.py", ["src/a.py"], rules("src/::out/", ignore=("out",))) is DropReason.IGNORED


LIST = ["setup.py", "src/a.py", "src/B.py", "lib/src/a.py", "web/index.js"]
segments = st.sampled_from(["src", "lib", "a.py", "b.py", "..", ".", "", "C:", "setup.py", "node_modules", "web"])
texts = st.text() | st.lists(segments, max_size=6).map("/".join) | st.lists(segments, max_size=6).map("\\".join)


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=2))
def test_with_a_listing_and_no_rules_only_listed_paths_come_out(path: str, bases: list[str]) -> None:
    found = PathFixer(Listing(LIST), "lib/coverage.xml").resolve([path], bases)

    assert isinstance(found, DropReason) or found in LIST


@settings(deadline=None)
@given(texts, st.lists(st.sampled_from(["src/::out/", "::pre/", "a*::", "..::/", "**/x::..", "/::../"]), max_size=4))
def test_no_path_and_no_rule_leads_out_of_the_repository(path: str, fixes: list[str]) -> None:
    for listing in (None, LIST):
        found = fix(path, listing, rules(*fixes))

        assert isinstance(found, DropReason) or {"", ".", ".."}.isdisjoint(found.split("/"))


@settings(deadline=None)
@given(st.lists(texts, max_size=6))
def test_a_path_is_fixed_alike_whatever_came_before(paths: list[str]) -> None:
    shared = PathFixer(Listing(LIST), "lib/coverage.xml", rules("src/::lib/src/"))

    together = [shared.resolve([path], ()) for path in (*paths, *paths)]

    alone = [
        PathFixer(Listing(LIST), "lib/coverage.xml", rules("src/::lib/src/")).resolve([path], ()) for path in paths
    ]
    assert together == alone * 2
