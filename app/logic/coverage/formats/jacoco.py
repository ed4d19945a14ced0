"""JaCoCo XML, also as Kover, Pester and gcovr imitate it."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.jacoco_methods import MethodTable
from app.logic.coverage.formats.jacoco_paths import Packages
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.run_time import unix_time
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "report": Tag(("name",)),
        "sessioninfo": Tag(("start",)),
        "group": Tag(("name",)),
        "package": Tag(("name",)),
        "class": Tag(("name", "sourcefilename"), within="package"),
        "method": Tag(("line",), within="class"),
        "counter": Tag(("type", "missed", "covered"), within="method"),
        "sourcefile": Tag(("name",), within="package"),
        "line": Tag(("nr", "mi", "ci", "mb", "cb"), within="sourcefile"),
    },
)


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a JaCoCo report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: report.dtd 1.1 of JaCoCo, and how other tools fill it (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, JacocoReader)
    reader.stats.truncated = truncated
    reader.send(builder, options)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class JacocoReader:
    """Gathers the lines of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._packages = Packages()
        self._files: list[tuple[int, str | None]] = []  # ordinal of the package and name of each source file
        self._lines = LineTable()
        self._methods = MethodTable()

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "sessioninfo" in block and self.stats.timestamp is None:
            self.stats.timestamp = unix_time(block["sessioninfo"].values("start")[0])
        self._packages.take(block)
        if "sourcefile" in block:
            self._take_files(block["sourcefile"])
        if "line" in block:
            self._take_lines(block["line"])
        self._methods.take(block)

    def send(self, builder: ReportBuilder, options: FormatOptions) -> None:
        """Resolve the paths and hand all lines to the builder."""
        files = [
            builder.file(*self._packages.candidates(package, name, guess=options.has_listing)) if name else -1
            for package, name in self._files
        ]
        self._lines.send(
            builder,
            files,
            methods=self._methods.joined(self._packages.names, self._files, files),
            partials_as_hits=options.enabled("jacoco.partials_as_hits"),
        )

    def _take_files(self, files: Elements) -> None:
        names = files.values("name")
        nameless = np.array([row for row, name in enumerate(names) if not name], np.int64)
        skip_elements(self.stats, "sourcefile", files, nameless, ["name"])
        self._files += [
            (package, name if package >= 0 else None) for package, name in zip(files.owner.tolist(), names, strict=True)
        ]

    def _take_lines(self, lines: Elements) -> None:
        number, good = lines.integers("nr")
        good &= (number >= 1) & (number <= MAX_LINE)
        counters = []
        for name in ("mi", "ci", "mb", "cb"):
            count, read = lines.numbers(name)
            good &= read | ~lines.present(name)
            counters.append(np.clip(count, 0, MAX_HITS))
        missed, covered, missed_arms, covered_arms = counters
        owned = lines.owner >= 0
        skip_elements(self.stats, "line", lines, np.flatnonzero(~good & owned), ["nr", "mi", "ci", "mb", "cb"])
        # A line without any counter carries no information: some imitations list every line of the file.
        good &= owned & (missed + covered + missed_arms + covered_arms > 0)
        self.stats.records += int(np.count_nonzero(good))
        arms = (missed_arms + covered_arms)[good]
        branch = np.flatnonzero(arms)
        hits = covered[good]
        hits[branch] = covered_arms[good][branch]
        self._lines.add(lines.owner[good], number[good], hits, branch_row=branch, arms=arms[branch])
