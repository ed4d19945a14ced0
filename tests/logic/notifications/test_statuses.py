"""A status passes or fails on exact numbers and says them in one sentence."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.helpers.diff import FileDiff
from app.logic.coverage.compare import compare
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.totals import Totals
from app.logic.notifications.statuses import MAX_DESCRIPTION, StatusKind, StatusOptions, cut, decide_status
from app.logic.notifications.subject import Subject
from tests.logic.coverage.reports import diff_of, hunk, report
from tests.logic.notifications.rocket import README, lines, subject_of, the_subject, the_subject_without_base


def decide(kind: StatusKind, subject: Subject, **options: Any) -> tuple[str, str]:
    decision = decide_status(kind, subject, StatusOptions(**options))
    return decision.state, decision.description


def removal(before: tuple[int, int], removed: int, added: tuple[int, int] = (0, 0)) -> Subject:
    """A file of `before` (hits, misses) loses its first `removed` lines, all hit, and gets `added` in their place."""
    (hits, misses), (new_hits, new_misses) = before, added
    grown = new_hits + new_misses
    base = lines(hits + misses, missed=tuple(range(hits + 1, hits + misses + 1)))
    kept = {line - removed + grown: value for line, value in base.items() if line > removed}
    new = lines(grown, missed=tuple(range(new_hits + 1, grown + 1)))
    change = hunk(1, 1 if grown else 0, *["-"] * removed, *["+"] * grown)
    diff = diff_of(FileDiff("src/a.py", "modified", hunks=(change,)))
    return subject_of(compare(report({"src/a.py": base}), report({"src/a.py": new | kept}), diff))


def totals_only(base: Totals | None, head: Totals, patch: Totals | None = None) -> Subject:
    return subject_of(ReportComparison(base, head, patch, ()))


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("project", {}, ("failure", "69.23% (-5.77%) compared to 1f0c9d2")),
        ("project", {"target": Decimal(70)}, ("failure", "69.23% (target 70.00%)")),
        ("project", {"target": Decimal(70), "threshold": Decimal(1)}, ("success", "69.23% (target 70.00%)")),
        ("project", {"threshold": Decimal(6)}, ("success", "69.23% (-5.77%) compared to 1f0c9d2")),
        ("project", {"informational": True}, ("success", "69.23% (-5.77%) compared to 1f0c9d2")),
        ("patch", {}, ("failure", "50.00% of diff hit (target 75.00%)")),
        ("patch", {"target": Decimal(50)}, ("success", "50.00% of diff hit (target 50.00%)")),
        (
            "patch",
            {"threshold": Decimal(25)},
            ("success", "50.00% of diff hit (within 25.00% threshold of 75.00%)"),
        ),
        ("patch", {"threshold": Decimal(24)}, ("failure", "50.00% of diff hit (target 75.00%)")),
        ("patch", {"informational": True}, ("success", "50.00% of diff hit (target 75.00%)")),
    ],
)
def test_the_example_pull_request(kind: StatusKind, options: dict[str, Any], expected: tuple[str, str]):
    assert decide(kind, the_subject(), **options) == expected


@pytest.mark.parametrize("kind", ["project", "patch"])
@pytest.mark.parametrize("state", ["success", "failure", "error"])
def test_without_a_base_report_the_option_decides(kind: StatusKind, state: str):
    subject = the_subject_without_base()

    assert decide(kind, subject, if_not_found=state) == (state, "No base report to compare with")


def test_a_patch_with_a_target_of_its_own_needs_no_base_report():
    subject = the_subject_without_base()

    assert decide("patch", subject, target=Decimal(80)) == ("failure", "50.00% of diff hit (target 80.00%)")


@pytest.mark.parametrize(
    ("base", "head", "description"),
    [
        (Totals(hits=1), Totals(), "No coverage found for head"),
        (Totals(), Totals(hits=1), "Base report holds no coverage"),
    ],
)
def test_a_side_without_counted_lines_has_no_project_coverage(base: Totals, head: Totals, description: str):
    assert decide("project", totals_only(base, head)) == ("success", description)
    assert decide("project", totals_only(base, head), if_not_found="error") == ("error", description)


def test_equal_coverage_passes_with_a_delta_of_zero():
    subject = totals_only(Totals(hits=2, misses=1), Totals(hits=4, misses=2))

    assert decide("project", subject) == ("success", "66.66% (+0.00%) compared to 1f0c9d2")


@pytest.mark.parametrize("options", [{}, {"if_not_found": "failure"}, {"target": Decimal(100)}])
def test_a_patch_without_coverable_lines_passes(options: dict[str, Any]):
    subject = the_subject(diff_of(README))

    expected = ("success", "Patch has no coverable lines (1f0c9d2...7be41c0)")
    assert decide("patch", subject, **options) == expected


def test_a_patch_without_coverable_lines_names_no_unknown_base():
    subject = totals_only(None, Totals(hits=1), Totals())

    assert decide("patch", subject) == ("success", "Patch has no coverable lines")


def test_a_patch_without_a_diff_has_no_coverable_lines():
    subject = totals_only(None, Totals(hits=1), None)

    assert decide("patch", subject) == ("success", "Patch has no coverable lines")


@pytest.mark.parametrize(
    ("subject", "options", "expected"),
    [
        pytest.param(
            removal((8, 2), 4),
            {},
            ("success", "66.66% (-13.34%) compared to 1f0c9d2 - passes: 0.00% above adjusted base 66.66%"),
            id="B1",
        ),
        pytest.param(
            removal((8, 2), 4),
            {"adjust_base": False},
            ("failure", "66.66% (-13.34%) compared to 1f0c9d2"),
            id="B1 off",
        ),
        pytest.param(
            removal((8, 2), 4), {"target": Decimal(90)}, ("failure", "66.66% (target 90.00%)"), id="B1 with a target"
        ),
        pytest.param(removal((90, 10), 20, (4, 1)), {}, ("failure", "87.05% (-2.95%) compared to 1f0c9d2"), id="B2"),
        pytest.param(
            removal((90, 10), 20, (4, 1)),
            {"threshold": Decimal(1)},
            ("success", "87.05% (-2.95%) compared to 1f0c9d2 - passes: within 1.00% of adjusted base 87.50%"),
            id="B2 with a threshold",
        ),
        pytest.param(
            removal((90, 10), 20, (5, 0)),
            {},
            ("success", "88.23% (-1.77%) compared to 1f0c9d2 - passes: 0.73% above adjusted base 87.50%"),
            id="B3",
        ),
    ],
)
def test_removing_covered_lines_is_not_a_loss(subject: Subject, options: dict[str, Any], expected: tuple[str, str]):
    assert decide("project", subject, **options) == expected


def test_deleting_a_covered_file_is_not_a_loss():
    kept = {"src/a.py": lines(10, missed=(9, 10))}
    diff = diff_of(FileDiff("src/b.py", "deleted", before="src/b.py"))
    subject = subject_of(compare(report(kept | {"src/b.py": lines(5)}), report(kept), diff))

    expected = "80.00% (-6.67%) compared to 1f0c9d2 - passes: 0.00% above adjusted base 80.00%"
    assert decide("project", subject) == ("success", expected)


def test_a_head_is_not_failed_for_less_than_people_see():
    subject = totals_only(Totals(hits=75_000, misses=25_000), Totals(hits=74_996, misses=25_004))

    expected = "74.99% (-0.01%) compared to 1f0c9d2 - passes: within 0.00% of adjusted base 75.00%"
    assert decide("project", subject) == ("success", expected)
    assert decide("project", subject, adjust_base=False)[0] == "failure"


def test_a_head_that_replaces_every_line_of_the_base_is_compared_with_the_whole_base():
    subject = removal((4, 0), 4, (1, 1))

    assert decide("project", subject) == ("failure", "50.00% (-50.00%) compared to 1f0c9d2")


def test_a_long_description_is_cut_at_a_word():
    text = " ".join(["covered"] * 30)

    shown = cut(text)

    assert shown == " ".join(["covered"] * 17) + "…"
    assert cut(shown) == shown
    assert cut("a" * MAX_DESCRIPTION) == "a" * MAX_DESCRIPTION


counts = st.integers(0, 50)
totals = st.builds(Totals, hits=counts, misses=counts, partials=counts)
points = st.decimals(0, 100, places=2)


@settings(max_examples=200)
@given(
    st.sampled_from(["project", "patch"]),
    st.builds(totals_only, st.none() | totals, totals, st.none() | totals),
    st.builds(StatusOptions, target=st.none() | points, threshold=points, adjust_base=st.booleans()),
)
def test_a_status_fails_only_below_its_target_and_always_fits(
    kind: StatusKind, subject: Subject, options: StatusOptions
):
    decision = decide_status(kind, subject, options)

    comparison = subject.comparison
    measured = (comparison.head if kind == "project" else comparison.patch or Totals()).percent
    base = comparison.base.percent if comparison.base is not None else None
    target = options.target if options.target is not None else base
    if decision.state == "failure":
        assert measured is not None
        assert target is not None
        assert measured < target - options.threshold
    assert 0 < len(decision.description) <= MAX_DESCRIPTION
