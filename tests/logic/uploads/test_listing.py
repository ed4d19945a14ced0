"""The repository's file list finds what a path means, and refuses to guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logic.uploads.listing import Listing, clean_entry


@pytest.mark.parametrize(
    ("listing", "path", "expected"),
    [
        (["Src/Main.java"], "src/main.java", "Src/Main.java"),
        (["x.py", "b/x.py", "a/b/x.py"], "home/me/a/b/x.py", "a/b/x.py"),
        (["folder/f.py"], "f.py", "folder/f.py"),
        (["folder/f.py", "other/f.py"], "f.py", None),
        (["apps/web/src/a/x.ts"], "zzz/a/x.ts", "apps/web/src/a/x.ts"),
        (["apps/web/src/a/x.ts"], "q/zzz/x.ts", None),
        (["a/x.py"], "proj/a/x.py", "a/x.py"),
        (["main.py", "src/app/main.py", "lib/app/main.py"], "app/main.py", None),
        (["a/readme.md", "a/README.md"], "a/README.md", "a/README.md"),
    ],
)
def test_a_path_resolves_to_the_longest_agreeing_suffix(listing: list[str], path: str, expected: str | None) -> None:
    assert Listing(listing).resolve(path) == expected


def test_a_root_file_stands_for_an_absolute_path_only() -> None:
    listing = Listing(["setup.py", "src/a.py"])

    relative = listing.resolve("build/setup.py")
    absolute = listing.resolve("home/ci/build/setup.py", rooted=True)

    assert (relative, absolute) == (None, "setup.py")


def test_a_root_file_never_stands_for_an_installed_dependency() -> None:
    listing = Listing(["setup.py"])

    assert listing.resolve("venv/lib/site-packages/pkg/setup.py", rooted=True) is None


def test_a_lookup_does_not_depend_on_earlier_lookups() -> None:
    paths = ["a/b/x.py", "c/b/x.py", "x.py", "d/y.py"]
    asked = ["b/x.py", "q/a/b/x.py", "y.py", "x.py"]

    fresh = [Listing(paths).resolve(path) for path in asked]
    shared = Listing(paths)
    again = [shared.resolve(path) for path in [*asked, *asked]]

    assert again == fresh + fresh


names = st.lists(st.sampled_from(["a", "B", "c", "x.py", "Y.py"]), min_size=1, max_size=4).map("/".join)


@given(st.lists(names, unique=True, max_size=12), names)
def test_every_listed_path_finds_itself(listing: list[str], path: str) -> None:
    assert Listing([*listing, path]).resolve(path) == path


@given(st.lists(names, unique=True, max_size=12), names)
def test_only_listed_paths_come_out(listing: list[str], path: str) -> None:
    assert Listing(listing).resolve(path, rooted=True) in [None, *listing]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./src/a.py\r", "src/a.py"),
        (r'"caf\303\251/\"x\".py"', 'café/"x".py'),
        (r'"tab\there.py"', "tab\there.py"),
        (r'"bad\9escape.py"', "bad9escape.py"),
        (r"with\ blank.py", "with blank.py"),
        (r"win\path.py", "win/path.py"),
        ("", None),
        ("out/target/delombok/A.java", None),
    ],
)
def test_listing_entries_are_cleaned(entry: str, expected: str | None) -> None:
    assert clean_entry(entry) == expected
