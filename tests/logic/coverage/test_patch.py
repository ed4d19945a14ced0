"""Patch totals count the lines that a diff adds."""

import numpy as np
from reports import diff_of, hunk, report

from app.helpers.diff import Diff, FileDiff
from app.logic.coverage.measure import file_totals
from app.logic.coverage.patch import patch_by_file, patch_totals
from app.logic.coverage.report import FILE_TOTALS, METHOD, Complexity, Report
from app.logic.coverage.totals import Totals


def test_only_added_lines_with_data_count():
    head = report({"a.py": {1: 1, 2: 0, 3: "1/2", 4: 1, 9: -1}, "b.py": {1: 1}})
    diff = diff_of(
        FileDiff("a.py", "modified", hunks=(hunk(1, 1, " x", "+m", "+p", "+-", "-o"), hunk(8, 9, "+i", "+-")))
    )

    totals = patch_totals(head, diff)

    assert totals == Totals(files=1, hits=1, misses=1, partials=1, branches=1)
    assert totals.coverage == "33.33333"


def test_a_changed_file_of_the_report_counts_even_without_a_counted_line():
    head = report({"a.py": {1: 1}, "moved.py": {1: 1}})
    diff = diff_of(
        FileDiff("a.py", "modified", hunks=(hunk(1, 1, " x", "+comment"),)),
        FileDiff("moved.py", "modified", before="old.py"),
        FileDiff("README.md", "modified", hunks=(hunk(1, 1, "+text"),)),
    )

    by_file = patch_by_file(head, diff)

    assert by_file == {"a.py": Totals(), "moved.py": Totals()}
    assert patch_totals(head, diff) == Totals(files=2)
    assert patch_totals(head, diff).coverage is None


def test_deleted_and_binary_files_add_nothing():
    head = report({"a.py": {1: 1}, "b.py": {1: 1}})
    diff = diff_of(FileDiff("a.py", "deleted", before="a.py"), FileDiff("b.py", "binary"))

    assert patch_by_file(head, diff) == {}


def test_an_empty_diff_has_an_empty_patch():
    assert patch_totals(report({"a.py": {1: 1}}), Diff()) == Totals()
    assert patch_totals(report({}), diff_of(FileDiff("a.py", "new", hunks=(hunk(0, 1, "+x"),)))) == Totals()


def test_lines_of_two_files_do_not_mix():
    head = report({"a.py": {1: 1, 2: 1}, "b.py": {1: 0, 2: 0}, "c.py": {1: 0, 2: 1}})
    diff = diff_of(
        FileDiff("c.py", "modified", hunks=(hunk(1, 2, "+x"),)),
        FileDiff("a.py", "new", hunks=(hunk(0, 1, "+x", "+y"),)),
    )

    assert patch_by_file(head, diff) == {"a.py": Totals(hits=2), "c.py": Totals(hits=1)}


def test_when_all_lines_are_added_the_patch_is_the_file():
    plain = report({"a.py": {1: 1, 2: "1/2", 3: 0, 4: -1, 5: "2/2"}, "b.py": {1: 4, 2: 5}})
    head = Report(
        plain.files,
        plain.offsets,
        plain.line,
        plain.hits,
        np.where(np.arange(7) % 5 == 0, METHOD, plain.kind).astype(np.uint8),
        plain.branch_row,
        plain.branch_arms,
        plain.missing,
        Complexity(np.array([1, 4, 5]), np.array([1, 2, 7], np.int32), np.array([3, -1, 9], np.int32)),
    )
    lines = ("+",) * 9
    diff = diff_of(
        FileDiff("a.py", "new", hunks=(hunk(0, 1, *lines),)), FileDiff("b.py", "modified", hunks=(hunk(1, 1, *lines),))
    )

    by_file = patch_by_file(head, diff)

    assert [[getattr(totals, name) for name in FILE_TOTALS] for totals in by_file.values()] == file_totals(
        head
    ).tolist()
