"""Results XML of Visual Studio's coverage tools."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.sources import Sources
from app.logic.coverage.formats.spans import Spreader, plausible
from app.logic.coverage.formats.status_table import COVERED, MISSED, PARTLY, StatusTable
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "module": Tag(),
        "source_file": Tag(("id", "path"), within="module"),
        "range": Tag(("source_id", "covered", "start_line", "end_line"), within="module"),
    },
    known=frozenset((
        "results", "modules", "functions", "function", "ranges", "source_files", "skipped_modules",
        "skipped_module", "skipped_functions", "skipped_function"
    )),
)  # fmt: skip


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a results document into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: what `dotnet-coverage merge -f xml` writes (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, lambda: ResultsReader(len(data)))
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class ResultsReader:
    """Gathers the ranges of one document of `size` bytes; ids of files are valid inside their module."""

    def __init__(self, size: int) -> None:
        self.stats = ParseStats()
        self._paths: dict[tuple[int, str], str] = {}
        self._sources = Sources()
        self._spreader = Spreader(size)
        self._lines = StatusTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "source_file" in block:
            files = block["source_file"]
            for module, name, path in zip(files.owner.tolist(), files.values("id"), files.values("path"), strict=True):
                self._paths[module, name or ""] = path or ""
        if "range" in block:
            self._take_ranges(block["range"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(builder, self._sources.known_files(builder, self._paths, self.stats))

    def _take_ranges(self, ranges: Elements) -> None:
        first, good = ranges.integers("start_line")
        last, ended = ranges.integers("end_line")
        last = np.where(ranges.present("end_line"), last, first)
        good &= (ended | ~ranges.present("end_line")) & ranges.present("source_id") & ranges.present("covered")
        good &= plausible(first, last)
        owned = ranges.owner >= 0
        skip_elements(
            self.stats, "range", ranges, np.flatnonzero(~good & owned), ["source_id", "start_line", "end_line"]
        )
        rows = np.flatnonzero(good & owned)
        self.stats.records += len(rows)
        whole, none = (ranges.equals("covered", word, ignore_case=True)[rows] for word in (b"yes", b"no"))
        status = np.where(whole, COVERED, np.where(none, MISSED, PARTLY))
        source = self._sources.numbers(ranges, "source_id", rows, ranges.owner[rows])
        span, line = self._spreader.spread(first[rows], last[rows])
        self._lines.add(source[span], line, status[span])
