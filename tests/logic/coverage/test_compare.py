"""A comparison says which files a change touched and which lines changed elsewhere."""

import sys
from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import Value, diff_of, hunk, report

from app.helpers.diff import Diff, FileDiff, Hunk
from app.logic.coverage.changes import IndirectChange, indirect_changes
from app.logic.coverage.compare import compare
from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.filters import PathFilter, filter_paths
from app.logic.coverage.patch import patch_totals
from app.logic.coverage.report import HIT, MISS, NO_DATA, PARTIAL, SKIPPED
from app.logic.coverage.totals import Totals

Files = Mapping[str, Mapping[int, Value]]

BASE: Files = {
    "app/a.py": {1: 1, 2: 1, 3: 0, 4: 1, 5: 1},
    "app/orig.py": {1: 1, 2: "1/2"},
    "app/del.py": {1: 1},
    "app/lost.py": {1: 1, 2: 0},
    "app/same.py": {1: 3},
}
HEAD: Files = {
    "app/a.py": {1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 6: 0},
    "app/new.py": {1: 1, 2: 0},
    "app/moved.py": {1: 1, 2: "2/2"},
    "app/found.py": {7: 1},
    "app/same.py": {1: 8},
}
WITH_CONTEXT = (hunk(2, 2, " ctx", "-old", "+new1", "+new2", " end"),)
WITHOUT_CONTEXT = (hunk(3, 3, "-old", "+new1", "+new2"),)


def example_diff(hunks: tuple[Hunk, ...] = WITH_CONTEXT) -> Diff:
    return diff_of(
        FileDiff("app/a.py", "modified", hunks=hunks),
        FileDiff("app/new.py", "new", hunks=(hunk(0, 1, "+one", "+two"),)),
        FileDiff("app/moved.py", "modified", before="app/orig.py"),
        FileDiff("app/del.py", "deleted", before="app/del.py"),
        FileDiff("docs/x.md", "modified", hunks=(hunk(1, 1, "+text"),)),
    )


def the_file(comparison: ReportComparison) -> ImpactedFile:
    (file,) = comparison.files
    return file


@pytest.mark.parametrize("hunks", [WITH_CONTEXT, WITHOUT_CONTEXT])
def test_the_example_of_the_documentation(hunks: tuple[Hunk, ...]):
    comparison = compare(report(BASE), report(HEAD), example_diff(hunks))

    assert comparison.base == Totals(files=5, hits=8, misses=2, partials=1, branches=1)
    assert comparison.base.coverage == "72.72727"
    assert comparison.head == Totals(files=5, hits=8, misses=4, branches=1)
    assert comparison.head.coverage == "66.66667"
    assert comparison.patch == Totals(files=3, hits=2, misses=2)
    assert comparison.files == (
        ImpactedFile(
            "app/a.py",
            "app/a.py",
            in_diff=True,
            added_by_diff=False,
            removed_by_diff=False,
            base_totals=Totals(hits=4, misses=1),
            head_totals=Totals(hits=3, misses=3),
            patch=Totals(hits=1, misses=1),
            removed=((3, MISS),),
            added=((3, HIT), (4, MISS)),
            unexpected=(((2, HIT), (2, MISS)), ((5, HIT), (6, MISS))),
        ),
        ImpactedFile(
            "app/del.py",
            None,
            in_diff=True,
            added_by_diff=False,
            removed_by_diff=True,
            base_totals=Totals(hits=1),
            head_totals=None,
            patch=None,
            removed=((1, HIT),),
        ),
        ImpactedFile(
            None,
            "app/found.py",
            in_diff=False,
            added_by_diff=False,
            removed_by_diff=False,
            base_totals=None,
            head_totals=Totals(hits=1),
            patch=None,
            unexpected=(((7, NO_DATA), (7, HIT)),),
        ),
        ImpactedFile(
            "app/lost.py",
            None,
            in_diff=False,
            added_by_diff=False,
            removed_by_diff=False,
            base_totals=Totals(hits=1, misses=1),
            head_totals=None,
            patch=None,
            unexpected=(((1, HIT), (1, NO_DATA)), ((2, MISS), (2, NO_DATA))),
        ),
        ImpactedFile(
            "app/orig.py",
            "app/moved.py",
            in_diff=True,
            added_by_diff=False,
            removed_by_diff=False,
            base_totals=Totals(hits=1, partials=1, branches=1),
            head_totals=Totals(hits=2, branches=1),
            patch=Totals(),
            unexpected=(((2, PARTIAL), (2, HIT)),),
        ),
        ImpactedFile(
            None,
            "app/new.py",
            in_diff=True,
            added_by_diff=True,
            removed_by_diff=False,
            base_totals=None,
            head_totals=Totals(hits=1, misses=1),
            patch=Totals(hits=1, misses=1),
            added=((1, HIT), (2, MISS)),
        ),
    )


