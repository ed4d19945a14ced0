"""OpenCover XML, also of coverlet, AltCover and Unity."""

from typing import Final

import numpy as np

from app.logic.coverage.branches import pair_codes, target_codes
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.arm_table import ArmTable
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.opencover_files import MethodFiles
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.spans import Spreader, plausible
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "Module": Tag(),
        "File": Tag(("uid", "fullPath"), within="Module"),
        "Method": Tag(within="Module"),
        "FileRef": Tag(("uid",), within="Method"),
        "SequencePoint": Tag(("vc", "sl", "el", "bec", "bev"), within="Method"),
        "BranchPoint": Tag(("vc", "sl", "offset", "offsetend"), within="Method"),
    },
    known=frozenset((
        "CoverageSession", "Summary", "Modules", "ModulePath", "ModuleTime", "ModuleName", "Files", "Classes",
        "Class", "FullName", "Methods", "Name", "MetadataToken", "SequencePoints", "BranchPoints",
        "MethodPoint", "TrackedMethods", "TrackedMethod", "TrackedMethodRefs", "TrackedMethodRef"
    )),
)  # fmt: skip


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read an OpenCover report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: the XML output of OpenCover 4, and how other tools fill it (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, lambda: OpenCoverReader(len(data)))
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class OpenCoverReader:
    """Gathers the points of one document of `size` bytes, by method."""

    def __init__(self, size: int) -> None:
        self.stats = ParseStats()
        self._methods = MethodFiles()
        self._spreader = Spreader(size)
        self._lines = LineTable()
        self._arms = ArmTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        self._methods.take(block)
        if "SequencePoint" in block:
            self._take_points(block["SequencePoint"])
        if "BranchPoint" in block:
            self._take_branch_points(block["BranchPoint"])

    def send(self, builder: ReportBuilder) -> None:
        """Resolve the paths and hand all lines to the builder."""
        groups, files = self._methods.groups(builder)
        if self.stats.records and not len(files):
            self.stats.skip("no method has a known file")
            self.stats.records = 0
        branches = self._arms.joined(groups)
        offset = len(groups)  # owners are methods, and behind them the groups of methods in one file
        rows = np.arange(len(branches.line))
        self._lines.add(branches.group + offset, branches.line, branches.covered, branch_row=rows, arms=branches.arms)
        of_methods = np.where(groups >= 0, files[groups], -1) if len(files) else np.full(offset, -1)
        self._lines.send(builder, np.concatenate((of_methods, files)).tolist(), missing=branches.missing)

    def _take_points(self, points: Elements) -> None:
        first, good = points.integers("sl")
        last, ended = points.integers("el")
        hits, counted = points.numbers("vc")
        arms, arms_read = points.integers("bec")
        covered, covered_read = points.integers("bev")
        good &= ended & counted & plausible(first, last)
        good &= arms_read | ~points.present("bec")
        good &= covered_read | ~points.present("bev")
        owned = points.owner >= 0
        skip_elements(self.stats, "SequencePoint", points, np.flatnonzero(~good & owned), ["sl", "el", "vc"])
        rows = np.flatnonzero(good & owned)
        self.stats.records += len(rows)
        plain, branch = rows[arms[rows] <= 0], rows[arms[rows] > 0]
        span, line = self._spreader.spread(first[plain], last[plain])
        self._lines.add(points.owner[plain][span], line, hits[plain][span])
        span, line = self._spreader.spread(first[branch], last[branch])
        branch = branch[span]
        self._arms.add(points.owner[branch], line, covered[branch], arms[branch])

    def _take_branch_points(self, points: Elements) -> None:
        visits, counted = points.integers("vc")
        line, placed = points.integers("sl")
        missed = counted & (visits == 0) & placed & (line >= 1) & (line <= MAX_LINE) & (points.owner >= 0)
        rows = np.flatnonzero(missed)
        self._arms.miss(points.owner[rows], line[rows], _arm_ids(points, rows))


def _arm_ids(points: Elements, rows: Positions) -> Positions:
    """Codes of `offset:offsetend`, or `offset` alone; -1, which spoils a list, where there is no such number."""
    offset, good = points.integers("offset", rows)
    end, ended = points.integers("offsetend", rows)
    return np.where(good, np.where(ended, pair_codes(offset, end), target_codes(offset)), -1)
