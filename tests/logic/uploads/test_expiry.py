"""The age of report files: the setting's grammar, and what it means for one upload."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.uploads.expiry import MaxAge, age_limit, read_max_age, show_time

HOUR = 3600
CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "age"),
    [
        (False, MaxAge()),
        (0, MaxAge()),
        (None, MaxAge()),
        ("off", MaxAge()),
        ("Never", MaxAge()),
        ("false", MaxAge()),
        ("0", MaxAge()),
        (True, MaxAge(12 * HOUR)),
        ("true", MaxAge(12 * HOUR)),
        (90, MaxAge(90)),
        ("90s", MaxAge(90)),
        ("5m", MaxAge(300)),
        ("12h ago", MaxAge(12 * HOUR)),
        ("48h", MaxAge(48 * HOUR)),
        ("48 hours ago", MaxAge(48 * HOUR)),
        ("1 Hour", MaxAge(HOUR)),
        (" 7d ", MaxAge(7 * 24 * HOUR)),
        ("2 weeks", MaxAge(14 * 24 * HOUR)),
        ("30 seconds", MaxAge(30)),
        ("1minute ago", MaxAge(60)),
        ("2026-02-01", MaxAge(moment=datetime(2026, 2, 1, tzinfo=UTC))),
        ("2026-02-01T10:00:00", MaxAge(moment=datetime(2026, 2, 1, 10, tzinfo=UTC))),
        ("2026-02-01T10:00+02:00", MaxAge(moment=datetime(2026, 2, 1, 8, tzinfo=UTC))),
    ],
)
def test_the_setting_is_read(value: object, age: MaxAge) -> None:
    assert read_max_age(value) == age


@pytest.mark.parametrize(
    "value",
    [
        "",
        "12",
        "soon",
        "h",
        "12h12m",
        "-5h",
        "1.5h",
        "12  hours",
        "12h  ago",
        "yesterday",
        "1234567890h",
        -1,
        1.5,
        10**400,
        [],
        {},
        "12:00",
    ],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^invalid duration$"):
        read_max_age(value)


@pytest.mark.parametrize(
    ("config", "hours_ago", "passed", "enforced"),
    [
        ({}, 11.9, False, False),
        ({}, 12.1, True, False),
        ({"codecov": None}, 12.1, True, False),
        ({"codecov": {"notify": {}}}, 12.1, True, False),
        ({"codecov": {"max_report_age": "1d"}}, 23.9, False, True),
        ({"codecov": {"max_report_age": "1d"}}, 24.1, True, True),
        ({"codecov": {"max_report_age": True}}, 12.1, True, True),
        ({"codecov": {"max_report_age": 3600}}, 1.1, True, True),
        ({"codecov": {"max_report_age": False}}, 1e5, False, True),
        ({"codecov": {"max_report_age": None}}, 1e5, False, True),
        ({"codecov": {"max_report_age": "2026-03-01T11:00"}}, 0.9, False, True),
        ({"codecov": {"max_report_age": "2026-03-01T11:00"}}, 1.1, True, True),
        ({"codecov": {"max_report_age": "whenever"}}, 12.1, True, False),
        ({"codecov": {"max_report_age": "999999999w"}}, 1e6, False, True),
        ({}, -1e6, False, False),
    ],
)
def test_a_file_is_measured_against_the_time_of_the_upload(
    config: dict[str, object], hours_ago: float, passed: bool, enforced: bool
) -> None:
    limit = age_limit(config, CREATED)

    assert limit.is_passed((CREATED - timedelta(hours=hours_ago)).timestamp()) == passed
    assert limit.enforced == enforced


def test_without_a_date_there_is_no_check() -> None:
    assert not age_limit({}, CREATED).is_passed(None)


def test_the_zone_of_the_upload_does_not_matter() -> None:
    elsewhere = CREATED.astimezone(timezone(timedelta(hours=-8)))

    assert age_limit({}, elsewhere) == age_limit({}, CREATED)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.dates().map(str), st.floats())
@settings(max_examples=200, deadline=None)
def test_no_setting_and_no_date_is_a_failure(value: object, timestamp: float) -> None:
    limit = age_limit({"codecov": {"max_report_age": value}}, CREATED)

    assert limit.is_passed(timestamp) in (True, False)
    assert show_time(timestamp)


def test_a_time_is_shown_in_utc() -> None:
    assert show_time(0) == "1970-01-01T00:00:00+00:00"
