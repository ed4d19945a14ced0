"""The arms that Cobertura says were not taken: `missing-branches`, or `condition` elements."""

from typing import Final

import numpy as np

from app.logic.coverage.branches import ArmIds
from app.logic.coverage.formats.line_table import MissingLists
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import Elements
from app.logic.coverage.ragged import offsets_of, spread, take_lists

# A hostile document can ask for any number of arms: beyond these limits nothing is called by number.
_FILL_BUDGET: Final = 1 << 20
_FILL_PER_BRANCH: Final = 8


class ArmLists:
    """Gathers the ids of one document; branches are numbered in document order."""

    def __init__(self, arm_ids: ArmIds) -> None:
        self._arm_ids = arm_ids
        self._element = _Column()  # of each branch: ordinal of its `line` element, arms covered and not,
        self._covered = _Column()
        self._missed = _Column()
        self._list_length = _Column()  # and how many ids `missing-branches` names
        self._list_ids = _Column()
        self._condition_line = _Column()  # of each condition that missed: ordinal of its line, and id
        self._condition_id = _Column()
        self._split_lists: dict[str, list[int]] = {}

    def take_branches(self, lines: Elements, rows: Positions, covered: Positions, arms: Positions) -> None:
        """Take the branches among the `line` elements, at the positions `rows`."""
        self._element.append(lines.first + rows)
        self._covered.append(covered)
        self._missed.append(arms - covered)
        code, texts = lines.intern("missing-branches", rows)
        lists = [self._split(text) for text in texts]
        offsets = offsets_of(np.array([len(one) for one in lists], np.int64))
        offsets, ids = take_lists(offsets, np.array([one for ids in lists for one in ids], np.int64), code)
        self._list_length.append(np.diff(offsets))
        self._list_ids.append(ids)

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
        missed, length = self._missed.joined(), self._list_length.joined()
        every = np.arange(len(missed))
        branch, condition = self._conditions(length)
        found = np.bincount(branch, minlength=len(missed))
        fill = np.where(length == 0, np.maximum(missed - found, 0), 0)
        if not fill_any:
            fill[self._covered.joined() > 0] = 0
        if fill.sum() > _FILL_BUDGET + _FILL_PER_BRANCH * len(missed):
            fill[:] = 0
        owner = np.concatenate((np.repeat(every, length), branch, np.repeat(every, fill)))
        ids = np.concatenate((self._list_ids.joined(), condition, spread(found, fill)))
        order = np.argsort(owner, kind="stable")
        return MissingLists(offsets_of(np.bincount(owner, minlength=len(missed))), ids[order])

    def _conditions(self, list_length: Positions) -> tuple[Positions, Positions]:
        """Branch and id of the conditions of branches that have no list of their own."""
        line, element = self._condition_line.joined(), self._element.joined()
        if not len(element):
            return element, element
        branch = np.minimum(np.searchsorted(element, line), len(element) - 1)
        known = (element[branch] == line) & (list_length[branch] == 0)
        return branch[known], self._condition_id.joined()[known]

    def _split(self, text: str) -> list[int]:
        """Ids of a `missing-branches` attribute; several exits of one line are a loop that never ended and an exit."""
        ids = self._split_lists.get(text)
        if ids is None:
            names = [name for part in text.split(",") if (name := part.strip())]
            if len(names) > 1 and set(names) == {"exit"}:
                names = ["loop", "exit"]
            ids = self._split_lists[text] = [self._arm_ids.code(name) for name in names]
        return ids


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
