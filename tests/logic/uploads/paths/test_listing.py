"""The repository's file list finds what a path means, and refuses to guess."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.dropped import DropReason
from app.logic.uploads.paths.listing import Listing

NO_MATCH, AMBIGUOUS = DropReason.NO_MATCH, DropReason.AMBIGUOUS


@pytest.mark.parametrize(
    ("listing", "path", "expected"),
    [
        (["Src/Main.java"], "src/main.java", "Src/Main.java"),
        (["x.py", "b/x.py", "a/b/x.py"], "home/me/a/b/x.py", "a/b/x.py"),
        (["folder/f.py"], "f.py", "folder/f.py"),
        (["folder/f.py", "other/f.py"], "f.py", AMBIGUOUS),
        (["apps/web/src/a/x.ts"], "zzz/a/x.ts", "apps/web/src/a/x.ts"),
        (["apps/web/src/a/x.ts"], "q/zzz/x.ts", NO_MATCH),
        (["a/x.py"], "C:/proj/a/x.py", "a/x.py"),
        (["setup.py", "src/a.py"], "venv/lib/pkg/setup.py", NO_MATCH),
        (["main.py", "src/app/main.py", "lib/app/main.py"], "app/main.py", AMBIGUOUS),
        (["src/app/main.py", "src/lib/app/main.py"], "src/app/main.py", "src/app/main.py"),
        (["app/main.py", "src/app/main.py"], "x/app/main.py", "app/main.py"),
        (["c/app/main.py", "b/c/app/main.py"], "app/main.py", "c/app/main.py"),
        (["b/x.py", "a/q/c/b/x.py"], "z/c/b/x.py", "a/q/c/b/x.py"),
        (["a/init.py", "b/init.py"], "usr/lib/init.py", NO_MATCH),
        (["src/a.py"], "usr/include/stdio.h", NO_MATCH),
        ([], "a.py", NO_MATCH),
    ],
)
def test_a_path_resolves_to_the_longest_agreeing_suffix(listing: list[str], path: str, expected: object) -> None:
    assert Listing(listing).resolve(path) == expected


@pytest.mark.parametrize(
    ("listing", "path", "expected"),
    [
        (["a/readme.md", "a/README.md"], "a/README.md", "a/README.md"),
        (["a/readme.md", "a/README.md"], "a/READme.md", "a/README.md"),
        (["A/x.py", "a/X.py"], "b/a/x.py", "A/x.py"),  # equally similar: the segment nearest to the end decides
        (["a/B.py", "A/b.py"], "A/B.py", "a/B.py"),
        (["aB/c.py", "Ab/c.py"], "AB/c.py", "Ab/c.py"),  # and then the order of the alphabet
        (["a/BCd.py", "a/BcD.py", "a/bCD.py", "A/bcD.py", "a/BCD.py"], "A/BCD.py", "a/BCD.py"),  # the same for many
    ],
)
def test_of_several_spellings_the_nearest_wins(listing: list[str], path: str, expected: str) -> None:
    forwards, backwards = Listing(listing), Listing(listing[::-1])

    assert forwards.resolve(path) == backwards.resolve(path) == expected


@pytest.mark.parametrize(
    ("path", "rooted", "expected"),
    [
        ("build/setup.py", False, NO_MATCH),
        ("home/ci/build/setup.py", True, "setup.py"),
        ("venv/lib/site-packages/pkg/setup.py", True, NO_MATCH),
        ("app/node_modules/pkg/setup.py", True, NO_MATCH),
        ("app/Vendor/pkg/setup.py", True, NO_MATCH),
        ("app/.venv-3.11/lib/setup.py", True, NO_MATCH),
        ("app/virtualenv/lib/setup.py", True, NO_MATCH),
        ("app/venues/lib/setup.py", True, "setup.py"),
        ("app/node_modules/pkg/src/a.py", True, "src/a.py"),
    ],
)
def test_a_file_of_the_root_stands_for_an_absolute_path_outside_of_dependencies_only(
    path: str, rooted: bool, expected: object
) -> None:
    assert Listing(["setup.py", "src/a.py"]).resolve(path, rooted=rooted) == expected


def test_a_lookup_does_not_depend_on_earlier_lookups() -> None:
    paths = ["a/b/x.py", "c/b/x.py", "x.py", "d/y.py"]
    asked = ["b/x.py", "q/a/b/x.py", "y.py", "x.py"]

    fresh = [Listing(paths).resolve(path) for path in asked]
    shared = Listing(paths)
    again = [shared.resolve(path) for path in [*asked, *asked]]

    assert again == fresh + fresh


names = st.lists(st.sampled_from(["a", "B", "c", "x.py", "Y.py"]), min_size=1, max_size=4).map("/".join)


@settings(deadline=None)
@given(st.lists(names, unique=True, max_size=12), names)
def test_every_listed_path_finds_itself(listing: list[str], path: str) -> None:
    assert Listing([*listing, path]).resolve(path) == path


@settings(deadline=None)
@given(st.lists(names, unique=True, max_size=12), names | st.text(), st.booleans())
def test_only_listed_paths_come_out(listing: list[str], path: str, rooted: bool) -> None:
    assert Listing(listing).resolve(path, rooted=rooted) in [NO_MATCH, AMBIGUOUS, *listing]


def _walk(listing: list[str], path: str) -> set[str] | None:
    """The candidates as the rules say them, by looking at every listed path; None = a guess."""
    wanted = path.lower().split("/")[::-1]
    parts = {listed: listed.lower().split("/")[::-1] for listed in listing}
    shared = max((_same(p, wanted) for p in parts.values()), default=0)
    deepest = [listed for listed, p in parts.items() if shared and _same(p, wanted) == shared]
    endings = [listed for listed in listing if _same(parts[listed], wanted) == len(parts[listed])]
    longest = max((len(parts[listed]) for listed in endings), default=0)
    whole = {listed for listed in endings if len(parts[listed]) == longest}
    if longest == shared:
        return whole
    shortest = min((parts[listed] for listed in deepest), key=len)
    if any(parts[listed][: len(shortest)] != shortest for listed in deepest):
        return None
    return whole | {listed for listed in deepest if parts[listed] == shortest}


def _same(a: list[str], b: list[str]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@settings(deadline=None)
@given(st.lists(names, unique=True, max_size=8), names)
def test_the_index_finds_what_looking_at_every_path_finds(listing: list[str], path: str) -> None:
    candidates = _walk(listing, path)

    found = Listing(listing).resolve(path, rooted=True)

    assert found in (NO_MATCH, AMBIGUOUS) if not candidates else found in candidates | {NO_MATCH}


class Counting(list[str]):
    """A list that counts how often an item is looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        self.looks += 1
        return super().__getitem__(index)


def _looks(files: int) -> int:
    listing = Listing(f"pkg{number}/src/index.js" for number in range(files))
    listing._keys = counting = Counting(listing._keys)
    for path in ("index.js", "src/index.js", "/ci/pkg7/src/index.js", "zzz/src/index.js", "pkg7/index.js"):
        listing.resolve(path)
    return counting.looks


def test_equal_file_names_do_not_make_lookups_slow() -> None:
    few, many = _looks(100), _looks(100_000)

    assert many <= few + 5 * 6 * 12  # paths, binary searches of each, and what ten more halvings of the list look at


def test_thousands_of_spellings_of_a_path_are_not_compared_one_by_one() -> None:
    spellings = [
        "".join(c.upper() if number >> bit & 1 else c for bit, c in enumerate("abcdefghijk/x.py"))
        for number in range(2048)
    ]
    listing = Listing(spellings)

    assert len(listing._candidates(["yp.x", "kjihgfedcba"])[1]) == 8
    assert listing.resolve("ABCDEFGHIJK/X.PY") in spellings