def test_the_indirect_changes_of_the_example():
    comparison = compare(report(BASE), report(HEAD), example_diff())

    assert indirect_changes(comparison) == (
        IndirectChange("app/a.py", "changed", True, -2, 2, 0, Decimal("-40.00000")),
        IndirectChange("app/found.py", "new", False, 1, 0, 0, None),
        IndirectChange("app/lost.py", "deleted", False, -1, -1, 0, None),
        IndirectChange("app/moved.py", "changed", True, 1, 0, -1, Decimal("50.00000")),
    )


def rocket() -> tuple[Files, Files, Diff]:
    """Build the pull request of acme/rocket that the notification tests use too."""
    base = {
        "src/engine.py": {line: int(line not in (4, 8)) for line in range(1, 11)},
        "src/nozzle.py": {1: 1, 2: 1, 3: "1/2", 4: 0},
        "src/tank.py": {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 1},
    }
    head = {
        "src/engine.py": {line: int(line not in (5, 6, 12)) for line in range(1, 15)},
        "src/nozzle.py": {1: 1, 2: 1, 3: "1/2", 4: 0, 5: 1, 6: "1/2"},
        "src/tank.py": {1: 1, 2: 1, 3: 0, 4: 1, 5: 0, 6: 1},
    }
    diff = diff_of(
        FileDiff("src/engine.py", "modified", hunks=(hunk(3, 3, " ", "+", "+", "+", "+", " "),)),
        FileDiff("src/nozzle.py", "modified", hunks=(hunk(4, 4, " ", "+", "+"),)),
        FileDiff("README.md", "modified", hunks=(hunk(1, 1, "+"),)),
    )
    return base, head, diff


def test_a_pull_request_with_direct_and_indirect_changes():
    base, head, diff = rocket()

    comparison = compare(report(base), report(head), diff)

    assert comparison.base is not None
    assert (comparison.base.coverage, comparison.head.coverage) == ("75.00000", "69.23077")
    assert comparison.patch == Totals(files=2, hits=3, misses=2, partials=1, branches=1)
    assert [(file.path, file.in_diff, len(file.added), file.unexpected) for file in comparison.files] == [
        ("src/engine.py", True, 4, (((4, MISS), (8, HIT)),)),
        ("src/nozzle.py", True, 2, ()),
        ("src/tank.py", False, 0, (((3, HIT), (3, MISS)),)),
    ]
    assert [(change.path, change.uncovered) for change in indirect_changes(comparison)] == [
        ("src/engine.py", -1),
        ("src/tank.py", 1),
    ]


def test_filtered_reports_compare_only_their_files():
    base, head, diff = rocket()
    paths = PathFilter(["src/engine.py"])

    comparison = compare(filter_paths(report(base), paths), filter_paths(report(head), paths), diff)

    assert [file.path for file in comparison.files] == ["src/engine.py"]
    assert comparison.patch == Totals(files=1, hits=2, misses=2)


