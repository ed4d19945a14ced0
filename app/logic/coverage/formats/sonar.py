"""SonarQube's generic coverage XML, which gcovr, ExCoveralls and many converters write."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "file": Tag(("path",)),
        "lineToCover": Tag(("lineNumber", "covered", "branchesToCover", "coveredBranches"), within="file"),
    },
    known=frozenset(("coverage",)),
)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a generic coverage report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: "Generic test coverage" in the documentation of SonarQube.
    """
    reader, truncated = read_document(data, SHAPE, SonarReader)
    reader.stats.truncated = truncated
    reader.send(builder, options)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class SonarReader:
    """Gathers the lines of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._paths: list[str | None] = []
        self._lines = LineTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "file" in block:
            self._take_files(block["file"])
        if "lineToCover" in block:
            self._take_lines(block["lineToCover"])

    def send(self, builder: ReportBuilder, options: FormatOptions) -> None:
        """Resolve the paths and hand all lines to the builder."""
        self._lines.send(
            builder,
            [builder.file(path) if path else -1 for path in self._paths],
            partials_as_hits=options.enabled("sonar.partials_as_hits"),
        )

    def _take_files(self, files: Elements) -> None:
        paths = files.values("path")
        nameless = np.array([row for row, path in enumerate(paths) if path is None], np.int64)
        skip_elements(self.stats, "file", files, nameless, ["path"])
        self._paths += paths

    def _take_lines(self, lines: Elements) -> None:
        number, good = lines.integers("lineNumber")
        ran = lines.equals("covered", b"true", ignore_case=True)
        good &= ran | lines.equals("covered", b"false", ignore_case=True)
        arms, counted = lines.integers("branchesToCover")
        covered, told = lines.integers("coveredBranches")
        good &= counted | ~lines.present("branchesToCover")
        good &= told | ~lines.present("coveredBranches")
        good &= (number >= 1) & (number <= MAX_LINE)
        owned = lines.owner >= 0
        skip_elements(self.stats, "lineToCover", lines, np.flatnonzero(~good & owned), ["lineNumber", "covered"])
        good &= owned
        self.stats.records += int(np.count_nonzero(good))
        # Without the number of covered branches it is known only that the line ran.
        has_arms = good & (arms > 0) & (told | ~ran)
        hits = np.where(has_arms, np.where(ran, np.clip(covered, 0, np.minimum(arms, MAX_HITS)), 0), ran)
        branch = np.flatnonzero(has_arms[good])
        self._lines.add(lines.owner[good], number[good], hits[good], branch_row=branch, arms=arms[good][branch])
