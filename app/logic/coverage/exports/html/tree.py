"""The files of a report as a tree of folders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAX_DEPTH: Final = 30  # deeper folders stay part of the names in them


class Counts(NamedTuple):
    """Lines by status."""

    hits: int = 0
    misses: int = 0
    partials: int = 0

    @property
    def lines(self) -> int:
        return sum(self)

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(self, other, strict=True)))


@dataclass(slots=True)
class Folder:
    """A folder with all that is below it; `name` may be several folders that hold nothing else. `files` by name."""

    name: str
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    @property
    def rows(self) -> int:
        return len(self.folders) + len(self.files)


def build_tree(paths: Sequence[str], counts: Sequence[Counts]) -> Folder:
    """Return the root folder of the files, whose numbers are those of `paths`."""
    root = Folder("")
    for number, path in enumerate(paths):
        *above, name = path.split("/", MAX_DEPTH)
        folder = root
        folder.counts = folder.counts.plus(counts[number])
        for part in above:
            folder = folder.folders.setdefault(part, Folder(part))
            folder.counts = folder.counts.plus(counts[number])
        folder.files[name] = number
    _shorten(root)
    return root


def _shorten(folder: Folder) -> None:
    """Join chains of folders that hold nothing but one another."""
    for key, child in list(folder.folders.items()):
        _shorten(child)
        if not child.files and len(child.folders) == 1:
            (only,) = child.folders.values()
            only.name = f"{child.name}/{only.name}"
            folder.folders[key] = only


def opened(root: Folder, rows: int) -> set[int]:
    """Return the ids of the folders to show open: from the top down, as long as about so many rows are seen."""
    chosen: set[int] = set()
    seen = root.rows
    for folder in _by_level(root):
        if seen + folder.rows <= rows:
            seen += folder.rows
            chosen.add(id(folder))
    return chosen


def _by_level(root: Folder) -> Iterator[Folder]:
    level = list(root.folders.values())
    while level:
        yield from level
        level = [child for folder in level for child in folder.folders.values()]