def test_equal_reports_have_nothing_to_say():
    comparison = compare(report(BASE), report(BASE), Diff())

    assert comparison.files == ()
    assert comparison.patch == Totals()


def test_execution_counts_do_not_matter():
    comparison = compare(report({"a.py": {1: 1, 2: "1/3"}}), report({"a.py": {1: 9, 2: "2/4"}}), None)

    assert comparison.files == ()
    assert comparison.patch is None


def test_lines_that_appear_vanish_or_become_ignored_are_unexpected():
    file = the_file(compare(report({"a.py": {1: 1, 2: 0, 3: 1}}), report({"a.py": {1: 1, 3: -1, 4: 0}}), Diff()))

    assert file.unexpected == (
        ((2, MISS), (2, NO_DATA)),
        ((3, HIT), (3, SKIPPED)),
        ((4, NO_DATA), (4, MISS)),
    )


def test_without_a_base_report_only_files_of_the_diff_are_listed():
    comparison = compare(None, report(HEAD), example_diff())

    assert comparison.base is None
    assert comparison.patch == Totals(files=3, hits=2, misses=2)
    assert [(file.base_path, file.head_path, file.added, file.unexpected) for file in comparison.files] == [
        (None, "app/a.py", ((3, HIT), (4, MISS)), ()),
        (None, "app/new.py", ((1, HIT), (2, MISS)), ()),
    ]
    assert indirect_changes(comparison) == ()


def test_all_base_lines_of_a_deleted_file_are_removed():
    base = report({"a.py": {1: 1, 5: "1/2", 7: -1}, "b.py": {1: 1}})

    file = the_file(compare(base, report({"b.py": {1: 1}}), diff_of(FileDiff("a.py", "deleted", before="a.py"))))

    assert (file.base_path, file.head_path, file.removed_by_diff) == ("a.py", None, True)
    assert file.removed == ((1, HIT), (5, PARTIAL), (7, SKIPPED))
    assert file.unexpected == ()


def test_a_deleted_file_with_coverage_at_head_is_compared_as_if_not_in_the_diff():
    diff = diff_of(FileDiff("a.py", "deleted", before="a.py"), FileDiff("b.py", "deleted", before="b.py"))

    file = the_file(compare(report({"a.py": {1: 1}, "b.py": {1: 1}}), report({"a.py": {1: 0}, "b.py": {1: 2}}), diff))

    assert (file.path, file.in_diff, file.removed_by_diff, file.removed) == ("a.py", False, False, ())
    assert file.unexpected == (((1, HIT), (1, MISS)),)


def test_a_binary_file_with_coverage_is_compared_without_hunks():
    diff = diff_of(FileDiff("a.py", "binary"), FileDiff("gone.py", "binary"))

    comparison = compare(report({"a.py": {1: 1}, "gone.py": {2: 1}}), report({"a.py": {1: 0}}), diff)

    assert [(file.path, file.in_diff, file.patch, file.unexpected) for file in comparison.files] == [
        ("a.py", True, None, (((1, HIT), (1, MISS)),)),
        ("gone.py", True, None, (((2, HIT), (2, NO_DATA)),)),
    ]


def test_a_renamed_file_that_lost_its_coverage_is_one_entry():
    diff = diff_of(FileDiff("new.py", "modified", before="old.py", hunks=(hunk(1, 1, "-x", "+x"),)))

    file = the_file(compare(report({"old.py": {1: 1, 2: 1}}), report({}), diff))

    assert (file.base_path, file.head_path, file.in_diff) == ("old.py", None, True)
    assert file.removed == ((1, HIT),)
    assert file.unexpected == (((2, HIT), (2, NO_DATA)),)


