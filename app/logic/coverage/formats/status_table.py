"""Lines of which a tool says how much of them ran, not how often: not at all, partly, or wholly."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.line_table import LineTable, line_key
from app.logic.coverage.formats.scan import Positions

MISSED: Final = 0
PARTLY: Final = 1
COVERED: Final = 2


class StatusTable:
    """Gathers statuses of lines with the number of their source file; of those of one line the largest counts."""

    def __init__(self) -> None:
        self._source: list[NDArray[np.int32]] = []
        self._line: list[NDArray[np.int32]] = []
        self._status: list[NDArray[np.uint8]] = []

    def add(self, source: Positions, line: Positions, status: Positions) -> None:
        self._source.append(source.astype(np.int32))
        self._line.append(line.astype(np.int32))
        self._status.append(status.astype(np.uint8))

    def send(self, builder: ReportBuilder, files: list[int]) -> None:
        """Hand one row a line to the builder; `files` has its number of the file of each source.

        A line that ran partly is 1 of 2 arms of a plain line (docs/decisions/0002-merge-lattice.md).
        """
        if not self._source:
            return
        file = np.asarray(files, np.int64)[np.concatenate(self._source)]
        key = line_key(file, np.concatenate(self._line))
        order = np.lexsort((np.concatenate(self._status), key))
        order = order[file[order] >= 0]
        key = key[order]
        last = order[np.append(key[1:] != key[:-1], np.ones(min(len(key), 1), np.bool_))]
        status = np.concatenate(self._status)[last].astype(np.int64)
        partly = np.flatnonzero(status == PARTLY)
        table = LineTable()
        table.add(
            file[last],
            np.concatenate(self._line)[last].astype(np.int64),
            (status > MISSED).astype(np.int64),
            branch_row=partly,
            arms=np.full(len(partly), 2),
            kind=np.zeros(len(last), np.uint8),
        )
        table.send(builder, range(max(files, default=-1) + 1))
