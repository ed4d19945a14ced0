"""Coverage XML of Mono's profiler."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.sources import slashed
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "method": Tag(("filename",)),
        "statement": Tag(("line", "counter"), within="method"),
    },
    known=frozenset(("coverage", "assembly", "class")),
)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a report of Mono's coverage profiler into `builder`; FormatError when every statement was bad.

    Source: what `mono --profile=coverage` writes (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, MonoReader)
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class MonoReader:
    """Gathers the statements of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._paths: list[str | None] = []
        self._lines = LineTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "method" in block:
            self._take_methods(block["method"])
        if "statement" in block:
            self._take_statements(block["statement"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(builder, [builder.file(slashed(path)) if path else -1 for path in self._paths])

    def _take_methods(self, methods: Elements) -> None:
        paths = methods.values("filename")
        nameless = np.array([row for row, path in enumerate(paths) if path is None], np.int64)
        skip_elements(self.stats, "method", methods, nameless, ["filename"])
        self._paths += paths

    def _take_statements(self, statements: Elements) -> None:
        number, good = statements.integers("line")
        hits, counted = statements.numbers("counter")
        good &= counted & (number >= 1) & (number <= MAX_LINE)
        owned = statements.owner >= 0
        skip_elements(self.stats, "statement", statements, np.flatnonzero(~good & owned), ["line", "counter"])
        good &= owned
        self.stats.records += int(np.count_nonzero(good))
        self._lines.add(statements.owner[good], number[good], hits[good])