def test_files_that_swap_their_names_are_compared_with_where_they_came_from():
    diff = diff_of(FileDiff("a.py", "modified", before="b.py"), FileDiff("b.py", "modified", before="a.py"))
    base = report({"a.py": {1: 1}, "b.py": {1: 0, 2: 0}})

    assert compare(base, report({"a.py": {1: 0, 2: 0}, "b.py": {1: 1}}), diff).files == ()


def test_a_file_overwritten_by_a_renamed_one_is_lost():
    diff = diff_of(FileDiff("b.py", "modified", before="a.py", hunks=(hunk(1, 1, "+x"),)))

    comparison = compare(report({"a.py": {1: 1}, "b.py": {1: 0}}), report({"b.py": {1: 1, 2: 1}}), diff)

    assert [(file.base_path, file.head_path, file.in_diff, file.unexpected) for file in comparison.files] == [
        ("a.py", "b.py", True, ()),
        ("b.py", None, False, (((1, MISS), (1, NO_DATA)),)),
    ]


def test_a_base_file_without_counted_lines_makes_the_head_file_new():
    comparison = compare(report({"a.py": {1: -1}}), report({"a.py": {1: 0, 2: 1}}), Diff())

    assert [(change.path, change.kind) for change in indirect_changes(comparison)] == [("a.py", "new")]


def test_changes_within_a_file_may_cancel_out():
    comparison = compare(report({"a.py": {1: 1, 2: 0}}), report({"a.py": {1: 0, 2: 1}}), Diff())

    (change,) = indirect_changes(comparison)

    assert (change.hits, change.misses, change.partials, change.coverage) == (0, 0, 0, None)


def test_the_patch_of_the_comparison_is_the_patch_of_the_head_report():
    head, diff = report(HEAD), example_diff()

    assert compare(report(BASE), head, diff).patch == patch_totals(head, diff)


statuses = st.dictionaries(st.integers(1, 14), st.sampled_from([0, 1, 5, -1, "0/2", "1/2", "2/2"]), max_size=10)
paths = st.sampled_from(["a", "b", "c", "d"])
marks = st.lists(st.sampled_from([" ", "+", "-", ""]), min_size=1, max_size=6)


@st.composite
def file_diffs(draw: st.DrawFn, path: str) -> FileDiff:
    kind = draw(st.sampled_from(["modified", "modified", "new", "deleted", "binary"]))
    if kind in ("deleted", "binary"):
        return FileDiff(path, kind, before=path if kind == "deleted" else None)
    old, new = 1, 1
    hunks = []
    for lines in draw(st.lists(marks, max_size=3)):
        gap = draw(st.integers(0, 4))
        old, new = old + gap, new + gap
        hunks.append(Hunk(old, 0, new, 0, tuple(lines)))
        old += sum(mark != "+" for mark in lines)
        new += sum(mark != "-" for mark in lines)
    before = draw(st.sampled_from([None, None, "x", "y"])) if kind == "modified" else None
    return FileDiff(path, kind, before, tuple(hunks))


@st.composite
def diffs(draw: st.DrawFn) -> Diff:
    files = [draw(file_diffs(path)) for path in draw(st.sets(paths))]
    seen: set[str | None] = set()
    return diff_of(
        *(file for file in files if file.before is None or not (file.before in seen or seen.add(file.before)))
    )


def kind_of(value: Value | None) -> int:
    """Classify a written value the slow way."""
    if value is None:
        return NO_DATA
    covered, arms = map(int, value.split("/")) if isinstance(value, str) else (value, 1)
    if covered < 0:
        return SKIPPED
    return MISS if covered == 0 else HIT if covered >= arms else PARTIAL


