"""The comment says what changed, fits the host, and is not at the mercy of file names."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.totals import Totals
from app.logic.notifications.comment import MAX_COMMENT, CommentOptions, Section, marker, render_comment
from app.logic.notifications.markdown import printable
from app.logic.notifications.subject import PullRequest, Subject
from tests.logic.notifications.rendered import inline, tables
from tests.logic.notifications.rocket import (
    HEAD_SHA,
    PAGES,
    subject_of,
    the_pull,
    the_subject,
    the_subject_without_base,
)

HERE: Final = Path(__file__).parent
PULL: Final = f"{PAGES}/pull/42"


def render(subject: Subject, pull: PullRequest | None = None, **options: Any) -> str:
    return render_comment(subject, pull or the_pull(), CommentOptions("Cov", **options))


def file(path: str, **values: Any) -> ImpactedFile:
    """A file of the diff with one covered and one missed added line; every argument overrides a field."""
    facts: dict[str, Any] = {
        "base_path": path,
        "head_path": path,
        "in_diff": True,
        "added_by_diff": False,
        "removed_by_diff": False,
        "base_totals": Totals(hits=4),
        "head_totals": Totals(hits=5, misses=1),
        "patch": Totals(hits=1, misses=1),
    }
    return ImpactedFile(**facts | values)


def subject_with(*files: ImpactedFile, **values: Any) -> Subject:
    facts = {"base": Totals(hits=10), "head": Totals(hits=10), "patch": Totals(hits=1, misses=1), "files": files}
    return subject_of(ReportComparison(**facts | values))


def row_of(body: str, path: str) -> str:
    """The row of the file in the last table that has it, without the cell of its name."""
    return next(line for line in reversed(body.splitlines()) if f"[{path}]" in line).partition(") ")[2]


def test_the_example_pull_request():
    body = render(the_subject(), the_pull(behind_by=2))

    assert body + "\n" == (HERE / "comment.md").read_text("utf-8")


def test_the_example_without_base_commit_and_report():
    body = render(the_subject_without_base())

    assert body + "\n" == (HERE / "comment_without_base.md").read_text("utf-8")


def test_a_covered_patch_without_project_coverage_is_one_line():
    subject = subject_with(patch=Totals(hits=3))

    body = render(subject, sections=(), hide_project_coverage=True)

    assert body.splitlines() == [
        "<!-- cov:coverage -->",
        f"## [Cov]({PULL}?dropdown=coverage) report",
        ":white_check_mark: All changed coverable lines are covered.",
    ]


@pytest.mark.parametrize("patch", [None, Totals(), Totals(hits=3)])
def test_a_patch_without_uncovered_lines_is_covered(patch: Totals | None):
    body = render(subject_with(patch=patch))

    assert body.splitlines()[2] == ":white_check_mark: All changed coverable lines are covered."
    assert "Files missing coverage" not in body


@pytest.mark.parametrize(
    ("base", "head", "line"),
    [
        (Totals(hits=3, misses=1), Totals(hits=3, misses=1), ":white_check_mark: Project coverage is 75.00% (+0.00%),"),
        (
            Totals(hits=1, misses=1),
            Totals(hits=3, misses=1),
            ":white_check_mark: Project coverage is 75.00% (+25.00%),",
        ),
        (
            Totals(hits=75_001, misses=24_999),
            Totals(hits=3, misses=1),
            ":warning: Project coverage is 75.00% (-<0.01%),",
        ),
        (Totals(), Totals(hits=3, misses=1), ":warning: Project coverage is 75.00% (?),"),
        (Totals(hits=1), Totals(), ":warning: Project coverage is ? (?),"),
    ],
)
def test_the_project_line_weighs_the_change(base: Totals, head: Totals, line: str):
    subject = replace(subject_with(base=base, head=head))
    subject = replace(subject, numbers=replace(subject.numbers, rounding="up"))

    body = render(subject)

    assert body.splitlines()[3].startswith(f"{line} comparing base [`1f0c9d2`]({PAGES}/commit/")


@pytest.mark.parametrize(("behind_by", "words"), [(1, "1 commit behind"), (7, "7 commits behind")])
def test_a_base_behind_its_branch_is_a_warning(behind_by: int, words: str):
    body = render(the_subject(), the_pull(behind_by=behind_by, base_branch="release/v1_@all"))

    line = body.splitlines()[4]
    assert line.startswith(f":warning: The base report is {words} ")
    assert inline(line).text.endswith("release/v1_@all.")
    assert "@all" not in line


@pytest.mark.parametrize("behind_by", [None, 0])
def test_a_base_that_is_not_behind_is_no_news(behind_by: int | None):
    assert "behind" not in render(the_subject(), the_pull(behind_by=behind_by))


def test_a_report_of_an_older_head_says_so():
    body = render(the_subject(), the_pull(head_sha="c0ffee0" + HEAD_SHA[7:]))

    assert body.splitlines()[4:6] == [
        "",
        ":warning: **This report is for 7be41c0, but the pull request head is now c0ffee0.** "
        "Upload reports for c0ffee0 to refresh it.",
    ]


def test_a_hostile_base_branch_cannot_leave_its_code_span():
    branch = "`x`<img>@team"

    body = render(the_subject_without_base(), the_pull(base_branch=branch))

    line = inline(body.splitlines()[3])
    assert line.text == f":warning: No coverage report for BASE ({branch}@1f0c9d2). Upload one to see project changes."
    assert line.foreign == ()


def test_the_worst_files_come_first_and_the_rest_is_counted():
    files = [file(f"src/{misses:02}.py", patch=Totals(hits=1, misses=misses)) for misses in range(1, 13)]

    body = render(subject_with(*files))

    missing, changed = tables(body)
    assert [row[0].text for row in missing[1:4]] == ["src/12.py", "src/11.py", "src/10.py"]
    for table in (missing, changed):
        assert len(table) == 12
        assert table[-1][0].text == "... and 2 more"
        assert {len(row) for row in table} == {3}


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (Totals(hits=1, misses=1), "1 missing :warning:"),
        (Totals(partials=1), "0 missing and 1 partial :warning:"),
        (Totals(misses=2, partials=2), "2 missing and 2 partials :warning:"),
    ],
)
def test_missing_lines_are_counted(patch: Totals, words: str):
    body = render(subject_with(file("a.py", patch=patch)))

    assert tables(body)[0][1][2].text == words


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ({}, "| `83.33% <50.00%> (-16.67%)` | :arrow_down: |"),
        ({"base_totals": Totals(hits=1, misses=1)}, "| `83.33% <50.00%> (+33.33%)` | :arrow_up: |"),
        ({"base_totals": Totals(hits=10, misses=2)}, "| `83.33% <50.00%> (ø)` | |"),
        ({"base_totals": None}, "| `83.33% <50.00%> (ø)` | |"),
        ({"base_totals": Totals()}, "| `83.33% <50.00%> (∅)` | |"),
        ({"head_totals": Totals(), "patch": Totals()}, "| `∅ <ø> (∅)` | |"),
        ({"patch": Totals()}, "| `83.33% <ø> (-16.67%)` | :arrow_down: |"),
    ],
)
def test_a_changed_file_shows_coverage_of_file_and_patch_and_the_change(values: dict[str, Any], cells: str):
    body = render(subject_with(file("a.py", **values)))

    assert row_of(body, "a.py") == cells


@pytest.mark.parametrize(
    ("base", "head", "cells"),
    [
        (Totals(hits=4, complexity=5), Totals(hits=3, misses=1, complexity=7), "`7 <2> (+2)` | :arrow_down: |"),
        (Totals(hits=4, complexity=9), Totals(hits=3, misses=1, complexity=7), "`7 <2> (-2)` | |"),
        (Totals(misses=4, complexity=9), Totals(hits=3, misses=1, complexity=7), "`7 <2> (-2)` | :arrow_up: |"),
        (Totals(misses=4, complexity=7), Totals(hits=3, misses=1, complexity=7), "`7 <2> (ø)` | |"),
        (None, Totals(hits=3, misses=1, complexity=7), "`7 <2> (ø)` | |"),
    ],
)
def test_complexity_has_a_column_and_a_say_in_the_arrow(base: Totals | None, head: Totals, cells: str):
    changed = file("a.py", base_totals=base, head_totals=head, patch=Totals(hits=1, complexity=2))

    body = render(subject_with(changed, head=Totals(hits=3, complexity=7)))

    (table,) = tables(body)
    assert [cell.text for cell in table[0]] == ["Files in this change", "Coverage Δ", "Complexity Δ", ""]
    assert row_of(body, "a.py").partition("` | ")[2] == cells


def test_only_files_of_the_diff_are_listed_and_the_others_counted():
    deleted = file("gone.py", head_path=None, head_totals=None, patch=None, removed_by_diff=True)
    indirect = [file(name, in_diff=False, patch=None) for name in ("x.py", "y.py")]

    alone = render(subject_with(deleted, *indirect))
    beside = render(subject_with(file("a.py"), deleted, *indirect))

    link = f"[2 files changed indirectly]({PULL}/indirect-changes)"
    assert not tables(alone)
    assert f"```\n\n{link}\n" in alone
    assert f"|\n\n... plus {link}\n" in beside
    assert "gone.py" not in beside


def test_a_long_path_shows_its_end_and_links_to_all_of_it():
    path = "packages/" + "deeply/" * 20 + "nested file#1.py"

    body = render(subject_with(file(path)))

    shown = tables(body)[0][1][0]
    assert shown.text == "..." + path[-50:]
    assert shown.links[0].startswith(f"{PULL}?filepath=packages%2Fdeeply%2F")
    assert "nested%20file%231.py#diff-" in shown.links[0]


@settings(max_examples=150)
@given(st.text(st.sampled_from("ab_*`~[]()<>|\\@#:$& \n/.") | st.characters(), min_size=1, max_size=60))
def test_no_file_name_breaks_out_of_its_cell(path: str):
    body = render(subject_with(file(path), file("ordinary.py", patch=Totals(misses=1))))

    missing, changed = tables(body)
    for table in (missing, changed):
        assert [len(row) for row in table] == [3, 3, 3]
        shown = next(row[0] for row in table[1:] if row[0].text != "ordinary.py" or path == "ordinary.py")
        assert shown.text == printable(path if len(path) <= 50 else f"...{path[-50:]}")
        assert len(shown.links) == 1
        assert shown.links[0].startswith(f"{PULL}?filepath=")
        assert shown.foreign == ()


def test_a_comment_too_long_for_the_host_is_shortened_step_by_step():
    many = [file(f"src/{'module/' * 5}{number:05}.py") for number in range(5000)]
    long = [file(f"{number}/{'ä' * 400}.py") for number in range(100)]
    longer = [file(f"{number}/{'ä' * 4000}.py") for number in range(10)]

    ten, five, none = (render(subject_with(*files), rows=5000) for files in (many, long, longer))

    assert [len(table) - 2 for table in tables(ten)] == [10, 10]
    assert [len(table) - 2 for table in tables(five)] == [5, 5]
    assert not tables(none)
    for body in (ten, five, none):
        assert len(body) <= MAX_COMMENT
        assert "Coverage Diff" in body
        assert body.endswith("\n\nReport shortened.")


def test_a_comment_that_fits_is_not_shortened():
    files = [file(f"src/{number:05}.py") for number in range(50)]

    body = render(subject_with(*files), rows=50)

    assert [len(table) for table in tables(body)] == [51, 51]
    assert "Report shortened" not in body


def test_a_diff_block_too_wide_for_the_host_is_dropped():
    body = render(the_subject(), the_pull(base_branch="b" * 6000))

    assert len(body) <= MAX_COMMENT
    assert "Coverage Diff" not in body
    assert "> **Legend**" in body
    assert body.endswith("\n\nReport shortened.")


def test_at_last_only_title_header_and_link_are_left():
    subject, end = the_subject_without_base(), "\n\nReport shortened."
    least = render(subject, the_pull(base_branch=""), sections=("condensed_footer",)).partition("\n\n|")[0]

    body = render(subject, the_pull(base_branch="b" * (MAX_COMMENT - len(least) - len(end))))

    assert len(body) == MAX_COMMENT
    assert body.endswith(f"\n\n[View the full report]({PULL}?dropdown=coverage).{end}")
    assert not tables(body)
    assert "Legend" not in body


def test_a_section_named_twice_is_printed_once():
    twice: tuple[Section, ...] = ("diff", "footer", "diff")

    body = render(the_subject(), sections=twice)

    assert body.count("```diff") == 1
    assert not tables(body)


def test_the_marker_is_the_first_line():
    body = render(the_subject())

    assert body.splitlines()[0] == marker("Cov") == "<!-- cov:coverage -->"


def test_deltas_of_files_are_exact():
    subject = subject_with(file("a.py", base_totals=Totals(hits=601, misses=399), head_totals=Totals(hits=7, misses=3)))

    assert "(+9.90%)" in row_of(render(subject), "a.py")
    assert subject.comparison.files[0].head_totals.percent == Decimal("70.00000")
