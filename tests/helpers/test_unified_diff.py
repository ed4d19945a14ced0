"""Unified diff text becomes the neutral diff, with line numbers that can be trusted."""

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.helpers.diff import Diff, FileDiff, Hunk
from app.helpers.unified_diff import parse_hunks, parse_unified


def the_file(text: str | bytes) -> FileDiff:
    """Parse text of exactly one file."""
    (file,) = parse_unified(text)
    return file


def test_a_modified_file_has_its_hunks_with_marked_lines():
    text = (
        "diff --git a/app/a.py b/app/a.py\nindex 1..2 100644\n--- a/app/a.py\n+++ b/app/a.py\n"
        "@@ -3,4 +3,5 @@ def f():\n x = 1\n-y = 2\n+y = 3\n+z = 4\n \n return x\n"
        "@@ -20 +21,0 @@\n-gone\n"
    )

    file = the_file(text)

    assert file == FileDiff(
        "app/a.py",
        "modified",
        hunks=(
            Hunk(3, 4, 3, 5, (" x = 1", "-y = 2", "+y = 3", "+z = 4", " ", " return x")),
            Hunk(20, 1, 21, 0, ("-gone",)),
        ),
    )
    assert file.added_lines() == [4, 5]
    assert file.removed_lines() == [4, 20]


def test_a_new_file_is_all_added():
    file = the_file(
        "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    )

    assert (file.path, file.kind, file.before) == ("n.py", "new", None)
    assert file.hunks == (Hunk(0, 0, 1, 2, ("+a", "+b")),)
    assert file.added_lines() == [1, 2]
    assert file.removed_lines() == []


def test_a_deleted_file_keeps_its_path_and_no_hunks():
    file = the_file(
        "diff --git a/old.py b/old.py\ndeleted file mode 100644\n--- a/old.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
    )

    assert file == FileDiff("old.py", "deleted", before="old.py")


def test_a_deleted_empty_file_has_only_header_lines():
    file = the_file(
        "diff --git a/pkg/__init__.py b/pkg/__init__.py\ndeleted file mode 100644\nindex e69de29..0000000\n"
    )

    assert file == FileDiff("pkg/__init__.py", "deleted", before="pkg/__init__.py")


def test_a_rename_with_a_change_knows_both_paths():
    file = the_file(
        "diff --git a/x/old.py b/x/new.py\nsimilarity index 90%\nrename from x/old.py\nrename to x/new.py\n"
        "--- a/x/old.py\n+++ b/x/new.py\n@@ -1 +1 @@\n-a\n+b\n"
    )

    assert file == FileDiff("x/new.py", "modified", before="x/old.py", hunks=(Hunk(1, 1, 1, 1, ("-a", "+b")),))


def test_a_pure_rename_is_a_modification_without_hunks():
    text = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
    )

    diff = parse_unified(text)

    assert diff.files["y"] == FileDiff("y", "modified", before="x")
    assert diff.files["a.py"].hunks[0].lines == ("-a", "+b")


def test_a_mode_change_is_a_modification_without_hunks():
    assert the_file("diff --git a/run b/run\nold mode 100644\nnew mode 100755\n") == FileDiff("run", "modified")


def test_a_copy_is_a_new_file():
    file = the_file("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n")

    assert file == FileDiff("y", "new")


@pytest.mark.parametrize(
    "text",
    [
        "diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n",
        "diff --git a/p.png b/p.png\nnew file mode 100644\nBinary files /dev/null and b/p.png differ\n",
        "diff --git a/p.png b/p.png\nindex 1..2\nGIT binary patch\n"
        "literal 3\nKcmZQzWMXDvWn=&V03ZMW\n\nliteral 0\nHcmV?d00001\n",
    ],
)
def test_a_binary_file_says_no_more_than_that(text: str):
    assert the_file(text) == FileDiff("p.png", "binary")


def test_no_text_is_an_empty_diff():
    assert parse_unified("") == Diff()


def test_content_that_looks_like_a_file_header_stays_content():
    file = the_file(
        "diff --git a/q.sql b/q.sql\n--- a/q.sql\n+++ b/q.sql\n@@ -1,3 +1,3 @@\n"
        "--- drop table\n+++ count\n select 1\n x\n"
    )

    assert file.hunks[0].lines == ("--- drop table", "+++ count", " select 1", " x")
    assert (file.removed_lines(), file.added_lines()) == ([1], [1])


def test_an_empty_line_in_a_hunk_is_a_context_line():
    file = the_file("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,3 +1,4 @@\n one\n\n three\n+four\n")

    assert file.hunks[0].lines == (" one", " ", " three", "+four")
    assert file.added_lines() == [4]


