"""Paths as tools write them become paths of the repository, or are dropped."""

import pytest

from app.logic.uploads.listing import Listing
from app.logic.uploads.paths import PathFixer, normalise


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.py", "src/a.py"),
        ("/src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("a/../b.py", "b.py"),
        ("../../../etc/passwd", "etc/passwd"),
        (r"C:\proj\a\x.py", "proj/a/x.py"),
        (".github/x.py", ".github/x.py"),
        ("/", ""),
        ("./", ""),
    ],
)
def test_paths_are_normalised_segment_by_segment(path: str, expected: str) -> None:
    assert normalise(path) == expected


def test_the_folder_of_the_report_decides_between_equal_suffixes() -> None:
    listing = Listing(["svc/src/a.py", "lib/src/a.py"])

    helped = PathFixer(listing, "svc/coverage.xml").resolve(["src/a.py"], ())
    not_helped = PathFixer(listing, "svc/coverage/coverage.xml").resolve(["src/a.py"], ())
    by_source = PathFixer(listing, "out/c.xml").resolve(["src/a.py"], ["/ci/lib"])

    assert (helped, not_helped, by_source) == ("svc/src/a.py", None, "lib/src/a.py")


def test_go_import_paths_find_root_files() -> None:
    fixer = PathFixer(Listing(["main.go", "pkg/a.go"]))

    assert fixer.resolve(["github.com/acme/rocket/main.go"], ()) == "main.go"


def test_the_first_candidate_that_exists_wins() -> None:
    fixer = PathFixer(Listing(["core/src/main/java/com/acme/Cart.java"]))

    found = fixer.resolve(["shop/com/acme/Cart.java", "core/src/main/java/com/acme/Cart.java"], ())

    assert found == "core/src/main/java/com/acme/Cart.java"


@pytest.mark.parametrize("path", ["", "/", "a\x00b.py", "x" * 10_240])
def test_hostile_paths_are_dropped(path: str) -> None:
    fixer = PathFixer(None)

    assert fixer.resolve([path], ()) is None


def test_without_a_listing_the_normalised_path_is_kept() -> None:
    assert PathFixer(None).resolve(["/abs/./x.py"], ()) == "abs/x.py"


def test_paths_outside_the_listing_are_dropped() -> None:
    fixer = PathFixer(Listing(["src/a.py"]))

    assert fixer.resolve(["/usr/include/stdio.h"], ()) is None