def oracle(base: Files, head: Files, diff: Diff) -> dict[tuple[str | None, str | None], tuple[list, list, list]]:
    """Walk line by line: {(base path, head path): (removed, added, unexpected)} of the impacted files."""
    entries = {file.path: file for file in diff if not (file.kind == "deleted" and file.path in head)}
    renames = {file.before: file for file in entries.values() if file.kind == "modified" and file.before}
    origin = {file.path: before for before, file in renames.items()}
    pairs: list[tuple[str, str | None, FileDiff | None]] = [
        (origin.get(path, path), path, entries.get(path)) for path in head
    ]
    met = {before for before, _, _ in pairs}
    for path in set(base) - met:
        pairs.append((path, None, renames.get(path) or (None if path in origin else entries.get(path))))
    result = {}
    for before, path, entry in pairs:
        old, new = base.get(before, {}), head.get(path, {}) if path else {}
        removed, added = (entry.removed_lines(), entry.added_lines()) if entry else ([], [])
        whole = entry is not None and entry.kind in ("new", "deleted")
        if entry and entry.kind == "deleted":
            removed = list(old)
        unexpected = []
        lines = zip(
            (line for line in count(1) if line not in removed),
            (line for line in count(1) if line not in added),
            strict=False,
        )
        for b, h in lines:
            if b > 99 and h > 99:
                break
            if kind_of(old.get(b)) != kind_of(new.get(h)) and not whole:
                unexpected.append(((b, kind_of(old.get(b))), (h, kind_of(new.get(h)))))
        if whole or removed or added or unexpected:
            result[before if before in base else None, path] = (
                [(line, kind_of(old[line])) for line in sorted(removed) if line in old],
                [(line, kind_of(new[line])) for line in sorted(added) if line in new],
                unexpected,
            )
    return result


@settings(max_examples=200, deadline=None)
@given(
    base=st.dictionaries(paths | st.sampled_from(["x", "y"]), statuses.filter(bool)),
    head=st.dictionaries(paths, statuses.filter(bool)),
    diff=diffs(),
)
def test_a_comparison_equals_the_walk_line_by_line(base: Files, head: Files, diff: Diff):
    comparison = compare(report(base), report(head), diff)

    found = {
        (file.base_path, file.head_path): (list(file.removed), list(file.added), list(file.unexpected))
        for file in comparison.files
    }
    assert found == oracle(base, head, diff)
    assert [file.path for file in comparison.files] == sorted(file.path for file in comparison.files)
    assert comparison.patch == patch_totals(report(head), diff)


@settings(max_examples=60, deadline=None)
@given(base=statuses.filter(bool), head=statuses.filter(bool), diff=file_diffs("a"))
def test_context_lines_change_nothing(base: Mapping[int, Value], head: Mapping[int, Value], diff: FileDiff):
    bare = [hunk(line, 1, "-") for line in diff.removed_lines()] + [hunk(1, line, "+") for line in diff.added_lines()]

    with_context = compare(report({"a": base}), report({"a": head}), diff_of(diff))
    without = compare(
        report({"a": base}), report({"a": head}), diff_of(FileDiff("a", diff.kind, diff.before, tuple(bare)))
    )

    assert with_context == without


def calls_of_a_comparison(lines: int) -> int:
    """Count the Python functions that a comparison of 20 files of so many lines calls."""
    base = {f"{number:02}.py": dict.fromkeys(range(1, lines + 1), 1) for number in range(20)}
    head = {path: values | {lines: 0} for path, values in base.items()}
    diff = diff_of(FileDiff("03.py", "modified", hunks=(hunk(5, 5, "-x", "+x", "+y"),)))
    base_report, head_report = report(base), report(head)
    calls = 0

    def count_call(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    previous = sys.getprofile()
    sys.setprofile(count_call)
    try:
        compare(base_report, head_report, diff)
    finally:
        sys.setprofile(previous)
    return calls


def test_no_python_code_runs_per_line():
    calls_of_a_comparison(lines=20)  # the first one pays for caches

    few, many = calls_of_a_comparison(lines=20), calls_of_a_comparison(lines=2_000)

    # The collector may call a finaliser in between; 20 files times 1,980 more lines would be another matter.
    assert abs(many - few) < 20
