"""Cobertura XML in its many dialects, and the XML report of scoverage."""

import re
from typing import Final

import numpy as np

from app.logic.coverage.branches import ArmIds
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.cobertura_arms import ArmLists
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.line_table import LineTable
from app.logic.coverage.formats.run_time import unix_time
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad, skip_elements
from app.logic.coverage.formats.xml_shape import TEXT, Block, Elements, Flags, Shape, Tag
from app.logic.coverage.report import BRANCH, LINE, METHOD

SHAPE: Final = Shape(
    wanted={
        "coverage": Tag(("timestamp",)),
        "scoverage": Tag(("timestamp",)),
        "source": Tag(text=True),
        "class": Tag(("filename",)),
        "line": Tag(("number", "hits", "branch", "condition-coverage", "missing-branches"), within="class"),
        "condition": Tag(("number", "type", "coverage"), within="line"),
        "statement": Tag(("line", "method", "branch", "ignored", "invocation-count"), within="class"),
    },
    known=frozenset(
        ("sources", "packages", "package", "classes", "methods", "method", "lines", "conditions", "statements")
    ),
)

_FRACTION: Final = re.compile(r"\((\d{1,9})/(\d{1,9})\)")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a Cobertura or scoverage report into `builder`. Bad elements are skipped; FormatError when every one was.

    Source: coverage-04.dtd of Cobertura, and what the tools write beyond it (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, lambda: CoberturaReader(builder.arm_ids))
    reader.stats.truncated = truncated
    reader.send(builder, options)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class CoberturaReader:
    """Gathers the lines of one document."""

    def __init__(self, arm_ids: ArmIds) -> None:
        self.stats = ParseStats()
        self._sources: list[str] = []
        self._paths: list[str | None] = []
        self._lines = LineTable()
        self._arms = ArmLists(arm_ids)

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        for root in ("coverage", "scoverage"):
            if root in block and self.stats.timestamp is None:
                self.stats.timestamp = unix_time(block[root].values("timestamp")[0])
        if "source" in block:
            self._sources += [source for text in block["source"].values(TEXT) if (source := (text or "").strip())]
        if "class" in block:
            self._take_classes(block["class"])
        if "line" in block:
            self._take_lines(block["line"])
        if "condition" in block:
            self._take_conditions(block["condition"])
        if "statement" in block:
            self._take_statements(block["statement"])

    def send(self, builder: ReportBuilder, options: FormatOptions) -> None:
        """Resolve the paths and hand all lines to the builder."""
        fill_any = options.enabled("cobertura.handle_missing_conditions")
        self._lines.send(
            builder,
            [builder.file(path, bases=self._sources) if path else -1 for path in self._paths],
            missing=self._arms.lists(fill_any=fill_any),
            partials_as_hits=options.enabled("cobertura.partials_as_hits"),
        )

    def _take_classes(self, classes: Elements) -> None:
        paths = classes.values("filename")
        nameless = np.array([row for row, path in enumerate(paths) if path is None], np.int64)
        skip_elements(self.stats, "class", classes, nameless, ["filename"])
        self._paths += paths

    def _take_lines(self, lines: Elements) -> None:
        number, numbered = lines.integers("number")
        hits, counted = lines.numbers("hits")
        branch, covered, arms = _fractions(lines)
        counted[branch] = True
        good = numbered & counted & (number >= 1) & (number <= MAX_LINE)
        owned = lines.owner >= 0
        self._skip("line", lines, ~good & owned, ["number", "hits"])
        good &= owned
        self.stats.records += int(np.count_nonzero(good))
        kept = good[branch]
        branch, covered, arms = branch[kept], covered[kept], arms[kept]
        hits[branch] = covered
        self._arms.take_branches(lines, branch, covered, arms)
        row = np.cumsum(good) - 1
        self._lines.add(lines.owner[good], number[good], hits[good], branch_row=row[branch], arms=arms)

    def _take_conditions(self, conditions: Elements) -> None:
        bad = self._arms.take_conditions(conditions)
        skip_elements(self.stats, "condition", conditions, bad, ["number", "type"])

    def _take_statements(self, statements: Elements) -> None:
        """scoverage: a statement says how often it ran; what it is says the kind of its line."""
        number, numbered = statements.integers("line")
        hits, counted = statements.numbers("invocation-count")
        wanted = (statements.owner >= 0) & ~statements.equals("ignored", b"true")
        good = numbered & counted & (number >= 1) & (number <= MAX_LINE)
        self._skip("statement", statements, ~good & wanted, ["line", "invocation-count"])
        good &= wanted
        self.stats.records += int(np.count_nonzero(good))
        start, end = statements.span("method")
        kind = np.where(statements.equals("branch", b"true"), BRANCH, np.where(end > start, METHOD, LINE))
        self._lines.add(statements.owner[good], number[good], hits[good], kind=kind[good].astype(np.uint8))

    def _skip(self, name: str, elements: Elements, bad: Flags, shown: list[str]) -> None:
        skip_elements(self.stats, name, elements, np.flatnonzero(bad), shown)


def _fractions(lines: Elements) -> tuple[Positions, Positions, Positions]:
    """Lines with branches: their positions, the arms covered and all arms."""
    row = np.flatnonzero(lines.equals("branch", b"true", ignore_case=True) & lines.present("condition-coverage"))
    code, texts = lines.intern("condition-coverage", row)
    found = [_FRACTION.search(text) for text in texts]
    covered = np.array([int(match[1]) if match else 0 for match in found], np.int64)[code]
    arms = np.array([int(match[2]) if match else 0 for match in found], np.int64)[code]
    usable = arms > 0
    return row[usable], np.minimum(covered, arms)[usable], arms[usable]
