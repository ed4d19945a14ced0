"""How numbers are shown: precision and rounding of percentages and deltas (docs/notifications.md, "Numbers")."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

Rounding = Literal["down", "up", "nearest"]
_MODES = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """`precision` decimals; `down` rounds toward minus infinity, `up` toward plus infinity, `nearest` half to even.

    Decisions never use the shown number, and a delta is rounded as a delta.
    """

    precision: int = 2
    rounding: Rounding = "down"

    def show(self, value: Decimal | None, *, plus: bool = False, if_zero: str | None = None, if_null: str = "?") -> str:
        """Return the number with exactly `precision` decimals; what would round to zero without being it gets a `<`."""
        if value is None:
            return if_null
        if value == 0 and if_zero is not None:
            return if_zero
        unit = Decimal(1).scaleb(-self.precision)
        rounded = value.quantize(unit, _MODES[self.rounding])
        if rounded == 0 and value != 0:
            sign = "-" if value < 0 else "+" if plus else ""
            return f"{sign}<{unit}"
        text = f"{abs(rounded) if rounded == 0 else rounded:f}"
        return f"+{text}" if plus and rounded >= 0 else text
