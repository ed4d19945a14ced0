"""A report laid over another: where both have a line, only the upper one counts."""

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.measure import pick_rows
from app.logic.coverage.merge import merge
from app.logic.coverage.report import Report

_LINE_BITS = 32


def lay_over(upper: Report, lower: Report) -> Report:
    """Return all lines of `upper`, and those of `lower` that it does not have."""
    return merge([upper, pick_rows(lower, ~_has(upper, lower))])


def _has(upper: Report, lower: Report) -> NDArray[np.bool_]:
    """Tell for each row of `lower` whether `upper` has its line."""
    number = {path: position for position, path in enumerate(upper.files)}
    files = np.array([number.get(path, -1) for path in lower.files], dtype=np.int64)
    file = np.repeat(files, np.diff(lower.offsets))
    wanted = file << _LINE_BITS | lower.line
    present = np.repeat(np.arange(len(upper.files)), np.diff(upper.offsets)) << _LINE_BITS | upper.line
    place = np.minimum(np.searchsorted(present, wanted), max(len(present) - 1, 0))
    return (file >= 0) & (present[place] == wanted) if len(present) else np.zeros(len(wanted), dtype=bool)
