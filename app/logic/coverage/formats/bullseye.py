"""XML of BullseyeCoverage."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.run_time import unix_time
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_order import in_document_order
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag
from app.logic.coverage.report import BRANCH, LINE, METHOD

SHAPE: Final = Shape(
    wanted={
        "BullseyeCoverage": Tag(("buildId",)),
        "folder": Tag(("name",)),
        "src": Tag(("name",)),
        "probe": Tag(("line", "kind", "event"), within="src"),
    },
    known=frozenset(("fn", "block")),
)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a BullseyeCoverage report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: what `covxml` of BullseyeCoverage writes (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, BullseyeReader)
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class BullseyeReader:
    """Gathers the probes of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._paths: list[str] = []
        self._folders: list[tuple[int, str]] = []  # depth and name of those that may be open
        self._lines = LineTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "BullseyeCoverage" in block and self.stats.timestamp is None:
            _, _, date = (block["BullseyeCoverage"].value("buildId", 0) or "").partition("_")
            self.stats.timestamp = unix_time(date.replace("_", " "))
        self._take_sources(block)
        if "probe" in block:
            self._take_probes(block["probe"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(builder, [builder.file(path) if path else -1 for path in self._paths], add_arms=True)

    def _take_sources(self, block: Block) -> None:
        """A source file is inside the folders before it that are less deep, as none of them ended in between."""
        for depth, kind, name in in_document_order(block, ("folder", "src")):
            while self._folders and self._folders[-1][0] >= depth:
                self._folders.pop()
            if kind == "folder":
                self._folders.append((depth, name))
            else:
                around = [folder for _, folder in self._folders if folder]
                self._paths.append("/".join([*around, name]) if name else "")

    def _take_probes(self, probes: Elements) -> None:
        number, good = probes.integers("line")
        good &= (number >= 1) & (number <= MAX_LINE) & probes.present("kind") & probes.present("event")
        owned = probes.owner >= 0
        skip_elements(self.stats, "probe", probes, np.flatnonzero(~good & owned), ["line", "kind", "event"])
        good &= owned
        self.stats.records += int(np.count_nonzero(good))
        covered, arms, kind = _measure(probes)
        branch = np.flatnonzero(arms[good])
        self._lines.add(
            probes.owner[good],
            number[good],
            covered[good],
            branch_row=branch,
            arms=arms[good][branch],
            kind=kind[good].astype(np.uint8),
        )


def _measure(probes: Elements) -> tuple[Positions, Positions, Positions]:
    """Hits or arms covered, all arms (0 = none), and kind of the line of each probe.

    A decision or condition has two arms, a label of a switch one; other events than `full` and `none` name the only
    outcome that was seen.
    """
    full, none = probes.equals("event", b"full"), probes.equals("event", b"none")
    two = probes.equals("kind", b"decision") | probes.equals("kind", b"condition")
    one = probes.equals("kind", b"switch-label")
    covered = np.where(none, 0, np.where(full & two, 2, 1))
    kind = np.where(two | one, BRANCH, np.where(probes.equals("kind", b"function"), METHOD, LINE))
    return covered, np.where(two, 2, one.astype(np.int64)), kind
