"""The neutral diff: what a change did to each file, as every Git client returns it and the engine reads it."""

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Diff:
    """A change set by new path. `incomplete` says that the host cut the list: totals made from it are partial."""

    files: Mapping[str, FileDiff] = field(default_factory=dict)
    incomplete: bool = False

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self.files.values())
