"""Reports as bytes: a header that answers most questions, then the rows in blocks that can be read one by one."""

import hashlib
import itertools
import json
import operator
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from app.logic.coverage.codec_blocks import BlockShape, read_block, write_block
from app.logic.coverage.codec_columns import CodecError, ColumnReader, ReportCorrupt, write_ints
from app.logic.coverage.measure import file_totals, select_files, sum_totals
from app.logic.coverage.ragged import Ints, offsets_of
from app.logic.coverage.report import FILE_TOTALS, Report
from app.logic.coverage.slices import join_slices, slice_report
from app.logic.coverage.totals import Totals

__all__ = ["CodecError", "ReportCorrupt", "ReportVersionUnknown", "StoredReport", "encode", "open_report"]

_MAGIC: Final = b"\x89COV\r\n\x1a\n"  # like that of PNG: a transfer that changes line ends or drops bit 7 damages it
_VERSION: Final = 1
_LEVEL: Final = 3

# magic, version, stored and real size of the header, SHA-256 of all this and the real header.
_PREFIX: Final = struct.Struct("<8sHII")
_DIGEST_SIZE: Final = 32
# Sizes of the parts of the header: files, blocks; bytes of the paths, texts and meta.
_COUNTS: Final = struct.Struct("<IIIII")
# Of each block: files, branches, missing lists, their ids, complexities; real and stored size.
_TABLE_COLUMNS: Final = 7

# Limits on what a damaged or hostile object can make a reader allocate, far above any real report.
_MAX_HEADER: Final = 1 << 28
_MAX_BODY: Final = 1 << 30


class ReportVersionUnknown(CodecError):
    """The report was written by a newer version."""


def encode(report: Report, meta: Mapping[str, Any]) -> bytes:
    """Return the report and `meta`, any JSON object, as bytes; equal input gives equal bytes."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    table: list[tuple[int, ...]] = []
    digests: list[bytes] = []
    bodies: list[bytes] = []
    totals: list[NDArray[np.int64]] = []
    for _, part in slice_report(report):
        content = write_block(part)
        bodies.append(compressor.compress(content))
        digests.append(hashlib.sha256(content).digest())
        totals.append(file_totals(part))
        table.append(
            (
                len(part.files),
                len(part.branch_row),
                len(part.missing.row),
                len(part.missing.ids),
                len(part.complexity.row),
                len(content),
                len(bodies[-1]),
            )
        )
    header = _write_header(report, meta, table, digests, totals)
    stored = compressor.compress(header)
    prefix = _PREFIX.pack(_MAGIC, _VERSION, len(stored), len(header))
    return b"".join([prefix, hashlib.sha256(prefix + header).digest(), stored, *bodies])


def open_report(data: bytes) -> "StoredReport":
    """Return the stored report, of which only the header has been read.

    Raises ReportCorrupt, or ReportVersionUnknown if a newer version wrote it.
    """
    start = _PREFIX.size + _DIGEST_SIZE
    if len(data) < start:
        raise ReportCorrupt(f"{len(data)} bytes are no report")
    magic, version, stored_size, size = _PREFIX.unpack_from(data)
    if magic != _MAGIC:
        raise ReportCorrupt("not a report")
    if version > _VERSION:
        raise ReportVersionUnknown(f"version {version} is newer than {_VERSION}")
    if version != _VERSION:
        raise ReportCorrupt(f"version {version} never existed")
    if size > _MAX_HEADER:
        raise ReportCorrupt(f"a header of {size} bytes")
    content = _expand(data[start : start + stored_size], stored_size, size)
    if hashlib.sha256(data[: _PREFIX.size] + content).digest() != data[_PREFIX.size : start]:
        raise ReportCorrupt("the header has changed")
    return StoredReport(data, start + stored_size, content)


class StoredReport:
    """A report in its encoded form. Totals and paths come from the header; rows are decoded on demand.

    `files` are the sorted paths, `last_line` (int64[files]) their largest measured lines, `counts` (int64[files]) their
    numbers of rows, `file_totals` (int64[files, 7]) as of measure.file_totals, `texts` the table of textual arm ids.
    """

    def __init__(self, data: bytes, start: int, header: bytes) -> None:
        reader = ColumnReader(header)
        files, blocks, *sizes = _COUNTS.unpack(reader.bytes(_COUNTS.size))
        self.counts: Ints = reader.ints(files, np.int64, low=1)
        self.last_line: Ints = reader.ints(files, np.int64, low=1)
        totals = reader.ints(files * len(FILE_TOTALS), np.int64, high=2**62)
        self.file_totals: Ints = totals.reshape(files, len(FILE_TOTALS))
        table = reader.ints(blocks * _TABLE_COLUMNS, np.int64, high=_MAX_BODY).reshape(blocks, _TABLE_COLUMNS)
        self._digests = [reader.bytes(_DIGEST_SIZE) for _ in range(blocks)]
        paths, texts, meta = (reader.bytes(size) for size in sizes)
        reader.end()
        self.files = _strings(paths)
        self.texts = _strings(texts)
        if len(self.files) != files:
            raise ReportCorrupt(f"{len(self.files)} paths, expected {files}")
        self.meta: dict[str, Any] = _meta(meta)
        self.rows = int(self.counts.sum())
        self._data = data
        self._facts = (paths, texts, meta)
        self._table: list[list[int]] = table.tolist()
        self._bounds: list[int] = offsets_of(table[:, 0]).tolist()
        self._places: list[int] = (start + offsets_of(table[:, -1])).tolist()
        content = table[:, -2].sum()
        if self._bounds[-1] != files or self._places[-1] != len(data) or not self.rows <= content <= _MAX_BODY:
            raise ReportCorrupt("the table of contents does not fit the report")

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of the contents: equal for equal reports with equal meta, whatever compressed them."""
        digest = hashlib.sha256(self.counts.tobytes())
        for part in (*self._facts, *self._digests):
            digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()

    @property
    def totals(self) -> Totals:
        """The totals of the whole report; sessions are not a fact of the rows and stay 0."""
        return sum_totals(self.file_totals)

    def load(self) -> Report:
        """Return the whole report; raises ReportCorrupt."""
        return join_slices((part for _, part in self.slices()), self.rows, self.texts)

    def load_files(self, paths: Iterable[str]) -> Report:
        """Return the rows of the given files, unknown ones left out, decoding only the blocks that hold them.

        Raises ReportCorrupt.
        """
        wanted = set(paths)
        numbers = np.array([number for number, path in enumerate(self.files) if path in wanted], dtype=np.int64)
        blocks = np.unique(np.searchsorted(self._bounds, numbers, side="right") - 1).tolist()
        parts = [self._read(block) for block in blocks]
        report = join_slices(parts, sum(len(part.line) for part in parts), self.texts)
        return select_files(report, np.array([path in wanted for path in report.files], dtype=bool))

    def slices(self) -> Iterator[tuple[int, Report]]:
        """Yield (number of the first file, the rows of some files), block by block; raises ReportCorrupt."""
        for block, first in enumerate(self._bounds[:-1]):
            yield first, self._read(block)

    def _read(self, block: int) -> Report:
        first, end = self._bounds[block : block + 2]
        _, branches, lists, ids, complexities, size, stored_size = self._table[block]
        start = self._places[block]
        content = _expand(self._data[start : start + stored_size], stored_size, size)
        if hashlib.sha256(content).digest() != self._digests[block]:
            raise ReportCorrupt(f"block {block} has changed")
        shape = BlockShape(
            self.files[first:end],
            self.counts[first:end],
            self.last_line[first:end],
            branches,
            lists,
            ids,
            complexities,
        )
        return read_block(content, shape, self.texts)


