"""The data set that Visual Studio exports as `.coveragexml`."""

from typing import Final

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.sources import Sources
from app.logic.coverage.formats.spans import Spreader, plausible
from app.logic.coverage.formats.status_table import COVERED, MISSED, PARTLY, StatusTable
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_fields import Fields
from app.logic.coverage.formats.xml_problems import refuse_if_all_bad
from app.logic.coverage.formats.xml_shape import TEXT, Block, Shape, Tag

SHAPE: Final = Shape(
    wanted={
        "Lines": Tag(),
        "LnStart": Tag(text=True, within="Lines"),
        "LnEnd": Tag(text=True, within="Lines"),
        "Coverage": Tag(text=True, within="Lines"),
        "SourceFileID": Tag(text=True, within="Lines"),  # those outside name the files
        "SourceFileNames": Tag(),
        "SourceFileName": Tag(text=True, within="SourceFileNames"),
    },
    known=frozenset((
        "CoverageDSPriv", "Module", "NamespaceTable", "Class", "Method", "ModuleName", "ImageSize",
        "ImageLinkTime", "LinesCovered", "LinesPartiallyCovered", "LinesNotCovered", "BlocksCovered",
        "BlocksNotCovered", "ModuleKeyName", "NamespaceKeyName", "NamespaceName", "ClassKeyName", "ClassName",
        "MethodKeyName", "MethodName", "MethodFullName", "ColStart", "ColEnd", "LineID", "xs:schema", "xs:element",
        "xs:complexType", "xs:simpleType", "xs:choice", "xs:sequence", "xs:attribute", "xs:restriction",
    )),
)  # fmt: skip


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read a data set into `builder`. Bad records are skipped; FormatError when every one was.

    Source: the schema CoverageDSPriv of Visual Studio (docs/formats.md).
    """
    reader, truncated = read_document(data, SHAPE, DataSetReader)
    reader.stats.truncated = truncated
    reader.send(builder, Spreader(len(data)))
    refuse_if_all_bad(reader.stats)
    return reader.stats


class DataSetReader:
    """Gathers lines and files of one document. They stand in any order, inside methods or below the root."""

    def __init__(self) -> None:
        self.stats = ParseStats()
        self._fields = Fields("Lines", ["LnStart", "LnEnd", "Coverage"], ["SourceFileID"])
        self._file_order: list[int] = []  # of every SourceFileNames: where it starts in the document
        self._file_ids: list[tuple[int, str]] = []  # place in the document and id
        self._file_names: dict[int, str] = {}

    def take(self, block: Block) -> None:
        """Take the next elements of the document."""
        self._fields.take(block)
        if "SourceFileNames" in block:
            self._file_order += block["SourceFileNames"].order.tolist()
        if "SourceFileID" in block:
            ids = block["SourceFileID"]
            for row in np.flatnonzero(ids.owner < 0).tolist():
                self._file_ids.append((int(ids.order[row]), (ids.value(TEXT, row) or "").strip()))
        if "SourceFileName" in block:
            names = block["SourceFileName"]
            self._file_names.update(zip(names.owner.tolist(), map(str, names.values(TEXT)), strict=True))

    def send(self, builder: ReportBuilder, spreader: Spreader) -> None:
        """Join records and files and hand all lines to the builder."""
        first, good = self._fields.column("LnStart")
        last, ended = self._fields.column("LnEnd")
        coverage, told = self._fields.column("Coverage")
        file, known = self._fields.column("SourceFileID")
        last = np.where(ended, last, first)
        good &= told & known & plausible(first, last)
        rows = np.flatnonzero(good)
        self.stats.records += len(rows)
        for row in np.flatnonzero(~good).tolist():
            self.stats.skip(f"<Lines> number {row + 1}: no usable line, coverage or file")
        sources = Sources()
        numbers = np.array([sources.number(name) for name in self._fields.names], np.int64)
        status = np.array([COVERED, PARTLY, MISSED])[np.where((coverage == 0) | (coverage == 2), coverage, 1)[rows]]
        span, line = spreader.spread(first[rows], last[rows])
        lines = StatusTable()
        lines.add(numbers[file[rows]][span], line, status[span])
        lines.send(builder, sources.known_files(builder, self._paths(), self.stats))

    def _paths(self) -> dict[tuple[int, str], str]:
        """Paths by id: an id belongs to the last SourceFileNames in front of it."""
        place = np.searchsorted(self._file_order, [order for order, _ in self._file_ids]) - 1
        return {
            (-1, name): self._file_names.get(number, "")
            for number, (_, name) in zip(place.tolist(), self._file_ids, strict=True)
        }
