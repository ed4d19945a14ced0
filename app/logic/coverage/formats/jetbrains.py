"""Detailed XML of JetBrains dotCover."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.sources import Sources
from app.logic.coverage.formats.spans import Spreader, plausible
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "File": Tag(("Index", "Name")),
        "Statement": Tag(("FileIndex", "Line", "EndLine", "Covered")),
    },
    known=frozenset((
        "Root", "FileIndices", "Assembly", "Namespace", "Type", "Method", "Constructor", "Property", "Event",
        "InternalCompiledMethod", "OwnCoverage", "AnonymousMethod", "LocalFunction"
    )),
)  # fmt: skip


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a detailed report of dotCover into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: the report type DetailedXML of dotCover's command line (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, lambda: DotCoverReader(len(data)))
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class DotCoverReader:
    """Gathers the statements of one document of `size` bytes."""

    def __init__(self, size: int) -> None:
        self.stats = ParseStats()
        self._paths: dict[tuple[int, str], str] = {}
        self._sources = Sources()
        self._spreader = Spreader(size)
        self._lines = LineTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "File" in block:
            files = block["File"]
            for index, path in zip(files.values("Index"), files.values("Name"), strict=True):
                self._paths[-1, index or ""] = path or ""
        if "Statement" in block:
            self._take_statements(block["Statement"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(builder, self._sources.known_files(builder, self._paths, self.stats))

    def _take_statements(self, statements: Elements) -> None:
        first, good = statements.integers("Line")
        last, ended = statements.integers("EndLine")
        last = np.where(statements.present("EndLine"), last, first)
        good &= (ended | ~statements.present("EndLine")) & statements.present("FileIndex") & plausible(first, last)
        skip_elements(self.stats, "Statement", statements, np.flatnonzero(~good), ["FileIndex", "Line", "EndLine"])
        rows = np.flatnonzero(good)
        self.stats.records += len(rows)
        hits = statements.equals("Covered", b"true", ignore_case=True)[rows].astype(np.int64)
        source = self._sources.numbers(statements, "FileIndex", rows)
        span, line = self._spreader.spread(first[rows], last[rows])
        self._lines.add(source[span], line, hits[span])
