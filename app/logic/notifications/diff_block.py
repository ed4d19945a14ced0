"""The diff block of the comment: totals of base and head side by side, as a table in a fenced `diff`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.logic.coverage.totals import Totals
from app.logic.notifications.subject import Subject

Better = Literal["more", "less", "neutral"]


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    base: str
    head: str
    delta: str
    empty: bool

    def cells(self) -> tuple[str, str, str, str, str]:
        return self.label, self.base, self.head, self.delta, ""


def diff_block(subject: Subject) -> list[str]:
    """Return the lines of the block; rows without any value are left out, widths are those of all rows."""
    head, base = subject.comparison.head, subject.comparison.base
    blocks = [
        [_coverage_row(subject), *_complexity_row(base, head)],
        [_count(name, base, head, "neutral") for name in ("files", "lines", "branches")],
        [
            _count("hits", base, head, "more"),
            _count("misses", base, head, "less"),
            _count("partials", base, head, "less"),
        ],
    ]
    base_title = subject.pull.base_branch if subject.pull is not None else "base"
    head_title = f"#{subject.pull.number}" if subject.pull is not None else "head"
    titles = ("##", _printable(base_title), head_title, "+/-", "##")
    rows = [row.cells() for block in blocks for row in block]
    widths = [max(len(cells[i]) for cells in [titles, *rows]) for i in range(5)]
    total = sum(widths) + 3 * (len(widths) - 1)
    lines = ["```diff", "@@" + _centred("Coverage Diff", total - 4) + "@@", _line(titles, widths)]
    for block in blocks:
        shown = [row for row in block if not row.empty]
        if shown:
            lines.append("=" * total)
            lines += [_line(row.cells(), widths) for row in shown]
    return [*lines, "```"]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = cells
    return "   ".join(
        [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
    )


def _centred(text: str, width: int) -> str:
    left = (width - len(text)) // 2
    return " " * left + text + " " * (width - len(text) - left)


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char != "`")[:30]


def _sign(delta: Decimal | int | None, better: Better) -> str:
    if not delta or better == "neutral":
        return " "
    return "+" if (delta > 0) == (better == "more") else "-"


def _coverage_row(subject: Subject) -> _Row:
    show = subject.numbers.show
    head = subject.comparison.head.percent
    base = subject.comparison.base.percent if subject.comparison.base is not None else None
    delta = head - base if head is not None and base is not None else None
    return _Row(
        label=f"{_sign(delta, 'more')} Coverage",
        base=f"{show(base)}%" if base is not None else "?",
        head=f"{show(head)}%" if head is not None else "?",
        delta=f"{show(delta, plus=True)}%" if delta else "",
        empty=False,
    )


def _complexity_row(base: Totals | None, head: Totals) -> list[_Row]:
    return [_count("complexity", base, head, "less")] if head.complexity else []


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
