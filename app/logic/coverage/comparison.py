"""What a comparison of two reports says: the value objects that statuses, comments and the stored comparison share."""

from dataclasses import dataclass

from app.logic.coverage.totals import Totals

# A line with its status (report.HIT, MISS, PARTIAL, SKIPPED, NO_DATA).
LineStatus = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ImpactedFile:
    """One file that the change touches or whose lines changed status elsewhere (docs/comparison.md).

    Paths differ for renames; None = not on that side. Totals are those of the whole file, None = not in that report.
    `patch` counts the lines added by the diff that have data; None = the file is not in the diff or not at head.
    `removed` are base lines with data that the diff removed (all lines of a deleted file), `added` head lines with data
    that it added, `unexpected` pairs ((base line, status), (head line, status)) of unchanged lines with another status.
    """

    base_path: str | None
    head_path: str | None
    in_diff: bool
    added_by_diff: bool
    removed_by_diff: bool
    base_totals: Totals | None
    head_totals: Totals | None
    patch: Totals | None
    removed: tuple[LineStatus, ...] = ()
    added: tuple[LineStatus, ...] = ()
    unexpected: tuple[tuple[LineStatus, LineStatus], ...] = ()

    @property
    def path(self) -> str:
        """The name people know the file by: at head if it still exists."""
        return self.head_path or self.base_path or ""


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """A head report against its base. `base` None = no base report; `patch` None = no diff is known."""

    base: Totals | None
    head: Totals
    patch: Totals | None
    files: tuple[ImpactedFile, ...]
