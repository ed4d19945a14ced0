"""The coverage ratio and the JSON form of totals."""

from decimal import Decimal

import pytest

from app.logic.coverage.totals import Totals, ratio


@pytest.mark.parametrize(
    ("hits", "lines", "expected"),
    [
        (0, 0, None),
        (0, 5, "0"),
        (5, 5, "100"),
        (1, 3, "33.33333"),
        (2, 3, "66.66667"),
        (1, 8, "12.50000"),
        (12345, 100000, "12.34500"),
        (9999999, 10000000, "99.99999"),
        (99999999, 100000000, "100.00000"),
        (199999999, 200000000, "100.00000"),
        (1, 100000, "0.00100"),
        (1, 100000000, "0.00000"),
    ],
)
def test_the_ratio_has_five_decimals_except_at_the_ends(hits: int, lines: int, expected: str | None) -> None:
    assert ratio(hits, lines) == expected


def test_partial_lines_count_as_lines_but_not_as_covered() -> None:
    totals = Totals(files=1, hits=1, misses=1, partials=2)

    assert totals.lines == 4
    assert totals.coverage == "25.00000"
    assert totals.percent == Decimal("25")


def test_totals_come_back_from_their_json_form() -> None:
    totals = Totals(3, 4, 5, 6, 7, 8, 9, 10, 11)

    assert Totals.from_dict(totals.as_dict()) == totals
    assert Totals.from_dict({"hits": 2, "coverage": "nonsense", "complexity": None}) == Totals(hits=2)
    assert Totals().as_dict()["coverage"] is None
