"""What every format parser takes and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.logic.coverage.builder import ReportBuilder


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """Settings of the `parsers` section of the repository's YAML, by format, and what the parser knows of the upload.

    `switches` holds the enabled boolean options by dotted name, e.g. `jacoco.partials_as_hits`. `has_listing` says that
    paths are checked against the repository's file list, so guesses of longer paths may be offered. `name` is the path
    of the coverage file where it was made, "" if unknown, and `base` its directory.
    """

    switches: frozenset[str] = frozenset()
    has_listing: bool = False
    base: str = ""
    name: str = ""

    def enabled(self, name: str) -> bool:
        return name in self.switches


@dataclass(slots=True)
class ParseStats:
    """What a parser found besides rows.

    `records` good ones; `skipped` bad ones with `first_problem` naming the first (line or element and reason);
    `truncated` = the document ended early and the complete part was kept; `timestamp` = time of the run in Unix
    seconds, where the format has one.
    """

    records: int = 0
    skipped: int = 0
    first_problem: str | None = None
    truncated: bool = False
    timestamp: float | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    def skip(self, problem: str) -> None:
        self.skipped += 1
        if self.first_problem is None:
            self.first_problem = problem


class FormatError(Exception):
    """The file as a whole cannot be used; `code` is one of corrupt, unsupported, too_deep, too_large, no_data."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


Parser = Callable[[bytes, ReportBuilder, FormatOptions], ParseStats]
