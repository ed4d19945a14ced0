"""Totals of lines: the counts of a file, a report, a flag or a patch, and the coverage ratio."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any


def ratio(hits: int, lines: int) -> str | None:
    """Return hits/lines in percent as text with five decimals; exactly "100" and "0" at the ends, None without lines.

    Source: the coverage string of docs/formats.md; decisions compare this text as a decimal, never a float.
    """
    if lines == 0:
        return None
    if hits == lines:
        return "100"
    if hits == 0:
        return "0"
    return str((Decimal(hits) * 100 / Decimal(lines)).quantize(Decimal("0.00001"), ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over lines. `branches` and `methods` count lines of that kind; partial lines are not covered."""

    files: int = 0
    hits: int = 0
    misses: int = 0
    partials: int = 0
    branches: int = 0
    methods: int = 0
    complexity: int = 0
    complexity_total: int = 0
    sessions: int = 0

    @property
    def lines(self) -> int:
        return self.hits + self.misses + self.partials

    @property
    def coverage(self) -> str | None:
        return ratio(self.hits, self.lines)

    @property
    def percent(self) -> Decimal | None:
        """The coverage as an exact decimal of five places, for decisions and deltas."""
        return None if self.coverage is None else Decimal(self.coverage)

    def as_dict(self) -> dict[str, int | str | None]:
        """The JSON form used in the database and by `--json` output."""
        return {
            "files": self.files,
            "lines": self.lines,
            "hits": self.hits,
            "misses": self.misses,
            "partials": self.partials,
            "coverage": self.coverage,
            "branches": self.branches,
            "methods": self.methods,
            "sessions": self.sessions,
            "complexity": self.complexity,
            "complexity_total": self.complexity_total,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Totals":
        """Read back `as_dict`; derived values in it are ignored."""
        return cls(**{name: int(value.get(name) or 0) for name in cls.__slots__})
