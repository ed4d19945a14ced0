"""Paths get one spelling, segment by segment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.uploads.paths.normalise import is_absolute, normalise, report_folder


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.py", "src/a.py"),
        ("/src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("src/./a.py", "src/a.py"),
        ("a/../b.py", "b.py"),
        ("a/b/../../../c.py", "c.py"),
        ("../../../etc/passwd", "etc/passwd"),
        (r"..\..\windows\win.ini", "windows/win.ini"),
        (r"C:\proj\a\x.py", "C:/proj/a/x.py"),
        (r"\\host\share\x.py", "host/share/x.py"),
        (".github/x.py", ".github/x.py"),
        ("...three/x.py", "...three/x.py"),
        ("%2e%2e/x.py", "%2e%2e/x.py"),
        ("a b/ü.py", "a b/ü.py"),
        ("src/", "src"),
        ("/", ""),
        ("./", ""),
        ("..", ""),
        ("", ""),
    ],
)
def test_paths_are_normalised_segment_by_segment(path: str, expected: str) -> None:
    assert normalise(path) == expected


paths = st.text(st.sampled_from(["a", "B", ".", "/", "\\", ":", "é", "\x00", "\ud800"]), max_size=30)


@settings(deadline=None)
@given(paths | st.text())
def test_a_normalised_path_never_leaves_the_top_and_stays_as_it_is(path: str) -> None:
    clean = normalise(path)

    assert normalise(clean) == clean
    assert clean == "" or {"", ".", ".."}.isdisjoint(clean.split("/"))


@pytest.mark.parametrize(
    ("path", "absolute"),
    [("/a", True), (r"\a", True), (r"C:\a", True), ("c:/a", True), ("C:a", False), ("a/b", False), ("", False)],
)
def test_absolute_paths_are_those_of_posix_and_of_windows(path: str, absolute: bool) -> None:
    assert is_absolute(path) is absolute


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        (None, ""),
        ("coverage.xml", ""),
        ("svc/coverage.xml", "svc"),
        ("/abs/svc/coverage.xml", "/abs/svc"),
        (r"C:\svc\coverage.xml", "C:/svc"),
        (r"odd\name.xml", ""),
    ],
)
def test_the_folder_of_a_report_follows_the_rules_of_its_system(name: str | None, folder: str) -> None:
    assert report_folder(name) == folder
