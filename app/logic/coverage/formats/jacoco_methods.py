"""The methods of a JaCoCo report: at which lines of which source file they start, and how complex they are."""

from collections.abc import Sequence

import numpy as np

from app.logic.coverage.formats.limits import MAX_HITS
from app.logic.coverage.formats.line_table import Methods, line_key
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import Block, Elements

_Place = tuple[int, str | None]  # ordinal of the package and name of a source file


class MethodTable:
    """Gathers classes, methods and complexity counters of one document, in whatever blocks they come."""

    def __init__(self) -> None:
        self._classes: list[tuple[int, str, str | None]] = []  # package, name and source file; name "" = not wanted
        self._methods: list[tuple[Positions, Positions]] = []  # class and line (0 = unknown) of every method
        self._counters: list[tuple[Positions, Positions, Positions]] = []  # method, complexity covered and in all

    def take(self, block: Block) -> None:
        """Take the `class`, `method` and `counter` elements of a block."""
        if "class" in block:
            self._take_classes(block["class"])
        if "method" in block:
            methods = block["method"]
            line, _ = methods.integers("line")
            self._methods.append((methods.owner, np.maximum(line, 0)))
        if "counter" in block:
            self._take_counters(block["counter"])

    def joined(self, packages: Sequence[str], places: Sequence[_Place], files: Sequence[int]) -> Methods:
        """The methods on lines of the source files at `places`, which have these numbers in the builder.

        Nested classes, with a `$` in their name, are left out: tools count the methods of outer classes only. A class
        without `sourcefilename` belongs to the file called like the class.
        """
        if not self._methods or not self._counters:
            return _none()
        owner, line = (np.concatenate(column) for column in zip(*self._methods, strict=True))
        method, covered, total = (np.concatenate(column) for column in zip(*self._counters, strict=True))
        _, first = np.unique(method, return_index=True)  # a method has one such counter; the first one counts
        method, covered, total = method[first], covered[first], total[first]
        usable = (owner[method] >= 0) & (line[method] > 0)
        method, covered, total = method[usable], covered[usable], total[usable]
        file = self._files_of_classes(packages, places, files)[owner[method]]
        known = file >= 0
        return Methods(line_key(file, line[method])[known], covered[known], total[known])

    def _take_classes(self, classes: Elements) -> None:
        names = [name or "" for name in classes.values("name")]
        sources = classes.values("sourcefilename")
        self._classes += [
            (package, "" if "$" in name else name, source)
            for package, name, source in zip(classes.owner.tolist(), names, sources, strict=True)
        ]

    def _take_counters(self, counters: Elements) -> None:
        wanted = counters.equals("type", b"COMPLEXITY") & (counters.owner >= 0)
        row = np.flatnonzero(wanted)
        missed, missed_read = counters.integers("missed", row)
        covered, covered_read = counters.integers("covered", row)
        good = missed_read & covered_read & (missed >= 0) & (covered >= 0)
        self._counters.append(
            (
                counters.owner[row][good],
                np.minimum(covered, MAX_HITS)[good],
                np.minimum(missed + covered, MAX_HITS)[good],
            )
        )

    def _files_of_classes(self, packages: Sequence[str], places: Sequence[_Place], files: Sequence[int]) -> Positions:
        by_source: dict[tuple[int, str], int] = {}
        by_class: dict[tuple[int, str], int] = {}
        for (package, name), file in zip(places, files, strict=True):
            if name:
                by_source[package, name] = file
                by_class[package, f"{packages[package]}/{name.partition('.')[0]}".lstrip("/")] = file
        found = [
            by_source.get((package, source), -1) if source else by_class.get((package, name), -1)
            for package, name, source in self._classes
        ]
        nested = np.array([not name for _, name, _ in self._classes], np.bool_)
        return np.where(nested, -1, np.array(found, np.int64))


def _none() -> Methods:
    nothing = np.zeros(0, np.int64)
    return Methods(nothing, nothing, nothing)