def _write_header(
    report: Report,
    meta: Mapping[str, Any],
    table: list[tuple[int, ...]],
    digests: list[bytes],
    totals: list[NDArray[np.int64]],
) -> bytes:
    if not _in_order(report.files) or not _in_order(report.missing.texts):
        raise ValueError("paths and texts of a report must be sorted and distinct")
    paths = msgspec.json.encode(report.files)
    texts = msgspec.json.encode(report.missing.texts)
    facts = json.dumps(meta, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    columns = (
        np.diff(report.offsets),
        report.line[report.offsets[1:] - 1],
        np.concatenate(totals) if totals else np.zeros(0, dtype=np.int64),
        np.array(table, dtype=np.int64).reshape(-1),
    )
    return b"".join(
        [
            _COUNTS.pack(len(report.files), len(table), len(paths), len(texts), len(facts)),
            *(piece for column in columns for piece in write_ints(column.reshape(-1))),
            *digests,
            paths,
            texts,
            facts,
        ]
    )


def _expand(stored: bytes, stored_size: int, size: int) -> bytes:
    """Return the content of a compressed piece that must have exactly these sizes."""
    if len(stored) != stored_size:
        raise ReportCorrupt(f"{stored_size} bytes expected, {len(stored)} there")
    try:
        if zstandard.get_frame_parameters(stored).content_size != size:
            raise ReportCorrupt("a compressed piece has another size than declared")
        return zstandard.ZstdDecompressor().decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ReportCorrupt(f"a compressed piece cannot be read: {error}") from None


def _strings(data: bytes) -> tuple[str, ...]:
    """Return a sorted list of distinct strings."""
    try:
        strings = msgspec.json.decode(data, type=tuple[str, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportCorrupt(f"the header is not readable: {error}") from None
    if not _in_order(strings):
        raise ReportCorrupt("the header is not in order")
    return strings


def _in_order(strings: Sequence[str]) -> bool:
    return all(map(operator.lt, strings, itertools.islice(strings, 1, None)))


def _meta(data: bytes) -> dict[str, Any]:
    try:
        meta = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReportCorrupt(f"the header is not readable: {error}") from None
    if not isinstance(meta, dict):
        raise ReportCorrupt("the facts of the header are not an object")
    return meta
