"""Reports are filtered by path patterns."""

import pytest
from reports import report

from app.logic.coverage.expressions import PatternInvalid
from app.logic.coverage.filters import PathFilter, filter_paths
from app.logic.coverage.measure import totals

PATHS = ["src/a.py", "src/b.py", "src/vendor/c.py", "lib/src/d.py", "x+y.py"]


@pytest.mark.parametrize(
    ("patterns", "passing"),
    [
        (None, PATHS),
        ([], PATHS),
        (["src/.*"], ["src/a.py", "src/b.py", "src/vendor/c.py"]),
        (["^src/a", "lib/.*"], ["src/a.py", "lib/src/d.py"]),
        (["a.py"], []),
        ([".*a.py"], ["src/a.py"]),
        (["!src/vendor/.*"], ["src/a.py", "src/b.py", "lib/src/d.py", "x+y.py"]),
        (["^!src/vendor/.*", "src/.*"], ["src/a.py", "src/b.py"]),
        (["!.*"], []),
        (["!src/.*", "src/a.py"], ["src/a.py"]),
        (["x+y.py"], ["x+y.py"]),
        (["(?i)SRC/A", "lib"], ["src/a.py", "lib/src/d.py"]),
        (["src/a.py$|lib"], ["src/a.py", "lib/src/d.py"]),
    ],
)
def test_paths_pass_by_literal_then_negative_then_positive_patterns(patterns: list[str] | None, passing: list[str]):
    paths = PathFilter(patterns)

    assert [path for path in PATHS if paths.matches(path)] == passing


def test_a_report_keeps_the_files_that_pass_with_their_lines():
    whole = report({"lib/m.py": {1: 1}, "lib/u.py": {1: 1, 2: 0}, "src/a.py": {1: "1/2", 9: -1}})

    filtered = filter_paths(whole, PathFilter(["lib/u.*", "src/.*"]))

    assert filtered.files == ("lib/u.py", "src/a.py")
    assert filtered.line.tolist() == [1, 2, 1, 9]
    assert totals(filtered).as_dict() == totals(whole).as_dict() | {
        "files": 2,
        "lines": 3,
        "hits": 1,
        "coverage": "33.33333",
    }


def test_nothing_passing_leaves_an_empty_report():
    assert totals(filter_paths(report({"a.py": {1: 1}}), PathFilter(["b"]))).lines == 0


@pytest.mark.parametrize("pattern", ["(", "(?!a)b", r"(a)\1", "!(", "a)|(b", "\ud800"])
def test_a_pattern_that_cannot_be_run_safely_is_refused(pattern: str):
    with pytest.raises(PatternInvalid):
        PathFilter([pattern])


def test_a_hostile_pattern_takes_linear_time():
    paths = PathFilter(["(a|a)*(a*)*b$"])

    assert not paths.matches("a" * 5_000)
