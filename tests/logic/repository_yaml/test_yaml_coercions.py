"""Values that may be written in several ways, row by row."""

from collections.abc import Callable
from typing import Any

import pytest

from app.logic.repository_yaml.checks import Refused
from app.logic.repository_yaml.coercions import (
    branch_name,
    bundle_threshold,
    byte_size,
    layout,
    max_age,
    percent,
    percent_or_auto,
    percent_range,
    require_changes,
)

INVALID_DURATION = "invalid duration; write seconds, a time such as 48h or 2 days, an ISO date, or off"
CONDITIONS = "is none of any_change, coverage_drop, uncovered_patch, joined by AND and OR"


@pytest.mark.parametrize(
    ("coerce", "value", "normal"),
    [
        (percent, 80, 80.0),
        (percent, 80.5, 80.5),
        (percent, "80", 80.0),
        (percent, "80%", 80.0),
        (percent, " 80.5 % ", 80.5),
        (percent, "150%", 150.0),
        (percent, 0, 0.0),
        (percent_or_auto, "auto", "auto"),
        (percent_or_auto, "1%", 1.0),
        (percent_range, "60..80", [60.0, 80.0]),
        (percent_range, "60...80", [60.0, 80.0]),
        (percent_range, " 60.5 .. 80.25 ", [60.5, 80.25]),
        (percent_range, [80, 60.5], [60.5, 80.0]),
        (percent_range, "0..100", [0.0, 100.0]),
        (layout, "", ""),
        (layout, "reach, diff, files:5 ,", "reach, diff, files:5 ,"),
        (layout, "condensed_header,component,components,newheader", "condensed_header,component,components,newheader"),
        (branch_name, "main", "main"),
        (branch_name, "origin/develop", "develop"),
        (branch_name, "refs/heads/release/1", "release/1"),
        (byte_size, 0, 0),
        (byte_size, 1500, 1500),
        (byte_size, "5 bytes", 5),
        (byte_size, "5b", 5),
        (byte_size, "500KB", 500_000),
        (byte_size, "10 mb", 10_000_000),
        (byte_size, "1gb", 1_000_000_000),
        (bundle_threshold, 100, ["absolute", 100]),
        (bundle_threshold, 5.0, ["percentage", 5.0]),
        (bundle_threshold, "5%", ["percentage", 5.0]),
        (bundle_threshold, "10 mb", ["absolute", 10_000_000]),
        (require_changes, False, [0]),
        (require_changes, True, [1]),
        (require_changes, "any_change", [1]),
        (require_changes, "coverage_drop OR uncovered_patch", [6]),
        (require_changes, " any_change  and coverage_drop or uncovered_patch", [1, 6]),
        (require_changes, "any_change or any_change", [1]),
        (max_age, False, False),
        (max_age, True, True),
        (max_age, 0, 0),
        (max_age, 3600, 3600),
        (max_age, "48h", "48h"),
        (max_age, "48 hours ago", "48 hours ago"),
        (max_age, "2d", "2d"),
        (max_age, "1 Week", "1 Week"),
        (max_age, "never", "never"),
        (max_age, "2026-03-01", "2026-03-01"),
        (max_age, "2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00+02:00"),
    ],
)
def test_every_way_of_writing_has_one_normal_form(coerce: Callable[[Any], Any], value: Any, normal: Any) -> None:
    found = coerce(value)

    assert found == normal
    assert type(found) is type(normal)


@pytest.mark.parametrize(
    ("coerce", "value", "message"),
    [
        (percent, "abc", "abc should be a number"),
        (percent, "-1", "-1 should be a number"),
        (percent, "", " should be a number"),
        (percent, -1, "min value is 0"),
        (percent, True, "must be one of types number, string"),
        (percent, [], "must be one of types number, string"),
        (percent, None, "null value not allowed"),
        (percent, float("inf"), "max value is 999999999999999"),
        (percent, float("nan"), "max value is 999999999999999"),
        (percent, "auto", "auto should be a number"),
        (percent, "1" * 500, f"{'1' * 80}… should be a number"),
        (percent_range, "60....80", "must be two numbers such as 60..80"),
        (percent_range, "60..70..80", "must be two numbers such as 60..80"),
        (percent_range, "60%..80%", "must be two numbers such as 60..80"),
        (percent_range, "a..b", "must be two numbers such as 60..80"),
        (percent_range, "70...5000", "upper bound 5000 must be between 0 and 100"),
        (percent_range, "-1..50", "lower bound -1 must be between 0 and 100"),
        (percent_range, "80..60", "lower bound 80 is above the upper bound 60"),
        (percent_range, [60], "must have two numbers"),
        (percent_range, [60, 70, 80], "must have two numbers"),
        (percent_range, [60, "80"], "must be of number type"),
        (percent_range, [60, 10**400], f"upper bound 1{'0' * 79}… must be between 0 and 100"),
        (percent_range, 60, "must be one of types string, list"),
        (layout, "diff, x, files:1, a", "Unexpected values on layout: a,x"),
        (layout, "files:x", "Improper pattern for value on layout: files:x"),
        (layout, "files:", "Improper pattern for value on layout: files:"),
        (layout, "files:-1", "Improper pattern for value on layout: files:-1"),
        (layout, 5, "must be of string type; put 5 in quotes"),
        (branch_name, 1.1, "must be of string type; put 1.1 in quotes"),
        (branch_name, " ", "a branch name has 1 to 1024 characters"),
        (byte_size, "1.5mb", "must be bytes as an integer, or an integer with b, kb, mb or gb"),
        (byte_size, "100", "must be bytes as an integer, or an integer with b, kb, mb or gb"),
        (byte_size, "-5kb", "must be bytes as an integer, or an integer with b, kb, mb or gb"),
        (byte_size, -5, "min value is 0"),
        (byte_size, 5.0, "must be one of types integer, string"),
        (bundle_threshold, -1, "min value is 0"),
        (bundle_threshold, -1.0, "min value is 0"),
        (bundle_threshold, True, "must be one of types number, string"),
        (require_changes, "", f"'' {CONDITIONS}"),
        (require_changes, "(any_change)", f"'(any_change)' {CONDITIONS}"),
        (require_changes, "any_change+coverage_drop", f"'any_change+coverage_drop' {CONDITIONS}"),
        (require_changes, "any_change and", f"'any_change and' {CONDITIONS}"),
        (require_changes, "or any_change", f"'or any_change' {CONDITIONS}"),
        (require_changes, None, "null value not allowed"),
        (require_changes, 7, "must be one of types boolean, string"),
        (max_age, "soon", INVALID_DURATION),
        (max_age, "3600", INVALID_DURATION),
        (max_age, "-1h", INVALID_DURATION),
        (max_age, -1, INVALID_DURATION),
        (max_age, "1 fortnight", INVALID_DURATION),
        (max_age, "2026-13-01", INVALID_DURATION),
        (max_age, "20260301", INVALID_DURATION),
        (max_age, 1.5, "must be one of types boolean, integer, string"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_plain_words(coerce: Callable[[Any], Any], value: Any, message: str) -> None:
    with pytest.raises(Refused) as caught:
        coerce(value)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "coerce", [percent, percent_range, layout, byte_size, bundle_threshold, require_changes, max_age]
)
@pytest.mark.parametrize("text", [" " * 400_000 + "x", "1" + " " * 400_000 + "x", "1" * 400_000, ", " * 200_000 + "x"])
def test_long_texts_are_refused_in_linear_time(coerce: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(Refused):
        coerce(text)
