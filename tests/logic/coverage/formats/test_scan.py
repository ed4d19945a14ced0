"""Vectorised scanning of bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.coverage.formats import scan
from app.logic.coverage.formats.scan import Text


def spans(values: list[bytes]) -> tuple[Text, np.ndarray, np.ndarray]:
    text = Text(b"|".join(values))
    length = np.array([len(value) for value in values], np.int64)
    start = scan.GUARD + np.concatenate([[0], np.cumsum(length + 1)[:-1]]).astype(np.int64)
    return text, start, start + length


def test_positions_are_indexes_into_the_guarded_array() -> None:
    text = Text(b"a<b><")

    found = scan.positions(text, ord("<"), ord(">"))

    assert (found - scan.GUARD).tolist() == [1, 3, 4]
    assert text.cut(int(found[0]), int(found[1])) == b"<b"


@given(st.lists(st.integers(0, 10**16 - 1), min_size=1, max_size=30), st.booleans())
@settings(max_examples=60)
def test_decimals_of_up_to_sixteen_digits_are_exact(values: list[int], padded: bool) -> None:
    text, start, end = spans([b"%016d" % value if padded else b"%d" % value for value in values])

    read, good = scan.decimals(text, start, end)

    assert good.all()
    assert read.tolist() == values


@given(st.lists(st.text("0123456789:/-+ e.", max_size=20), min_size=1, max_size=30))
@settings(max_examples=60)
def test_decimals_refuse_everything_that_is_not_plain_digits(values: list[str]) -> None:
    text, start, end = spans([value.encode() for value in values])

    read, good = scan.decimals(text, start, end)

    expected = [value.isdigit() and len(value) <= 16 for value in values]
    assert good.tolist() == expected
    assert read.tolist() == [int(value) if plain else 0 for value, plain in zip(values, expected, strict=True)]


@pytest.mark.parametrize(
    ("value", "whole", "integer"),
    [
        (b"7", 7, 7),
        (b"1.0", 1, None),
        (b"1e3", 1000, None),
        (b"1e+3", 1000, None),
        (b"2.5E2", 250, None),
        (b"-7", -7, -7),
        (b"+7", 7, 7),
        (b" 7 ", 7, 7),
        (b"0.9", 0, None),
        (b"99999999999999999999", scan.LARGEST, scan.LARGEST),
        (b"-99999999999999999999", -scan.LARGEST, -scan.LARGEST),
        (b"0" * 5000 + b"7", 7, 7),
        (b"1e30", scan.LARGEST, None),
        (b"1e400", None, None),
        (b"nan", None, None),
        (b"inf", None, None),
        (b"", None, None),
        (b"x", None, None),
        (b"1_000", None, None),
        (b"0x10", None, None),
    ],
)
def test_numbers_and_integers_accept_what_tools_write(value: bytes, whole: int | None, integer: int | None) -> None:
    text, start, end = spans([b"5", value])

    numbers, is_number = scan.numbers(text, start, end)
    integers, is_integer = scan.integers(text, start, end)

    assert (int(numbers[1]) if is_number[1] else None) == whole
    assert (int(integers[1]) if is_integer[1] else None) == integer
    assert numbers[0] == integers[0] == 5


@pytest.mark.parametrize("tail", [b"x", b".x", b"e", b".5e+x"])
def test_an_endless_number_that_is_none_takes_linear_time(tail: bytes) -> None:
    assert scan.number(b"9" * 2_000_000 + tail) is None


def test_an_absent_span_is_not_a_number() -> None:
    text = Text(b"1234567890")
    absent = np.zeros(1, np.int64)

    _, good = scan.numbers(text, absent, absent)

    assert not good.any()


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40))
@settings(max_examples=60)
def test_interned_values_are_the_values(values: list[bytes]) -> None:
    text, start, end = spans(values)

    code, distinct = scan.intern(text, start, end)

    assert [distinct[one] for one in code] == values
    assert len(set(distinct)) == len(distinct) == len(set(values))


def test_interning_nothing_gives_nothing() -> None:
    none = np.zeros(0, np.int64)

    code, distinct = scan.intern(Text(b""), none, none)

    assert code.size == 0
    assert distinct == []
