"""Tell the user which element of a document was the first that could not be used."""

from collections.abc import Sequence

from app.logic.coverage.formats.base import FormatError, ParseStats
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import Elements


def skip_elements(stats: ParseStats, name: str, elements: Elements, rows: Positions, shown: Sequence[str]) -> None:
    """Count the elements `rows` as skipped; the first is described by its place and the attributes `shown`."""
    if not len(rows):
        return
    first = int(rows[0])
    values = ", ".join(f"{attribute}={elements.value(attribute, first)!r}" for attribute in shown)
    stats.skip(f"<{name}> number {elements.first + first + 1}: {values}")
    stats.skipped += len(rows) - 1


def refuse_if_all_bad(stats: ParseStats) -> None:
    """Raise FormatError when there were records, but not a good one."""
    if stats.skipped and not stats.records:
        raise FormatError("corrupt", f"no usable record; {stats.first_problem}")
