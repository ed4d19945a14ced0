"""Pull request #42 of acme/rocket, the example that the tests of notifications share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.helpers.diff import Diff, FileDiff
from app.logic.coverage.compare import compare
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.report import Report
from app.logic.notifications.subject import CommitPage, PullRequest, Subject
from tests.logic.coverage.reports import Value, diff_of, hunk, report

BASE_SHA: Final = "1f0c9d2ab4c7e6f5a8b9c0d1e2f3a4b5c6d7e8f9"
HEAD_SHA: Final = "7be41c08d3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8"
PAGES: Final = "https://cov.example.com/gh/acme/rocket"


def lines(count: int, *, missed: tuple[int, ...] = ()) -> dict[int, Value]:
    """The first `count` lines of a file, hit unless `missed`."""
    return {line: int(line not in missed) for line in range(1, count + 1)}


BASE: Final[Mapping[str, Mapping[int, Value]]] = {
    "src/engine.py": lines(10, missed=(4, 8)),
    "src/nozzle.py": {1: 1, 2: 1, 3: "1/2", 4: 0},
    "src/tank.py": lines(6, missed=(5,)),
}
HEAD: Final[Mapping[str, Mapping[int, Value]]] = {
    "src/engine.py": lines(14, missed=(5, 6, 12)),
    "src/nozzle.py": {1: 1, 2: 1, 3: "1/2", 4: 0, 5: 1, 6: "1/2"},
    "src/tank.py": lines(6, missed=(3, 5)),
}
README: Final = FileDiff("README.md", "modified", hunks=(hunk(1, 1, "-old", "+new"),))


def base_report() -> Report:
    return report(BASE)


def head_report() -> Report:
    return report(HEAD)


def the_diff() -> Diff:
    return diff_of(
        FileDiff("src/engine.py", "modified", hunks=(hunk(3, 3, " ctx", "+4", "+5", "+6", "+7", " ctx"),)),
        FileDiff("src/nozzle.py", "modified", hunks=(hunk(4, 4, " ctx", "+5", "+6"),)),
        README,
    )


def subject_of(comparison: ReportComparison) -> Subject:
    """The comparison as that of the example's commits; without a base report the base commit is unknown."""
    base = CommitPage(BASE_SHA, f"{PAGES}/commit/{BASE_SHA}") if comparison.base is not None else None
    return Subject(comparison, head=CommitPage(HEAD_SHA, f"{PAGES}/commit/{HEAD_SHA}"), base=base)


def the_subject(diff: Diff | None = None) -> Subject:
    return subject_of(compare(base_report(), head_report(), diff or the_diff()))


def the_subject_without_base() -> Subject:
    return subject_of(compare(None, head_report(), the_diff()))


def the_pull(**facts: object) -> PullRequest:
    pull = PullRequest(42, f"{PAGES}/pull/42", "main", base_sha=BASE_SHA, head_sha=HEAD_SHA)
    return replace(pull, **facts)
