"""Columns of integers as bytes, each in the smallest type that holds it (docs/decisions/0001-columnar-report.md)."""

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


class CodecError(ValueError):
    """The bytes are not a report that this version can read."""


class ReportCorrupt(CodecError):
    """The bytes are damaged: truncated, changed, or never written by the codec."""


# dtype of the values, dtype of the exceptions (255 = none), number of values, number of exceptions.
_HEAD: Final = struct.Struct("<BBII")
_DTYPES: Final = tuple(np.dtype(name) for name in ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<i8"))
_NO_EXCEPTIONS: Final = 255
# Values above a byte that are rare are kept apart: a byte of 255 stands in for each.
_ESCAPE: Final = 255
_RARE: Final = 4


def write_ints(values: NDArray[Any]) -> list[bytes]:
    """Return the pieces of a column; equal values give equal bytes, whatever their type."""
    if not len(values):
        return [_HEAD.pack(0, _NO_EXCEPTIONS, 0, 0)]
    code = _narrowest(int(values.min()), int(values.max()))
    narrow = _DTYPES[code]
    if narrow.itemsize > 1:
        large = (values < 0) | (values >= _ESCAPE)
        count = int(np.count_nonzero(large))
        if count * _RARE <= len(values):
            small = values.astype(np.uint8)
            small[large] = _ESCAPE
            head = _HEAD.pack(0, code, len(values), count)
            return [head, small.tobytes(), values[large].astype(narrow).tobytes()]
    return [_HEAD.pack(code, _NO_EXCEPTIONS, len(values), 0), values.astype(narrow).tobytes()]


class ColumnReader:
    """Reads columns one after another; every length is checked before memory is touched."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def ints(self, count: int, dtype: type, low: int = 0, high: int = 2**31 - 1) -> NDArray[Any]:
        """Return the next column of exactly `count` values between `low` and `high`; raises ReportCorrupt."""
        code, exceptions_code, stored, exceptions = _HEAD.unpack(self.bytes(_HEAD.size))
        if stored != count or code >= len(_DTYPES):
            raise ReportCorrupt(f"a column holds {stored} values of type {code}, expected {count}")
        values = self._array(code, count)
        if exceptions_code == _NO_EXCEPTIONS:
            _check_range(values, low, high)
            return values.astype(dtype)
        if exceptions_code >= len(_DTYPES) or code != 0:
            raise ReportCorrupt(f"a column has exceptions of type {exceptions_code}")
        large = self._array(exceptions_code, exceptions)
        places = np.flatnonzero(values == _ESCAPE)
        if len(places) != len(large):
            raise ReportCorrupt(f"a column has {exceptions} exceptions for {len(places)} places")
        _check_range(values, low, max(high, _ESCAPE))
        _check_range(large, low, high)
        result: NDArray[Any] = values.astype(dtype)
        result[places] = large
        return result

    def bytes(self, size: int) -> bytes:
        """Return the next `size` bytes; raises ReportCorrupt."""
        end = self._position + size
        if end > len(self._data):
            raise ReportCorrupt(f"{size} bytes expected, {len(self._data) - self._position} left")
        piece = self._data[self._position : end]
        self._position = end
        return piece

    def end(self) -> None:
        """Raise ReportCorrupt if anything is left."""
        if self._position != len(self._data):
            raise ReportCorrupt(f"{len(self._data) - self._position} bytes left over")

    def _array(self, code: int, count: int) -> NDArray[Any]:
        return np.frombuffer(self.bytes(count * _DTYPES[code].itemsize), dtype=_DTYPES[code])


def _narrowest(low: int, high: int) -> int:
    for code, dtype in enumerate(_DTYPES):
        info = np.iinfo(dtype)
        if info.min <= low and high <= info.max:
            return code
    raise ValueError(f"no column type holds {low}..{high}")


def _check_range(values: NDArray[Any], low: int, high: int) -> None:
    if len(values) and (values.min() < low or values.max() > high):
        raise ReportCorrupt(f"a column holds values outside {low}..{high}")
