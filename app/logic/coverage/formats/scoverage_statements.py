"""scoverage's measurement XML: one element a statement, its fields as elements with text."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.arm_table import ArmTable
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_LINE
from app.logic.coverage.formats.line_table import LineTable, line_key
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_fields import Fields
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad
from app.logic.coverage.formats.xml_shape import Block, Flags, Shape, Tag

_NUMBERS: Final = ("line", "count")
_TEXTS: Final = ("source", "branch", "ignored")

SHAPE: Final = Shape(
    wanted={
        "statement": Tag(),
        **{name: Tag(text=True, within="statement") for name in (*_NUMBERS, *_TEXTS)},
    },
    known=frozenset((
        "statements", "package", "class", "classType", "fullClassName", "method", "path", "id", "start", "end",
        "description", "symbolName", "treeName"
    )),
)  # fmt: skip


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read measurements of scoverage into `builder`. Bad statements are skipped; FormatError when every one was.

    Source: the `statements` document of scalac-scoverage-plugin 1.x (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, StatementReader)
    reader.stats.truncated = truncated
    reader.send(builder)
    refuse_if_all_bad(reader.stats)
    return reader.stats


class StatementReader:
    """Gathers the statements of one document."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._fields = Fields("statement", _NUMBERS, _TEXTS)

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        self._fields.take(block)

    def send(self, builder: ReportBuilder) -> None:
        """Make lines of the statements, resolve the paths and hand all to the builder."""
        line, numbered = self._fields.column("line")
        count, counted = self._fields.column("count")
        source, placed = self._fields.column("source")
        ignored, is_branch = self._true("ignored"), self._true("branch")
        named = np.array([bool(text) for text in self._fields.names] + [False])
        good = numbered & counted & placed & named[source] & (line >= 1) & (line <= MAX_LINE)
        for row in np.flatnonzero(~good & ~ignored).tolist():
            self.stats.skip(f"<statement> number {row + 1}: no usable line, count or source")
        good &= ~ignored
        self.stats.records += int(np.count_nonzero(good))
        branches = _arms(*(column[good & is_branch] for column in (source, line, count))).joined(
            np.arange(len(self._fields.names))
        )
        plain = good & ~is_branch
        lines = LineTable()
        lines.add(
            branches.group,
            branches.line,
            branches.covered,
            branch_row=np.arange(len(branches.line)),
            arms=branches.arms,
        )
        lines.add(source[plain], line[plain], count[plain])
        used = set(source[good].tolist())
        names = enumerate(self._fields.names)
        lines.send(
            builder, [builder.file(name) if code in used else -1 for code, name in names], missing=branches.missing
        )

    def _true(self, name: str) -> Flags:
        value, present = self._fields.column(name)
        true = np.array([text.lower() == "true" for text in self._fields.names] + [False])
        flags: Flags = present & true[value]
        return flags


def _arms(source: Positions, line: Positions, count: Positions) -> ArmTable:
    """A branch statement is one arm, called by its place among those of its line."""
    key = line_key(source, line)
    order = np.argsort(key, kind="stable")
    place = np.empty(len(key), np.int64)
    place[order] = np.arange(len(key)) - np.searchsorted(key[order], key[order])
    missed = np.flatnonzero(count <= 0)
    table = ArmTable()
    table.add(source, line, (count > 0).astype(np.int64), np.ones(len(line), np.int64))
    table.miss(source[missed], line[missed], place[missed])
    return table
