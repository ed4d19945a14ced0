"""Verilator's coverage data."""

import pytest
from reading import Line, read
from worked_documents import VERILATOR, plain


def point(count: object, **fields: object) -> str:
    return "C '" + "".join(f"\x01{name}\x02{value}" for name, value in fields.items()) + f"' {count}\n"


def document(*points: str) -> str:
    return "# SystemC::Coverage-3\n" + "".join(points)


def test_instances_of_a_module_join_with_the_largest_count():
    text = document(*(point(n, f="c.sv", l=3, page="v_line/c", h=f"top.c{n}") for n in (0, 7, 2)))

    assert read(text)[1] == {"c.sv": plain(_3=7)}


def test_partial_lines_may_be_hits():
    _, report = read(VERILATOR, None, "verilator.partials_as_hits")

    assert report["rtl/c.sv"][14] == Line(1, "b")


@pytest.mark.parametrize("kind", ["expr", "toggle", "user"])
def test_other_points_are_left_out(kind):
    text = document(point(1, f="c.sv", l=3, page="v_line/c"), point(1, f="c.sv", l=9, page=f"v_{kind}/c"))

    assert read(text)[1] == {"c.sv": plain(_3=1)}


@pytest.mark.parametrize(
    "bad",
    [
        point(1, l=3, page="v_line/c"), point(1, f="c.sv", page="v_line/c"), point(1, f="c.sv", l=0, page="v_line/c"),
        point(1, f="c.sv", l="3-4", page="v_line/c"), point(1, f="c.sv", l=10**7, page="v_line/c"), "C garbage\n",
        point("x", f="c.sv", l=3, page="v_line/c"), point(-1, f="c.sv", l=3, page="v_line/c"), "C '",
    ],
)  # fmt: skip
def test_a_bad_point_costs_only_itself(bad):
    outcome, report = read(document(point(1, f="c.sv", l=1, page="v_line/c"), bad))

    assert (outcome.stats.skipped, outcome.stats.first_problem) == (1, "line 3: no point with a file and a line")
    assert report == {"c.sv": plain(_1=1)}


def test_bad_ranges_of_a_list_are_left_out():
    text = document(point(2, f="c.sv", l=1, page="v_line/c", S="x,5-3,0,7-8,,99999999999"))

    assert read(text)[1] == {"c.sv": plain(_1=2, _7=2, _8=2)}


def test_endless_ranges_are_refused():
    text = document(*(point(1, f="c.sv", l=1, page="v_line/c", S="1-1000000") for _ in range(3)))

    assert read(text)[0].outcome == "too_large"