def test_a_missing_newline_remark_is_dropped():
    file = the_file(
        "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-x\n\\ No newline at end of file\n+x\n+y\n"
        "\\ No newline at end of file\n"
    )

    assert file.hunks[0].lines == ("-x", "+x", "+y")


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x1c", "\r"])
def test_only_line_feeds_separate_lines(separator: str):
    file = the_file(f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-x\n+x{separator}y\n+z\n")

    assert file.hunks[0].lines == ("-x", f"+x{separator}y", "+z")


def test_carriage_return_line_feed_counts_as_one_line_feed():
    file = the_file("diff --git a/a b/a\r\n--- a/a\r\n+++ b/a\r\n@@ -1 +1 @@\r\n-x\r\n+y\r\n")

    assert file == FileDiff("a", "modified", hunks=(Hunk(1, 1, 1, 1, ("-x", "+y")),))


def test_quoted_names_are_unquoted():
    file = the_file(
        'diff --git "a/a/caf\\303\\251 \\"x\\"\\t.py" "b/a/caf\\303\\251 \\"x\\"\\t.py"\n'
        '--- "a/a/caf\\303\\251 \\"x\\"\\t.py"\n+++ "b/a/caf\\303\\251 \\"x\\"\\t.py"\n@@ -1 +1 @@\n-a\n+b\n'
    )

    assert file.path == 'a/café "x"\t.py'


def test_quoted_names_of_a_header_only_entry_are_unquoted():
    file = the_file('diff --git "a/\\303\\251" "b/\\303\\251"\nold mode 100644\nnew mode 100755\n')

    assert file == FileDiff("é", "modified")


def test_a_rename_from_a_plain_to_a_quoted_name_is_read():
    file = the_file(
        'diff --git a/e.py "b/\\303\\251.py"\nsimilarity index 100%\nrename from e.py\nrename to "\\303\\251.py"\n'
    )

    assert file == FileDiff("é.py", "modified", before="e.py")


def test_paths_may_hold_what_separates_paths():
    text = "diff --git a/x b/y.py b/x b/y.py\nold mode 100644\nnew mode 100755\n"

    assert the_file(text).path == "x b/y.py"
    assert the_file(text + "--- a/x b/y.py\t\n+++ b/x b/y.py\t\n@@ -1 +1 @@\n-a\n+b\n").path == "x b/y.py"


def test_bytes_that_are_not_utf_8_are_replaced():
    file = the_file(b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-caf\xe9\n+caf\xc3\xa9\n")

    assert file.hunks[0].lines == ("-caf\ufffd", "+café")


def test_a_hunk_cut_short_makes_the_diff_incomplete():
    text = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,3 +1,4 @@\n x\n+y\n"

    cut = parse_unified(text)
    followed = parse_unified(text + "diff --git a/b b/b\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-p\n+q\n")

    assert cut.incomplete
    assert followed.incomplete
    assert cut.files["a"].added_lines() == [2]
    assert followed.files["b"].added_lines() == [1]


def test_a_diff_without_git_headers_is_read():
    diff = parse_unified(
        "--- a.py\t2024-01-01\n+++ a.py\t2024-01-02\n@@ -1 +1 @@\n-a\n+b\n--- b.py\n+++ b.py\n@@ -2,0 +3 @@\n+c\n"
    )

    assert {file.path: file.added_lines() for file in diff} == {"a.py": [1], "b.py": [3]}


def test_hunks_of_one_file_are_read_without_a_header():
    hunks = parse_hunks("@@ -1 +1 @@\n-a\n+b\n@@ -9,0 +10,1 @@\n+c\n")

    assert hunks == (Hunk(1, 1, 1, 1, ("-a", "+b")), Hunk(9, 0, 10, 1, ("+c",)))


def test_line_numbers_ignore_remarks_and_take_the_start_zero_as_one():
    file = FileDiff("a", "new", hunks=(Hunk(0, 0, 0, 3, ("+a", "\\ No newline at end of file", "", "+c")),))

    assert file.added_lines() == [1, 3]
    assert file.removed_lines() == []


texts = st.lists(st.sampled_from(["a", "b", "-- x", "++ y", "", " ", "@@ -1 +1 @@", "\\ z", "u\u2028v"]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(old=texts, new=texts, context=st.integers(0, 3))
def test_line_numbers_lead_from_the_old_text_to_the_new_one(old: list[str], new: list[str], context: int):
    lines = list(difflib.unified_diff(old, new, "a/f", "b/f", n=context, lineterm=""))

    diff = parse_unified("\n".join(lines))

    file = diff.files.get("f", FileDiff("f", "modified"))
    removed, added = set(file.removed_lines()), set(file.added_lines())
    assert not diff.incomplete
    assert [text for number, text in enumerate(old, 1) if number not in removed] == [
        text for number, text in enumerate(new, 1) if number not in added
    ]
    assert len(new) - len(old) == len(added) - len(removed)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs the git command")
@pytest.mark.parametrize("context", [0, 3])
def test_the_output_of_git_is_read_whole(tmp_path: Path, context: int):
    def git(*arguments: str) -> bytes:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "-q")
    (tmp_path / "été.py").write_text("".join(f"line {n}\n" for n in range(1, 31)), encoding="utf-8")
    (tmp_path / "gone b").write_text("x\n")
    (tmp_path / "moved.sql").write_text("-- one\n-- two\n-- three\n-- four\nselect\n")
    (tmp_path / "picture").write_bytes(b"\0\1")
    git("add", ".")
    git("commit", "-qm", "base")
    body = [f"line {n}\n" for n in range(1, 31) if n not in {1, 15}]
    (tmp_path / "été.py").write_text("".join([*body[:20], "++ new\n", *body[20:]]), encoding="utf-8")
    (tmp_path / "gone b").unlink()
    (tmp_path / "moved.sql").rename(tmp_path / "b b.sql")
    (tmp_path / "b b.sql").write_text("-- one\n-- three\n-- four\nselect")
    (tmp_path / "picture").write_bytes(b"\0\2")
    (tmp_path / "new\ttab").write_text("n\n")
    git("add", "-A")

    diff = parse_unified(git("diff", "--cached", f"-U{context}", "-M30%"))

    assert {file.path: (file.kind, file.before, file.removed_lines(), file.added_lines()) for file in diff} == {
        "été.py": ("modified", None, [1, 15], [21]),
        "gone b": ("deleted", "gone b", [], []),
        "b b.sql": ("modified", "moved.sql", [2, 5], [4]),
        "picture": ("binary", None, [], []),
        "new\ttab": ("new", None, [], [1]),
    }
    assert not diff.incomplete
