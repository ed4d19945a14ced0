"""What is exported: a report, stored or in memory, and what is known about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage import measure
from app.logic.coverage.assembled import Session
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.merge import Source
from app.logic.coverage.report import Report
from app.logic.coverage.slices import slice_report
from app.logic.coverage.totals import Totals


@dataclass(frozen=True, slots=True)
class Subject:
    """A report to export. `flags` and `sessions` stay empty where they are not known, or not about these files."""

    source: Source
    commit: str | None = None
    flags: Mapping[str, Totals] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return self.source.files

    @property
    def totals(self) -> Totals:
        totals = self.source.totals if isinstance(self.source, StoredReport) else measure.totals(self.source)
        return Totals.from_dict(totals.as_dict() | {"sessions": len(self.sessions)})

    def file_totals(self) -> NDArray[np.int64]:
        """Return the totals of each file, int64[files, 7] in the order of report.FILE_TOTALS."""
        return self.source.file_totals if isinstance(self.source, StoredReport) else measure.file_totals(self.source)

    def blocks(self) -> Iterator[Report]:
        """Yield the rows of the files in order, some files at a time; raises codec.ReportCorrupt."""
        slices = self.source.slices() if isinstance(self.source, StoredReport) else slice_report(self.source)
        return (block for _, block in slices)

    def select(self, paths: list[str]) -> Report:
        """Return the rows of some files; raises codec.ReportCorrupt."""
        if isinstance(self.source, StoredReport):
            return self.source.load_files(paths)
        wanted = set(paths)
        return measure.select_files(self.source, np.array([path in wanted for path in self.files], dtype=bool))
