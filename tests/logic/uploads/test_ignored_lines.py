"""Lines to ignore in text: numbers, ends of files, blocks, and the spellings that used to go wrong elsewhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.builder import IgnoredLines
from app.logic.uploads.ignored_lines import MAX_FILES, place, read_ignored_text


def ignored(*entries: str) -> dict[str, tuple[set[int], int | None]]:
    fixes, problem = read_ignored_text(entries)
    assert problem is None
    return {path: (set(found.lines), found.eof) for path, found in fixes.items()}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("src/a.kt:5", {"src/a.kt": ({5}, None)}),
        ("src/a.kt:5,10,20", {"src/a.kt": ({5, 10, 20}, None)}),
        ("src/a.kt:5,10,20\r\n", {"src/a.kt": ({5, 10, 20}, None)}),
        ("src/a.kt:1,x,3", {"src/a.kt": ({1, 3}, None)}),
        ("src/a.kt:1,,0,-4,1.5,3000000000,99999999999999999999,3", {"src/a.kt": ({1, 3}, None)}),
        ("src/a.kt:8:  }", {"src/a.kt": ({8}, None)}),
        ("src/a.kt:8: see b.kt:12", {"src/a.kt": ({8}, None)}),
        ("EOF: 188 ./src/a.kt", {"./src/a.kt": (set(), 188)}),
        ("EOF: 188 my file.kt", {"my file.kt": (set(), 188)}),
        ("EOF: 0 a.kt", {}),
        ("EOF: x a.kt", {}),
        ("EOF: 5", {}),
        ("EOF: ", {}),
        (r"C:\src\a.kt:5", {r"C:\src\a.kt": ({5}, None)}),
        (r"C:\src\a.kt:5:  }", {r"C:\src\a.kt": ({5}, None)}),
        ("C:/src/a.kt:5,6", {"C:/src/a.kt": ({5, 6}, None)}),
        (r"C:\5:6", {r"C:\5": ({6}, None)}),
        ("odd:name.kt:5", {"odd:name.kt": ({5}, None)}),
        (":5", {}),
        ("src/a.kt", {}),
        ("src/a.kt:", {}),
        ("src/a.kt:x", {}),
        ("", {}),
        ("a" + ":x" * 1000 + ":5", {}),
    ],
)
def test_an_entry_names_a_file_and_its_lines(entry: str, expected: dict[str, tuple[set[int], int | None]]) -> None:
    assert ignored(entry) == expected


def test_all_that_is_said_of_a_file_counts() -> None:
    found = ignored("a.kt:3,7", "a.kt:20: /* x", "a.kt:24: y */", "EOF: 50 a.kt")

    assert found == {"a.kt": ({3, 7, 20, 21, 22, 23, 24}, 50)}


def test_an_end_of_file_does_not_move_the_following_entries_to_another_file() -> None:
    assert ignored("EOF: 10 b.kt", "a.kt:1", "b.kt:5", "b.kt:6") == {"a.kt": ({1}, None), "b.kt": ({5, 6}, 10)}


@pytest.mark.parametrize(
    ("marks", "lines"),
    [
        ({1: "/*", 5: "*/"}, {1, 2, 3, 4, 5}),
        ({1: "  /* text", 4: "text */  "}, {1, 2, 3, 4}),
        (
            {2: "// LCOV_EXCL_START", 4: "// LCOV_EXCL_STOP", 6: "// LCOV_EXCL_START", 8: "// LCOV_EXCL_END"},
            {2, 3, 4, 6, 7, 8},
        ),
        ({8: "*/", 1: "/*", 3: "*/", 6: "/*"}, {1, 2, 3, 6, 7, 8}),
        ({1: "/* one line */", 3: "/*", 5: "*/"}, {1, 3, 4, 5}),
        ({3: "/*", 5: "*/", 7: "/* one line */"}, {3, 4, 5, 7}),
        ({2: "/* LCOV_EXCL_START */", 5: "/* LCOV_EXCL_STOP */"}, {2, 3, 4, 5}),
        ({1: "/*/", 3: "*/"}, {1, 2, 3}),
        ({1: "/*"}, {1}),
        ({5: "*/"}, {5}),
        ({5: "/*", 1: "*/"}, {1, 5}),
        ({1: "a /* b", 5: "*/ c"}, {1, 5}),
        ({1: "/* a: 9", 3: "*/"}, {1, 2, 3}),
    ],
)
def test_the_lines_inside_a_block_are_ignored(marks: dict[int, str], lines: set[int]) -> None:
    assert ignored(*(f"f.go:{line}:{text}" for line, text in marks.items())) == {"f.go": (lines, None)}


def test_two_spellings_of_a_path_are_one_file() -> None:
    fixes = {
        "./a.kt": IgnoredLines(frozenset({1}), 9),
        "a.kt": IgnoredLines(frozenset({2}), 7),
        "b": IgnoredLines(frozenset()),
    }

    placed = place(fixes, lambda paths, _: "a.kt" if "a.kt" in paths[0] else None)

    assert placed == {"a.kt": IgnoredLines(frozenset({1, 2}), 9), "b": IgnoredLines(frozenset())}


def test_overlapping_blocks_do_not_multiply() -> None:
    entries = [f"f.c:{line}:/*" for line in range(1, 301)]
    entries += [f"f.c:{1_000_000 + line}:*/" for line in range(300)]

    fixes, problem = read_ignored_text(entries)

    assert problem is None
    assert len(fixes["f.c"].lines) == 1_000_299


def test_more_files_than_any_repository_has_are_cut() -> None:
    fixes, problem = read_ignored_text(f"{number}.c:1" for number in range(MAX_FILES + 1000))

    assert len(fixes) == MAX_FILES + 1
    assert problem is not None


@given(st.text(alphabet="ab:,/*\\ 0159EOF\n\x00\ud800é"), st.integers(1, 99))
@settings(max_examples=200, deadline=None)
def test_no_text_disturbs_the_entries_beside_it(text: str, line: int) -> None:
    fixes, _ = read_ignored_text([text, f"good.py:{line}"])

    assert line in fixes["good.py"].lines
