"""The stored form of a comparison: compact JSON of bounded size, the same for equal comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.totals import Totals

VERSION = 1
MAX_LINES = 200_000  # of all files together; a line takes some 20 bytes of JSON and 200 in memory

# The totals of files are lists in this order: a comparison may hold tens of thousands.
_FILE_TOTALS = ("hits", "misses", "partials", "branches", "methods", "complexity", "complexity_total")

FlagTotals = Mapping[str, Mapping[str, Totals | None]]


class ComparisonUnreadable(ValueError):
    """The stored comparison has another version or shape; computing it again is the way out."""


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A comparison with what belongs to it.

    `patch_base` is the commit that patch coverage counts from. `flags` maps names to totals by side ("base", "head",
    "patch"). `files_without_lines` files at the end of a very large comparison have totals, but no lines.
    """

    comparison: ReportComparison
    patch_base: str | None = None
    flags: FlagTotals = field(default_factory=dict)
    files_without_lines: int = 0


def bounded(comparison: ReportComparison, limit: int = MAX_LINES) -> tuple[ReportComparison, int]:
    """Leave out the lines of files once there are too many, and say of how many files; totals stay as they are.

    Files of the diff come first: people read those. The rest are counted, and found in both reports.
    """
    kept: dict[int, ImpactedFile] = {}
    left, cut = limit, 0
    numbered = sorted(enumerate(comparison.files), key=lambda entry: (not entry[1].in_diff, entry[0]))
    for number, file in numbered:
        lines = len(file.removed) + len(file.added) + len(file.unexpected)
        if lines <= left:
            left -= lines
            kept[number] = file
        else:
            left = 0
            cut += 1
            kept[number] = replace(file, removed=(), added=(), unexpected=())
    if not cut:
        return comparison, 0
    return replace(comparison, files=tuple(kept[number] for number in range(len(kept)))), cut


def write(stored: StoredComparison) -> bytes:
    """Encode a comparison."""
    comparison = stored.comparison
    return msgspec.json.encode(
        {
            "version": VERSION,
            "patch_base": stored.patch_base,
            "base": _totals(comparison.base),
            "head": _totals(comparison.head),
            "patch": _totals(comparison.patch),
            "file_totals": _FILE_TOTALS,
            "files": [_file(file) for file in comparison.files],
            "files_without_lines": stored.files_without_lines,
            "flags": {
                name: {side: _totals(totals) for side, totals in sorted(sides.items())}
                for name, sides in sorted(stored.flags.items())
            },
        }
    )


def read(data: bytes) -> StoredComparison:
    """Decode `write`; raises ComparisonUnreadable."""
    try:
        value = msgspec.json.decode(data)
        if value["version"] != VERSION:
            raise ComparisonUnreadable(f"version {value['version']}, expected {VERSION}")
        return StoredComparison(
            comparison=ReportComparison(
                base=_read_totals(value["base"]),
                head=_read_totals(value["head"]) or Totals(),
                patch=_read_totals(value["patch"]),
                files=tuple(_read_file(file) for file in value["files"]),
            ),
            patch_base=value["patch_base"],
            flags={
                name: {side: _read_totals(totals) for side, totals in sides.items()}
                for name, sides in value["flags"].items()
            },
            files_without_lines=value["files_without_lines"],
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ComparisonUnreadable(str(error)) from error


def _totals(totals: Totals | None) -> dict[str, Any] | None:
    return None if totals is None else totals.as_dict()


def _read_totals(value: Mapping[str, Any] | None) -> Totals | None:
    return None if value is None else Totals.from_dict(value)


def _file(file: ImpactedFile) -> dict[str, Any]:
    return {
        "base_path": file.base_path,
        "head_path": file.head_path,
        "in_diff": file.in_diff,
        "added_by_diff": file.added_by_diff,
        "removed_by_diff": file.removed_by_diff,
        "base": _file_totals(file.base_totals),
        "head": _file_totals(file.head_totals),
        "patch": _file_totals(file.patch),
        "removed": file.removed,
        "added": file.added,
        "unexpected": file.unexpected,
    }


def _file_totals(totals: Totals | None) -> list[int] | None:
    return None if totals is None else [getattr(totals, name) for name in _FILE_TOTALS]


def _read_file(value: Mapping[str, Any]) -> ImpactedFile:
    return ImpactedFile(
        base_path=value["base_path"],
        head_path=value["head_path"],
        in_diff=value["in_diff"],
        added_by_diff=value["added_by_diff"],
        removed_by_diff=value["removed_by_diff"],
        base_totals=_read_file_totals(value["base"]),
        head_totals=_read_file_totals(value["head"]),
        patch=_read_file_totals(value["patch"]),
        removed=tuple((line, status) for line, status in value["removed"]),
        added=tuple((line, status) for line, status in value["added"]),
        unexpected=tuple(((a[0], a[1]), (b[0], b[1])) for a, b in value["unexpected"]),
    )


def _read_file_totals(value: list[int] | None) -> Totals | None:
    return None if value is None else Totals(**dict(zip(_FILE_TOTALS, value, strict=True)))
