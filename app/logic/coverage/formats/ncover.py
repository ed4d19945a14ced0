"""NCover XML, as NCover 1.x, AltCover and converters write it."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.sources import Sources
from app.logic.coverage.formats.spans import Spreader, plausible
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Flags, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "method": Tag(("excluded",)),
        "seqpnt": Tag(("visitcount", "line", "endline", "excluded", "document"), within="method"),
    },
    known=frozenset(("coverage", "module")),
)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read an NCover report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: the XML of NCover 1.5 (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, lambda: NCoverReader(len(data)))
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class NCoverReader:
    """Gathers the sequence points of one document of `size` bytes."""

    def __init__(self, size: int) -> None:
        self.stats = ParseStats()
        self._excluded = np.zeros(1, np.bool_)  # by method, behind one for points outside of any
        self._sources = Sources()
        self._spreader = Spreader(size)
        self._lines = LineTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "method" in block:
            self._excluded = np.concatenate((self._excluded, _excluded(block["method"])))
        if "seqpnt" in block:
            self._take_points(block["seqpnt"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(builder, self._sources.files(builder))

    def _take_points(self, points: Elements) -> None:
        first, good = points.integers("line")
        last, ended = points.integers("endline")
        hits, counted = points.numbers("visitcount")
        last = np.where(points.present("endline"), last, first)
        good &= counted & (ended | ~points.present("endline")) & points.present("document") & plausible(first, last)
        wanted = ~_excluded(points) & ~self._excluded[points.owner + 1]
        skip_elements(self.stats, "seqpnt", points, np.flatnonzero(~good & wanted), ["line", "visitcount", "document"])
        rows = np.flatnonzero(good & wanted)
        self.stats.records += len(rows)
        source = self._sources.numbers(points, "document", rows)
        span, line = self._spreader.spread(first[rows], last[rows])
        self._lines.add(source[span], line, hits[rows][span])


def _excluded(elements: Elements) -> Flags:
    return elements.equals("excluded", b"true", ignore_case=True)
