"""Arm ids and their codes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logic.coverage.branches import (
    PAIR,
    STYLE_SHIFT,
    TARGET,
    TEXT,
    ArmIds,
    canonical_texts,
    list_styles,
    pair_codes,
    target_codes,
)
from app.logic.coverage.report import MissingArms


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("0", TARGET),
        ("26", TARGET),
        ("exit", TARGET),
        ("loop", TARGET),
        (str(2**58 - 1), TARGET),
        ("0:1", PAIR),
        (f"{2**30 - 1}:{2**30 - 1}", PAIR),
        ("0:jump", TEXT),
        ("jump", TEXT),
        ("", TEXT),
        ("1:2:3", TEXT),
        ("-1", TEXT),
        ("1.5", TEXT),
        ("٣", TEXT),
        (str(2**58), TEXT),
        (f"{2**30}:0", TEXT),
        ("9" * 5000, TEXT),
    ],
)
def test_an_id_has_a_code_of_its_style_and_comes_back(text: str, style: int) -> None:
    ids = ArmIds()

    code = ids.code(text)

    assert code >> STYLE_SHIFT == style
    assert ids.text(code) == text
    assert ids.code(text) == code


def test_only_ids_without_a_packed_form_are_kept_as_text() -> None:
    ids = ArmIds()

    for text in ("7", "a", "1:2", "b", "a"):
        ids.code(text)

    assert ids.texts == ("a", "b")


@given(st.text(), st.text())
def test_different_ids_have_different_codes_unless_they_are_equal_numbers(one: str, other: str) -> None:
    ids = ArmIds()

    same = ids.code(one) == ids.code(other)

    assert same == (one == other) or ids.text(ids.code(one)) != one or ids.text(ids.code(other)) != other


def test_whole_columns_are_encoded_like_single_ids() -> None:
    ids = ArmIds()
    left, right = np.array([0, 5, 2**30 - 1]), np.array([7, 0, 2**30 - 1])

    codes = pair_codes(left, right).tolist(), target_codes(left).tolist()

    assert codes[0] == [ids.code(f"{a}:{b}") for a, b in zip(left, right, strict=True)]
    assert codes[1] == [ids.code(str(a)) for a in left]


def test_numbers_without_a_code_are_marked() -> None:
    assert pair_codes(np.array([-1, 2**30, 0, 0]), np.array([0, 0, -5, 2**40])).tolist() == [-1] * 4
    assert target_codes(np.array([-1, 2**58])).tolist() == [-1, -1]


def test_the_style_of_a_list_is_its_most_general_one() -> None:
    ids = ArmIds()
    lists = [sorted(map(ids.code, texts)) for texts in (["1", "exit"], ["1", "0:1"], ["0:1", "jump", "3"])]

    styles = list_styles(np.array([0, 2, 4, 7]), np.concatenate(lists))

    assert styles.tolist() == [TARGET, PAIR, TEXT]


def test_canonical_texts_are_sorted_and_used() -> None:
    ids = ArmIds()
    codes = [ids.code(text) for text in ("z", "unused", "a", "4")]
    lists = MissingArms(
        np.array([3]), np.array([4], np.int32), np.array([0, 3]), np.array([4, codes[0], codes[2]]), ids.texts
    )

    canonical = canonical_texts(lists)

    assert canonical.texts == ("a", "z")
    assert [code & 1 for code in canonical.ids[1:].tolist()] == [0, 1]
    assert (np.diff(canonical.ids) > 0).all()
