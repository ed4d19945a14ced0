"""The arms that Cobertura says were not taken: `missing-branches`, or `condition` elements."""

from typing import Final

import numpy as np

from app.logic.coverage.branches import ArmIds, target_codes
from app.logic.coverage.formats.line_table import MissingLists
from app.logic.coverage.formats.scan import Positions, Text, decimals, intern, positions
from app.logic.coverage.formats.xml_shape import Elements, Flags
from app.logic.coverage.ragged import offsets_of, spread

# A hostile document can ask for any number of arms: beyond these limits nothing is called by number.
_FILL_BUDGET: Final = 1 << 20
_FILL_PER_BRANCH: Final = 8


class ArmLists:
    """Gathers the ids of one document; branches are numbered in document order."""

    def __init__(self, arm_ids: ArmIds) -> None:
        self._arm_ids = arm_ids
        self._branches = 0
        self._element = _Column()  # of each branch: ordinal of its `line` element, arms covered and not
        self._covered = _Column()
        self._missed = _Column()
        self._list_branch = _Column()  # of each id in a `missing-branches`: number of its branch, and the id
        self._list_id = _Column()
        self._condition_line = _Column()  # of each condition that missed: ordinal of its line, and id
        self._condition_id = _Column()

    def take_branches(self, lines: Elements, rows: Positions, covered: Positions, arms: Positions) -> None:
        """Take the branches among the `line` elements, at the positions `rows`."""
        self._element.append(lines.first + rows)
        self._covered.append(covered)
        self._missed.append(arms - covered)
        branch, ids = self._listed(lines, rows)
        self._list_branch.append(self._branches + branch)
        self._list_id.append(ids)
        self._branches += len(rows)

    def take_conditions(self, conditions: Elements) -> Positions:
        """Take `condition` elements; returns the positions of those without a name."""
        missed = ~conditions.equals("coverage", b"100%") & (conditions.owner >= 0)
        named = conditions.present("number") & conditions.present("type")
        rows = np.flatnonzero(missed & named)
        number, numbers = conditions.intern("number", rows)
        kind, kinds = conditions.intern("type", rows)
        pairs, code = np.unique(number * len(kinds) + kind, return_inverse=True)
        ids = [self._arm_ids.code(f"{numbers[one // len(kinds)]}:{kinds[one % len(kinds)]}") for one in pairs.tolist()]
        self._condition_line.append(conditions.owner[rows])
        self._condition_id.append(np.array(ids, np.int64)[code])
        return np.flatnonzero(missed & ~named)

    def lists(self, *, fill_any: bool) -> MissingLists:
        """The lists of all branches.

        A branch without `missing-branches` has the conditions that are not at 100 %. Where they are fewer than the arms
        not taken, and no arm was taken at all (or `fill_any`), the rest is called by number.
        """
        missed, listed = self._missed.joined(), self._list_branch.joined()
        has_list = np.bincount(listed, minlength=len(missed)) > 0
        branch, condition = self._conditions(has_list)
        found = np.bincount(branch, minlength=len(missed))
        fill = np.where(has_list, 0, np.maximum(missed - found, 0))
        if not fill_any:
            fill[self._covered.joined() > 0] = 0
        if fill.sum() > _FILL_BUDGET + _FILL_PER_BRANCH * len(missed):
            fill[:] = 0
        owner = np.concatenate((listed, branch, np.repeat(np.arange(len(missed)), fill)))
        ids = np.concatenate((self._list_id.joined(), condition, spread(found, fill)))
        order = np.argsort(owner, kind="stable")
        return MissingLists(offsets_of(np.bincount(owner, minlength=len(missed))), ids[order])

    def _conditions(self, has_list: Flags) -> tuple[Positions, Positions]:
        """Branch and id of the conditions of branches that have no list of their own."""
        line, element = self._condition_line.joined(), self._element.joined()
        if not len(element):
            return element, element
        branch = np.minimum(np.searchsorted(element, line), len(element) - 1)
        known = (element[branch] == line) & ~has_list[branch]
        return branch[known], self._condition_id.joined()[known]

    def _listed(self, lines: Elements, rows: Positions) -> tuple[Positions, Positions]:
        """The ids that `missing-branches` of the elements `rows` lists, each with the index of its row."""
        text = lines.text
        branch, start, end = _parts(text, *(span[rows] for span in lines.span("missing-branches")))
        number, plain = decimals(text, start, end)
        ids = target_codes(number)
        named = np.flatnonzero(~plain)
        code, names = intern(text, start[named], end[named])
        codes = [self._arm_ids.code(name) if (name := raw.decode(errors="replace").strip()) else -1 for raw in names]
        ids[named] = np.array(codes, np.int64)[code]
        filled = ids >= 0
        return self._loops(branch[filled], ids[filled])

    def _loops(self, branch: Positions, ids: Positions) -> tuple[Positions, Positions]:
        """Several exits and nothing else are the end of a loop and an exit."""
        is_exit = ids == self._arm_ids.code("exit")
        listed = np.bincount(branch)
        only_exits = (listed > 1) & (np.bincount(branch, is_exit, len(listed)) == listed)
        if not only_exits.any():
            return branch, ids
        place = np.arange(len(branch)) - np.searchsorted(branch, branch)
        ids[only_exits[branch] & (place == 0)] = self._arm_ids.code("loop")
        kept = ~(only_exits[branch] & (place > 1))
        return branch[kept], ids[kept]


def _parts(text: Text, start: Positions, end: Positions) -> tuple[Positions, Positions, Positions]:
    """Index and span of the parts between commas of every span that is not empty."""
    rows = np.flatnonzero(end > start)
    start, end = start[rows], end[rows]
    commas = positions(text, ord(","))
    before, behind = np.searchsorted(commas, start), np.searchsorted(commas, end)
    inner = commas[spread(before, behind - before)]
    offsets = offsets_of(behind - before + 1)
    first = np.zeros(offsets[-1], np.bool_)
    first[offsets[:-1]] = True
    part_start, part_end = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.int64)
    part_start[first], part_start[~first] = start, inner + 1
    last = np.roll(first, -1)
    part_end[last], part_end[~last] = end, inner
    return np.repeat(rows, np.diff(offsets)), part_start, part_end


class _Column:
    """An int64 column that grows by pieces."""

    def __init__(self) -> None:
        self._pieces: list[Positions] = []

    def append(self, piece: Positions) -> None:
        self._pieces.append(piece)

    def joined(self) -> Positions:
        if len(self._pieces) != 1:
            self._pieces = [np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int64)]
        return self._pieces[0]
