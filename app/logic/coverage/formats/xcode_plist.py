"""Xcode's `xccoverage.plist`, up to Xcode 9: an archive of objects as property list, in XML or binary form."""

import plistlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.parsers.expat import ExpatError

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.line_table import LineTable

# A property list becomes Python objects, up to ten times its size.
MAX_BYTES: Final = 64 << 20

_LIST: Final = "NS.objects"
_CLOSING_BRACKET: Final = 2  # length of ranges that hold nothing else
_NOT_COVERAGE: Final = "a property list, but not the archive of Xcode's coverage"


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Read the coverage archive of Xcode into `builder`; FormatError where it cannot be read as one.

    Source: Apple's property list formats and keyed archives (docs/formats.md).
    """
    archive = _Archive(_load(data))
    stats = ParseStats()
    lines = LineTable()
    files = []
    seen_lines = 0
    for path, objects in archive.source_files():
        seen_lines += len(objects)
        if seen_lines > 2 * MAX_LINE + len(data) // 2:  # a few hostile bytes can name the same list again and again
            raise FormatError("too_large", f"{seen_lines} lines in {len(data)} bytes")
        if path is None:
            stats.skip("a source file without documentLocation")
            continue
        files.append(builder.file(path))
        _add_lines(archive, objects[:MAX_LINE], len(files) - 1, lines, stats)
    lines.send(builder, files)
    if stats.skipped and not stats.records:
        raise FormatError("corrupt", f"no usable record; {stats.first_problem}")
    return stats


def _load(data: bytes) -> Any:
    """Return the content of a property list; entities and whatever else Apple's own reader refuses are errors."""
    if len(data) > MAX_BYTES:
        raise FormatError("too_large", f"a property list of more than {MAX_BYTES} bytes")
    try:
        return plistlib.loads(data)
    except RecursionError:
        raise FormatError("too_deep", "too many lists inside each other") from None
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, LookupError, TypeError) as error:
        raise FormatError("corrupt", f"no property list: {error}") from None
    except AttributeError:  # of a date that is none
        raise FormatError("corrupt", "no property list: a value is not of its type") from None


class _Archive:
    """The objects of a keyed archive, which name each other by their position in one list."""

    def __init__(self, content: Any) -> None:
        objects, top = _get(content, "$objects"), _get(content, "$top")
        if not isinstance(objects, list) or not isinstance(top, dict):
            raise FormatError("unsupported", _NOT_COVERAGE)
        self._objects: list[Any] = objects
        self._targets = self.elements(_get(self.resolve(top.get("root")), "buildableCoverageObjects"))
        if self._targets is None:
            raise FormatError("unsupported", _NOT_COVERAGE)

    def resolve(self, value: Any) -> Any:
        """Return the object that a reference names, and any other value as it is."""
        number = value.data if isinstance(value, plistlib.UID) else _get(value, "CF$UID")
        if not isinstance(number, int):
            return value
        return self._objects[number] if 0 <= number < len(self._objects) else None

    def elements(self, value: Any) -> Sequence[Any] | None:
        """Return the elements of an archived list; None for what is none."""
        found = _get(self.resolve(value), _LIST)
        return found if isinstance(found, list) else None

    def source_files(self) -> Iterator[tuple[str | None, Sequence[Any]]]:
        """Yield path and lines of every source file, each object once."""
        seen: set[int] = set()
        for target in self._targets or ():
            for reference in self.elements(_get(self.resolve(target), "sourceFiles")) or ():
                file = self.resolve(reference)
                if id(file) in seen:
                    continue
                seen.add(id(file))
                path = self.resolve(_get(file, "documentLocation"))
                yield path if isinstance(path, str) and path else None, self.elements(_get(file, "lines")) or ()


def _add_lines(archive: _Archive, objects: Sequence[Any], file: int, lines: LineTable, stats: ParseStats) -> None:
    number: list[int] = []
    value: list[int] = []
    branch_row: list[int] = []
    branch_arms: list[int] = []
    for place, reference in enumerate(objects, 1):
        line = archive.resolve(reference)
        if not isinstance(line, Mapping):
            stats.skip(f"line {place} is no object")
            continue
        if not line.get("x"):
            continue
        ranges = archive.elements(line.get("s")) or ()
        counts = [count for one in ranges if (count := _range_count(archive.resolve(one))) is not None]
        hits: Any = line.get("c")
        if not counts and not isinstance(hits, int):
            stats.skip(f"line {place}: c={hits!r:.50}")
            continue
        if counts:
            branch_row.append(len(number))
            branch_arms.append(len(counts))
            hits = sum(count > 0 for count in counts)
        number.append(place)
        value.append(max(0, min(hits, MAX_HITS)))
    stats.records += len(number)
    lines.add(
        np.full(len(number), file),
        np.array(number, np.int64),
        np.array(value, np.int64),
        branch_row=np.array(branch_row, np.int64),
        arms=np.array(branch_arms, np.int64),
    )


def _range_count(one: Any) -> int | None:
    """Return how often a range of columns ran; None for one without count, and for closing brackets."""
    count = _get(one, "x")
    return int(count) if isinstance(count, int) and _get(one, "len") != _CLOSING_BRACKET else None


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
