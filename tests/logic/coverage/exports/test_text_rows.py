"""Columns of numbers as text: the same as formatting row by row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.logic.coverage.exports.text_rows import TextRows, Where, text_rows

numbers = st.integers(0, 9) | st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(numbers, numbers, st.booleans()), max_size=8))
def test_rows_are_what_formatting_one_by_one_gives(values: list[tuple[int, int, bool]]) -> None:
    first, second = (np.array([value[at] for value in values], dtype=np.int64) for at in (0, 1))
    mask = np.array([value[2] for value in values], dtype=bool)
    expected = [b"a%d" % one + (b"(%d)" % two if is_set else b"") + b"\n" for one, two, is_set in values]

    rows = text_rows(len(values), b"a", first, Where(mask, (b"(", second, b")")), b"\n")

    assert rows.text == b"".join(expected)
    assert rows.cut(np.arange(len(values) + 1)) == expected


@given(st.lists(st.tuples(st.binary(max_size=3), st.none() | st.binary(max_size=3)), max_size=6))
def test_pieces_are_put_behind_their_rows(values: list[tuple[bytes, bytes | None]]) -> None:
    texts = [text for text, _ in values]
    rows = TextRows(b"".join(texts), np.cumsum([0, *map(len, texts)]))
    at = np.array([row for row, (_, piece) in enumerate(values) if piece is not None], dtype=np.int64)

    result = rows.insert(at, [piece for _, piece in values if piece is not None])

    assert result.cut(np.arange(len(values) + 1)) == [text + (piece or b"") for text, piece in values]
