"""The stored form of a comparison: compact JSON, the same for equal comparisons."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.totals import Totals

VERSION = 1


class ComparisonUnreadable(ValueError):
    """The stored comparison has another version or shape; computing it again is the way out."""


def write(comparison: ReportComparison, flags: Mapping[str, Mapping[str, Totals | None]]) -> bytes:
    """Encode a comparison with its flag totals (`{flag: {"base", "head", "patch"}}`)."""
    return msgspec.json.encode(
        {
            "version": VERSION,
            "base": _totals(comparison.base),
            "head": _totals(comparison.head),
            "patch": _totals(comparison.patch),
            "files": [_file(file) for file in comparison.files],
            "flags": {
                name: {side: _totals(totals) for side, totals in sides.items()} for name, sides in sorted(flags.items())
            },
        }
    )


def read(data: bytes) -> ReportComparison:
    """Decode `write`; raises ComparisonUnreadable."""
    try:
        value = msgspec.json.decode(data)
        if value["version"] != VERSION:
            raise ComparisonUnreadable(f"version {value['version']}, expected {VERSION}")
        return ReportComparison(
            base=_read_totals(value["base"]),
            head=_read_totals(value["head"]) or Totals(),
            patch=_read_totals(value["patch"]),
            files=tuple(_read_file(file) for file in value["files"]),
        )
    except (msgspec.DecodeError, KeyError, TypeError) as error:
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
        "base": _totals(file.base_totals),
        "head": _totals(file.head_totals),
        "patch": _totals(file.patch),
        "removed": file.removed,
        "added": file.added,
        "unexpected": file.unexpected,
    }


def _read_file(value: Mapping[str, Any]) -> ImpactedFile:
    return ImpactedFile(
        base_path=value["base_path"],
        head_path=value["head_path"],
        in_diff=value["in_diff"],
        added_by_diff=value["added_by_diff"],
        removed_by_diff=value["removed_by_diff"],
        base_totals=_read_totals(value["base"]),
        head_totals=_read_totals(value["head"]),
        patch=_read_totals(value["patch"]),
        removed=tuple((line, status) for line, status in value["removed"]),
        added=tuple((line, status) for line, status in value["added"]),
        unexpected=tuple(((a[0], a[1]), (b[0], b[1])) for a, b in value["unexpected"]),
    )
