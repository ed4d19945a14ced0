"""The diff block of the comment: totals of base and head side by side, as a table in a fenced `diff`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.totals import Totals
from app.logic.notifications.numbers import NumberFormat

Better = Literal["more", "less", "neutral"]
Cells = tuple[str, str, str, str, str]
GAP = "   "


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    base: str
    head: str
    delta: str = ""
    empty: bool = False

    @property
    def cells(self) -> Cells:
        return self.label, self.base, self.head, self.delta, ""


def diff_block(comparison: ReportComparison, numbers: NumberFormat, base_title: str, head_title: str) -> list[str]:
    """Return the lines of the block; rows without any value are left out, but count for the widths.

    The titles stand in a line of their own and are printed as they are.
    """
    base, head = comparison.base, comparison.head
    blocks = [
        [_coverage_row(base, head, numbers), *([_count("complexity", base, head, "less")] if head.complexity else [])],
        [_count(name, base, head, "neutral") for name in ("files", "lines", "branches")],
        [_count("hits", base, head, "more"), *(_count(name, base, head, "less") for name in ("misses", "partials"))],
    ]
    titles: Cells = ("##", base_title, head_title, "+/-", "##")
    columns = zip(titles, *(row.cells for block in blocks for row in block), strict=True)
    label, before, after, delta, end = (max(map(len, column)) for column in columns)
    # The two sides are equally wide, whatever stands there.
    widths = [label, max(before, after), max(before, after), delta, end]
    total = sum(widths) + len(GAP) * (len(widths) - 1)
    lines = ["```diff", f"@@{_centred('Coverage Diff', total - 4)}@@", _line(titles, widths)]
    for block in blocks:
        shown = [_line(row.cells, widths) for row in block if not row.empty]
        if shown:
            lines += ["=" * total, *shown]
    return [*lines, "```"]


def _line(cells: Cells, widths: Sequence[int]) -> str:
    label, *values = cells
    padded = [value.rjust(width) for value, width in zip(values, widths[1:], strict=True)]
    return GAP.join([label.ljust(widths[0]), *padded])


def _centred(text: str, width: int) -> str:
    """`str.center` puts an odd space left or right, depending on the width; here it is always right."""
    return (" " * ((width - len(text)) // 2) + text).ljust(width)


def _sign(delta: Decimal | int | None, better: Better) -> str:
    if not delta or better == "neutral":
        return " "
    return "+" if (delta > 0) == (better == "more") else "-"


def _coverage_row(base: Totals | None, head: Totals, numbers: NumberFormat) -> _Row:
    before = base.percent if base is not None else None
    after = head.percent
    delta = after - before if after is not None and before is not None else None
    return _Row(
        label=f"{_sign(delta, 'more')} Coverage",
        base=numbers.percent(before),
        head=numbers.percent(after),
        delta=numbers.percent(delta, plus=True, if_zero="", if_null=""),
    )


def _count(name: str, base: Totals | None, head: Totals, better: Better) -> _Row:
    after: int = getattr(head, name)
    before: int | None = getattr(base, name) if base is not None else None
    delta = after - before if before is not None else None
    return _Row(
        label=f"{_sign(delta, better)} {name.capitalize()}",
        base="?" if before is None else str(before),
        head=str(after),
        delta=f"{delta:+d}" if delta else "",
        empty=not after and not before,
    )
