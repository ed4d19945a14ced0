"""How numbers are shown: precision and rounding of percentages and deltas (docs/notifications.md, "Numbers")."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Literal

Rounding = Literal["down", "up", "nearest"]
_MODES: Final = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}
_EXACT: Final = Context(prec=128)  # digits; the usual 28 are too few for a precision of up to 99


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """`precision` decimals; `down` rounds toward minus infinity, `up` toward plus infinity, `nearest` half to even.

    Decisions never use the shown number, and a delta is rounded as a delta.
    """

    precision: int = 2
    rounding: Rounding = "down"

    def show(self, value: Decimal, *, plus: bool = False) -> str:
        """Return the number with exactly `precision` decimals; what rounds to zero without being zero gets a `<`."""
        unit = Decimal(1).scaleb(-self.precision)
        rounded = value.quantize(unit, _MODES[self.rounding], _EXACT)
        sign = "-" if value < 0 else "+" if plus else ""
        below = "<" if rounded == 0 and value != 0 else ""
        return f"{sign}{below}{unit if below else rounded.copy_abs():f}"

    def percent(
        self, value: Decimal | None, *, plus: bool = False, if_zero: str | None = None, if_null: str = "?"
    ) -> str:
        """Return the number with its percent sign; `if_zero` and `if_null` stand for exactly zero and for no number."""
        if value is None:
            return if_null
        if value == 0 and if_zero is not None:
            return if_zero
        return f"{self.show(value, plus=plus)}%"
