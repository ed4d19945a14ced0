"""Entries of a file list, as Git and people write them, become plain paths."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.uploads.paths.listing_entries import clean_entry
from app.logic.uploads.paths.normalise import normalise


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./src/a.py\r", "src/a.py"),
        (r'"caf\303\251/\"x\".py"', 'café/"x".py'),
        (r'"\360\237\230\200.py"', "😀.py"),
        (r'"tab\there.py"', "tab\there.py"),
        (r'"new\nline\r.py"', "new\nline.py"),
        (r'"bad\9escape.py"', "bad9escape.py"),
        (r'"open\"', "open"),
        ("src//./a.py", "src/a.py"),
        ("/src/a.py", "src/a.py"),
        ("./", None),
        (r"with\ blank.py", "with blank.py"),
        (r"win\path.py", "win/path.py"),
        ("", None),
        ("\r\n", None),
        ("a\x00b", None),
        ("../outside.py", None),
        ("a..b/c.py", "a..b/c.py"),
        ("out/target/delombok/A.java", None),
    ],
)
def test_listing_entries_are_cleaned(entry: str, expected: str | None) -> None:
    assert clean_entry(entry) == expected


@settings(deadline=None)
@given(st.text() | st.text(st.sampled_from('"\\019nt./ é\r\n')))
def test_no_entry_breaks_the_list(entry: str) -> None:
    cleaned = clean_entry(entry)

    assert cleaned is None or cleaned == normalise(cleaned) != ""
