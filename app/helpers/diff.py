"""The neutral diff: what a change did to each file, as every Git client returns it and the engine reads it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

DiffKind = Literal["new", "modified", "deleted", "binary"]


@dataclass(frozen=True, slots=True)
class Hunk:
    """One `@@ -old_start,old_length +new_start,new_length @@` block; lines keep their first character."""

    old_start: int
    old_length: int
    new_start: int
    new_length: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The change of one file. `before` is the old path of a rename (and the own path of a deletion), else None."""

    path: str
    kind: DiffKind
    before: str | None = None
    hunks: tuple[Hunk, ...] = ()

    def added_lines(self) -> list[int]:
        """Return the numbers of the added lines in the new file."""
        return [number for hunk in self.hunks for number in _numbers(hunk.lines, hunk.new_start, mark="+", absent="-")]

    def removed_lines(self) -> list[int]:
        """Return the numbers of the removed lines in the old file."""
        return [number for hunk in self.hunks for number in _numbers(hunk.lines, hunk.old_start, mark="-", absent="+")]


@dataclass(frozen=True, slots=True)
class Diff:
    """A change set by new path. `incomplete` says that the host cut the list: totals made from it are partial."""

    files: Mapping[str, FileDiff] = field(default_factory=dict)
    incomplete: bool = False

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self.files.values())


def _numbers(lines: Iterable[str], start: int, mark: str, absent: str) -> Iterator[int]:
    """Number the lines of one side from `start` (0, of an empty side, counts as 1) and yield the marked ones.

    `absent` marks lines of the other side; `\\` comments on the line before; everything else, also "", is context.
    """
    number = max(start, 1)
    for line in lines:
        first = line[:1]
        if first == mark:
            yield number
        if first not in (absent, "\\"):
            number += 1
