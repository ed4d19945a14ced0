"""What one document says about one file, for formats that are read record by record."""

from array import array
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.report import BRANCH, IGNORED, LINE, METHOD, Rows

_PARTIAL: Final = (1, 2)  # "partly covered, counts unknown" (docs/decisions/0002-merge-lattice.md)


class Counts:
    """Hits of ascending lines of one file that has nothing else: many lines in little space."""

    def __init__(self) -> None:
        self._line = array("q")
        self._hits = array("q")

    def add(self, line: int, hits: int) -> None:
        self._line.append(line)
        self._hits.append(hits)

    def send(self, builder: ReportBuilder, file: int) -> int:
        """Add the rows to file number `file` and return how many they are."""
        if self._line:
            line, hits = (np.frombuffer(column, np.int64) for column in (self._line, self._hits))
            builder.add(Rows(files=[file], counts=[len(line)], line=line, hits=hits))
        return len(self._line)


class _Branch(NamedTuple):
    covered: int
    arms: int
    missed: list[str]


class FileLines:
    """Collects hits and branch arms by line; `send` makes one value a line of them.

    A line with arms is covered/arms, of which none is covered if the line is known to have no hits; IGNORED stays.
    Repeated hits: the largest counts. A named arm is taken if any record says so; unnamed ones of several records add
    up. `hits` and `kinds` may be filled directly; a kind given there is not derived from what else is known.
    """

    __slots__ = ("_arms", "_fractions", "complexity", "hits", "kinds", "methods")

    def __init__(self) -> None:
        self.hits: dict[int, int] = {}
        self.kinds: dict[int, int] = {}
        self.methods: set[int] = set()
        self.complexity: dict[int, int] = {}
        self._arms: dict[int, dict[str, bool]] = {}
        self._fractions: dict[int, tuple[int, int]] = {}

    def hit(self, line: int, count: int) -> None:
        if count > self.hits.get(line, -1):
            self.hits[line] = count

    def arm(self, line: int, name: str, *, taken: bool) -> None:
        arms = self._arms.setdefault(line, {})
        arms[name] = taken or arms.get(name, False)

    def fraction(self, line: int, covered: int, arms: int) -> None:
        """Add arms without names; 0 arms are none."""
        if arms > 0:
            before = self._fractions.get(line, (0, 0))
            self._fractions[line] = before[0] + covered, before[1] + arms

    def partial(self, line: int) -> None:
        """Note a plain line that ran in part."""
        self._fractions[line] = _PARTIAL
        self.kinds[line] = LINE

    def arms_of(self, line: int) -> int:
        """Return how many named arms are known of a line."""
        return len(self._arms.get(line, ()))

    def send(self, builder: ReportBuilder, file: int, *, partials_as_hits: bool = False) -> int:
        """Add the rows to file number `file` and return how many they are."""
        with_arms = self._arms.keys() | self._fractions.keys()
        branches = {line: self._branch(line) for line in with_arms if self.hits.get(line) != IGNORED}
        kinds = dict.fromkeys(self.methods & self.hits.keys(), METHOD)
        kinds.update(dict.fromkeys(branches, BRANCH))
        kinds.update((line, kind) for line, kind in self.kinds.items() if line in self.hits or line in branches)
        values: Mapping[int, int] = self.hits
        if branches:
            if partials_as_hits:
                whole = {line: branch for line, branch in branches.items() if not 0 < branch.covered < branch.arms}
                values = self.hits | dict.fromkeys(branches, 1)
                branches = whole
            values = {**values, **{line: branch.covered for line, branch in branches.items()}}
        if values:
            builder.add(self._rows(builder, file, values, kinds, branches))
        return len(values)

    def _branch(self, line: int) -> _Branch:
        named = self._arms.get(line, {})
        covered, arms = self._fractions.get(line, (0, 0))
        ran = self.hits.get(line) != 0
        missed = [] if arms else [name for name, taken in named.items() if not (taken and ran)]
        return _Branch(covered + sum(named.values()) if ran else 0, arms + len(named), missed)

    def _rows(
        self,
        builder: ReportBuilder,
        file: int,
        values: Mapping[int, int],
        kinds: Mapping[int, int],
        branches: Mapping[int, _Branch],
    ) -> Rows:
        lines = sorted(values)
        line = np.array(lines, np.int64)
        kind = np.full(len(lines), LINE, np.uint8)
        if kinds:
            kind[np.searchsorted(line, np.fromiter(kinds, np.int64))] = np.fromiter(kinds.values(), np.uint8)
        branch_lines = sorted(branches)
        listed = [at for at in branch_lines if branches[at].missed]
        code = builder.arm_ids.code
        measured = sorted(self.complexity.keys() & values.keys())
        return Rows(
            files=[file],
            counts=[len(lines)],
            line=line,
            hits=np.fromiter(map(values.__getitem__, lines), np.int64, len(lines)),
            kind=kind,
            branch_row=np.searchsorted(line, np.array(branch_lines, np.int64)),
            branch_arms=np.array([branches[at].arms for at in branch_lines], np.int64),
            missing_row=np.searchsorted(line, np.array(listed, np.int64)),
            missing_offsets=np.cumsum([0, *(len(branches[at].missed) for at in listed)]),
            missing_ids=np.array([code(name) for at in listed for name in branches[at].missed], np.int64),
            complexity_row=np.searchsorted(line, np.array(measured, np.int64)),
            complexity=np.array([self.complexity[at] for at in measured], np.int64),
        )
