"""Numbers are shown with a fixed precision, and never rounded to a zero they are not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logic.notifications.numbers import NumberFormat, Rounding

numbers = st.decimals(min_value=-100, max_value=100, places=5)


@pytest.mark.parametrize(
    ("value", "plus", "down", "nearest", "up"),
    [
        ("0.004", True, "+<0.01", "+<0.01", "+0.01"),
        ("-0.004", False, "-0.01", "-<0.01", "-<0.01"),
        ("0.015", True, "+0.01", "+0.02", "+0.02"),
        ("-12.345", False, "-12.35", "-12.34", "-12.34"),
        ("-5.76923", True, "-5.77", "-5.77", "-5.76"),
        ("69.23077", False, "69.23", "69.23", "69.24"),
        ("0.004", False, "<0.01", "<0.01", "0.01"),
        ("100", False, "100.00", "100.00", "100.00"),
    ],
)
def test_each_rounding_has_its_own_direction(value: str, plus: bool, down: str, nearest: str, up: str):
    shown = [NumberFormat(2, rounding).show(Decimal(value), plus=plus) for rounding in ("down", "nearest", "up")]

    assert shown == [down, nearest, up]


@pytest.mark.parametrize(
    ("precision", "shown"),
    [(0, "66"), (1, "66.6"), (5, "66.66667"), (9, "66.666670000"), (99, "66.66667" + "0" * 94)],
)
def test_precision_is_the_exact_number_of_decimals(precision: int, shown: str):
    assert NumberFormat(precision).show(Decimal("66.66667")) == shown


def test_a_small_unit_is_written_out():
    assert NumberFormat(8, "nearest").show(Decimal("0.000000001")) == "<0.00000001"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "∅"),
        (Decimal("0.00000"), "ø"),
        (Decimal("-0"), "ø"),
        (Decimal("0.004"), "+<0.01%"),
        (Decimal(7), "+7.00%"),
    ],
)
def test_no_number_and_exactly_zero_have_signs_of_their_own(value: Decimal | None, shown: str):
    assert NumberFormat().percent(value, plus=True, if_zero="ø", if_null="∅") == shown


def test_a_zero_without_a_sign_of_its_own_is_a_number():
    numbers = NumberFormat()

    assert numbers.percent(Decimal(0)) == "0.00%"
    assert numbers.percent(Decimal("-0"), plus=True) == "+0.00%"
    assert numbers.percent(None) == "?"


def test_a_difference_of_decimals_is_exact():
    assert NumberFormat().show(Decimal("70.00000") - Decimal("60.10000")) == "9.90"


@given(numbers, st.integers(0, 6), st.sampled_from(["down", "up", "nearest"]))
def test_a_shown_number_differs_by_less_than_its_unit_and_only_zero_looks_like_zero(
    value: Decimal, precision: int, rounding: Rounding
):
    shown = NumberFormat(precision, rounding).show(value)

    unit = Decimal(1).scaleb(-precision)
    if "<" in shown:
        assert 0 < abs(value) < unit
    else:
        assert abs(Decimal(shown) - value) < unit
        assert (Decimal(shown) == 0) == (value == 0)
    assert shown.startswith("-") == (value < 0)
