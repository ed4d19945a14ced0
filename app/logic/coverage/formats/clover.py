"""Clover XML of OpenClover, PHPUnit, Istanbul, gcovr and Devel::Cover."""

import re
from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.line_table import LineTable, Methods, line_key
from app.logic.coverage.formats.run_time import unix_time
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import Block, Elements, Flags, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "coverage": Tag(("generated",)),
        "file": Tag(("path", "name")),
        "metrics": Tag(("loc",), within="file"),
        "line": Tag(("num", "type", "count", "truecount", "falsecount", "complexity"), within="file"),
    },
    known=frozenset(("project", "testproject", "package", "class")),
)

_VENDOR: Final = re.compile(r"(^|[/\\])vendor[/\\]")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a Clover report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: clover.xsd of OpenClover, and the dialect of Istanbul, which counts arms (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, CloverReader)
    reader.stats.truncated = truncated
    reader.send(builder, options)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class CloverReader:
    """Gathers the lines of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._paths: list[str | None] = []
        self._depths: list[int] = []
        self._last_line: dict[int, int] = {}  # of PHP files, whose reports have lines behind the end of the file
        self._direct: set[int] = set()  # files with a line that is not inside another element
        self._lines = LineTable()
        self._methods: list[tuple[Positions, Positions, Positions]] = []

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        if "coverage" in block and self.stats.timestamp is None:
            self.stats.timestamp = unix_time(block["coverage"].values("generated")[0])
        if "file" in block:
            self._take_files(block["file"])
        if "metrics" in block:
            self._take_metrics(block["metrics"])
        if "line" in block:
            self._take_lines(block["line"])

    def send(self, builder: ReportBuilder, options: FormatOptions) -> None:
        """Resolve the paths and hand all lines to the builder."""
        files = [
            builder.file(path) if path and file in self._direct and not _foreign(path) else -1
            for file, path in enumerate(self._paths)
        ]
        self._lines.send(
            builder,
            files,
            methods=self._joined_methods(np.array(files, np.int64)),
            last_line=self._last_line,
            add_arms=True,
            partials_as_hits=options.enabled("clover.partials_as_hits"),
        )

    def _take_files(self, files: Elements) -> None:
        paths = [path or name for path, name in zip(files.values("path"), files.values("name"), strict=True)]
        nameless = np.array([row for row, path in enumerate(paths) if not path], np.int64)
        skip_elements(self.stats, "file", files, nameless, ["path", "name"])
        self._paths += paths
        self._depths += files.depth.tolist()

    def _take_metrics(self, metrics: Elements) -> None:
        """Note how long a PHP file is: its first `metrics` with a number of lines says it, 0 = unknown."""
        loc, numeric = metrics.integers("loc")
        for row in np.flatnonzero(numeric & (metrics.owner >= 0)).tolist():
            file = int(metrics.owner[row])
            if (self._paths[file] or "").endswith(".php"):
                self._last_line.setdefault(file, int(loc[row]) if 0 < loc[row] < MAX_LINE else MAX_LINE)

    def _take_lines(self, lines: Elements) -> None:
        number, numbered = lines.integers("num")
        hits, good = lines.numbers("count")
        written = _written(lines, "count")
        good |= ~written
        condition, covered, arms, readable = _conditions(lines, hits, written)
        good[condition] &= readable
        good &= numbered & (number >= 1) & (number <= MAX_LINE) & _written(lines, "type")
        owned = lines.owner >= 0
        skip_elements(self.stats, "line", lines, np.flatnonzero(~good & owned), ["num", "type", "count"])
        good &= owned
        self.stats.records += int(np.count_nonzero(good))
        kept = good[condition] & (arms > 0)
        branch, arms = condition[kept], arms[kept]
        hits[branch] = covered[kept]
        row = np.cumsum(good) - 1
        self._lines.add(lines.owner[good], number[good], hits[good], branch_row=row[branch], arms=arms)
        self._note_direct(lines, good)
        self._note_methods(lines, number, good)

    def _note_direct(self, lines: Elements, good: Flags) -> None:
        owner = lines.owner[good]
        if owner.size:
            first = int(owner.min())
            depth = np.array(self._depths[first : int(owner.max()) + 1])
            direct = owner[lines.depth[good] == depth[owner - first] + 1]
            self._direct.update(np.unique(direct).tolist())

    def _note_methods(self, lines: Elements, number: Positions, good: Flags) -> None:
        row = np.flatnonzero(lines.equals("type", b"method") & good)
        complexity, _ = lines.integers("complexity", row)
        self._methods.append((lines.owner[row], number[row], np.clip(complexity, 0, MAX_HITS)))

    def _joined_methods(self, files: Positions) -> Methods | None:
        if not self._methods:
            return None
        owner, line, complexity = (np.concatenate(column) for column in zip(*self._methods, strict=True))
        return Methods(line_key(files[owner], line), complexity, np.full(len(line), -1))


def _conditions(lines: Elements, count: Positions, counted: Flags) -> tuple[Positions, Positions, Positions, Flags]:
    """Rows of conditions, their arms covered, all arms, and which of them are readable.

    Clover counts how often a condition was true and false. Istanbul, known by a `count` on the same element, gives the
    number of arms covered and not covered instead.
    """
    row = np.flatnonzero(lines.equals("type", b"cond"))
    true, true_read = lines.numbers("truecount", row)
    false, false_read = lines.numbers("falsecount", row)
    true, false = np.clip(true, 0, MAX_HITS), np.clip(false, 0, MAX_HITS)
    istanbul = counted[row]
    covered = np.where(istanbul, np.where(count[row] > 0, true, 0), (true > 0).astype(np.int64) + (false > 0))
    arms = np.where(istanbul, true + false, 2)
    return row, covered, arms, true_read & false_read


def _written(lines: Elements, name: str) -> Flags:
    start, end = lines.span(name)
    written: Flags = end > start
    return written


def _foreign(path: str) -> bool:
    """Template placeholders instead of a path, and the dependencies of PHP projects."""
    return "{" in path or (path.endswith(".php") and _VENDOR.search(path) is not None)
