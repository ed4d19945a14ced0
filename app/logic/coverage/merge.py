"""Joins reports into one, line by line, whatever their order (docs/decisions/0002-merge-lattice.md)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import canonical_texts, renumber_texts
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.lattice import family_arms, settle
from app.logic.coverage.measure import file_totals, pick_files
from app.logic.coverage.merge_missing import MissingSets
from app.logic.coverage.merge_slots import DenseSlots, RankedSlots, Slots
from app.logic.coverage.ragged import Ints, offsets_of, take_lists
from app.logic.coverage.report import FILE_TOTALS, IGNORED, LINE, Complexity, MissingArms, Report
from app.logic.coverage.slices import join_slices, slice_bounds, slice_report

Source = Report | StoredReport

# Up to so many slots per row, and so many anyway, a slot for every line number costs less than ranking the lines.
_SLOTS_PER_ROW: Final = 16
_SLOTS_ALWAYS: Final = 4_000_000

_HITS, _MISSES, _PARTIALS = (FILE_TOTALS.index(name) for name in ("hits", "misses", "partials"))


def merge(sources: Sequence[Source]) -> Report:
    """Return the join of reports: the same for any order, grouping (but for Ruby) or repetition of the sources.

    Stored reports are decoded block by block, so memory is that of the result and some blocks, however many sources.
    Raises codec.ReportCorrupt.
    """
    plan = _Plan([_Loaded(source) if isinstance(source, Report) else source for source in sources])
    layers = _Layers(plan.slots(), plan.files)
    for numbers, part in plan.parts():
        layers.fold(numbers, part)
    return layers.result(plan.texts)


class _Loaded:
    """A report in memory, with the face of a stored one."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.files = report.files
        self.texts = report.missing.texts
        self.counts: Ints = np.diff(report.offsets)
        self.last_line: Ints = report.line[report.offsets[1:] - 1].astype(np.int64)

    @cached_property
    def file_totals(self) -> Ints:
        return file_totals(self._report)

    def slices(self) -> Iterator[tuple[int, Report]]:
        return slice_report(self._report)


class _Plan:
    """What the headers tell before any row is read: the files of all sources, their sizes, and whom to leave out."""

    def __init__(self, sources: Sequence[_Loaded | StoredReport]) -> None:
        self._sources = sources
        self.files = sorted(set().union(*(source.files for source in sources)))
        self.texts = tuple(sorted(set().union(*(source.texts for source in sources))))
        number = {path: position for position, path in enumerate(self.files)}
        self._numbers = [np.fromiter(map(number.__getitem__, s.files), np.int64, len(s.files)) for s in sources]
        text_number = {text: position for position, text in enumerate(self.texts)}
        self._text_numbers = [np.array([text_number[text] for text in s.texts], dtype=np.int64) for s in sources]
        self._keep = self._telling_files()

    def slots(self) -> Slots:
        """Return the numbering of all lines, by the cheaper way."""
        last_line = np.zeros(len(self.files), dtype=np.int64)
        rows = np.zeros(len(self.files), dtype=np.int64)
        for source, numbers in zip(self._sources, self._numbers, strict=True):
            last_line[numbers] = np.maximum(last_line[numbers], source.last_line)
            rows[numbers] = np.maximum(rows[numbers], source.counts)
        if last_line.sum() <= _SLOTS_PER_ROW * rows.sum() + _SLOTS_ALWAYS:
            return DenseSlots(last_line)
        return RankedSlots(
            len(self.files), ((numbers, np.diff(part.offsets), part.line) for numbers, part in self.parts())
        )

    def parts(self) -> Iterator[tuple[Ints, Report]]:
        """Yield all rows that count: the numbers of some files and their rows, ids against the common texts."""
        for source, numbers, text_numbers, keep in zip(
            self._sources, self._numbers, self._text_numbers, self._keep, strict=True
        ):
            for first, part in source.slices():
                files = slice(first, first + len(part.files))
                yield _counting(numbers[files], part, text_numbers, None if keep is None else keep[files])

    def _telling_files(self) -> list[NDArray[np.bool_] | None]:
        """Return for each source which of its files count, None = all.

        Ruby's coverage tool lists files that were never loaded with every line missed, blank lines too. Where another
        source has seen such a file run, that list says nothing.
        """
        ruby = np.array([path.endswith(".rb") for path in self.files], dtype=bool)
        if not ruby.any():
            return [None] * len(self._sources)
        seen = np.zeros(len(self.files), dtype=bool)
        for source, numbers in zip(self._sources, self._numbers, strict=True):
            seen[numbers] |= _ran(source.file_totals)
        return [
            ~(ruby & seen)[numbers] | _ran(source.file_totals) | (source.file_totals[:, _MISSES] == 0)
            for source, numbers in zip(self._sources, self._numbers, strict=True)
        ]


class _Layers:
    """The accumulators: what is known of the line at each slot, after some of the reports."""

    def __init__(self, slots: Slots, files: Sequence[str]) -> None:
        self._slots = slots
        self._files = files
        size = int(slots.bounds[-1])
        self._plain = np.full(size, -1, dtype=np.int32)
        self._covered = np.zeros(size, dtype=np.int32)
        self._arms = np.zeros(size, dtype=np.int32)
        self._full = np.zeros(size, dtype=bool)
        self._ignored = np.zeros(size, dtype=bool)
        self._kind = np.zeros(size, dtype=np.uint8)
        self._complexity: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
        self._missing = MissingSets(size)

    def fold(self, files: Ints, part: Report) -> None:
        """Join the rows of some files, given their numbers."""
        slot = self._slots.locate(files, np.diff(part.offsets), part.line)
        plain = part.hits.astype(np.int32)
        plain[part.branch_row] = -1
        self._plain[slot] = np.maximum(self._plain[slot], plain)
        if part.hits.min(initial=0) == IGNORED:
            self._ignored[slot[part.hits == IGNORED]] = True
        special = np.flatnonzero(part.kind != LINE)
        place = slot[special]
        self._kind[place] = np.maximum(self._kind[place], part.kind[special])
        if len(part.branch_row):
            self._fold_branches(slot, part)
        if len(part.complexity.row):
            self._fold_complexity(slot[part.complexity.row], part.complexity)

    def _fold_branches(self, slot: Ints, part: Report) -> None:
        place = slot[part.branch_row]
        covered = part.hits[part.branch_row].astype(np.int32)
        self._covered[place] = np.maximum(self._covered[place], covered)
        self._arms[place] = np.maximum(self._arms[place], part.branch_arms)
        self._full[place[covered == part.branch_arms]] = True
        # A line that never ran says nothing about its arms, and where all is settled no list can add to it.
        row = part.missing.row
        telling = np.flatnonzero((part.hits[row] > 0) & ~self._full[slot[row]])
        offsets, ids = take_lists(part.missing.offsets, part.missing.ids, telling)
        lists = MissingArms(row[telling], part.missing.arms[telling], offsets, ids, part.missing.texts)
        self._full[self._missing.fold(slot[lists.row], lists)] = True

    def _fold_complexity(self, place: Ints, complexity: Complexity) -> None:
        """Pairs of (covered, total) win over plain numbers; then the larger of each part."""
        if self._complexity is None:
            size = len(self._plain)
            self._complexity = np.full(size, -1, dtype=np.int32), np.full(size, -1, dtype=np.int32)
        values, totals = self._complexity
        value, total = values[place], totals[place]
        larger = np.maximum(value, complexity.value)
        wins = (complexity.total >= 0) & (total < 0)
        loses = (complexity.total < 0) & (total >= 0)
        values[place] = np.where(wins, complexity.value, np.where(loses, value, larger))
        totals[place] = np.maximum(total, complexity.total)

    def result(self, texts: tuple[str, ...]) -> Report:
        """Return the joined report; the accumulators are used up."""
        slot, proven = self._missing.proven()
        np.maximum.at(self._covered, slot, proven)
        present = self._plain >= 0
        present |= self._arms > 0
        present |= self._ignored
        settled = self._full | (self._plain > 0) | self._ignored
        sets = self._missing.result(settled)
        bounds = slice_bounds(self._slots.bounds)
        parts = (self._part(first, end, present, sets, texts) for first, end in itertools.pairwise(bounds))
        report = join_slices(parts, int(np.count_nonzero(present)), texts)
        return replace(report, missing=canonical_texts(report.missing))

    def _part(
        self,
        first: int,
        end: int,
        present: NDArray[np.bool_],
        sets: tuple[Ints, Ints, Ints, Ints],
        texts: tuple[str, ...],
    ) -> Report:
        """Return the joined rows of the files from `first` to before `end`."""
        bounds = self._slots.bounds[first : end + 1]
        begin, stop = int(bounds[0]), int(bounds[-1])
        slot = np.flatnonzero(present[begin:stop]) + begin
        counts = np.diff(np.searchsorted(slot, bounds))
        hits, arms, _ = settle(
            self._plain[slot], self._covered[slot], self._arms[slot], self._full[slot], self._ignored[slot]
        )
        branch_row = np.flatnonzero(arms)
        return Report(
            files=tuple(self._files[first + number] for number in np.flatnonzero(counts).tolist()),
            offsets=offsets_of(counts[counts > 0]),
            line=self._slots.lines(np.repeat(np.arange(first, end), counts), slot),
            hits=hits,
            kind=self._kind[slot],
            branch_row=branch_row,
            branch_arms=arms[branch_row],
            missing=_sets_between(begin, stop, slot, sets, texts),
            complexity=self._complexity_at(slot),
        )

    def _complexity_at(self, slot: Ints) -> Complexity:
        if self._complexity is None:
            none = np.zeros(0, dtype=np.int32)
            return Complexity(np.zeros(0, dtype=np.int64), none, none)
        values, totals = self._complexity
        value = values[slot]
        row = np.flatnonzero(value >= 0)
        return Complexity(row, value[row], totals[slot[row]])


def _sets_between(
    begin: int, stop: int, slot: Ints, sets: tuple[Ints, Ints, Ints, Ints], texts: tuple[str, ...]
) -> MissingArms:
    """Return the sets at slots from `begin` to before `stop` as lists of the rows at `slot`."""
    places, family, offsets, ids = sets
    chosen = slice(*np.searchsorted(places, [begin, stop]))
    ends = offsets[chosen.start : chosen.stop + 1]
    return MissingArms(
        np.searchsorted(slot, places[chosen]),
        family_arms(family[chosen]),
        ends - ends[0],
        ids[ends[0] : ends[-1]],
        texts,
    )


def _counting(numbers: Ints, part: Report, text_numbers: Ints, keep: NDArray[np.bool_] | None) -> tuple[Ints, Report]:
    if keep is not None and not keep.all():
        numbers, part = numbers[keep], pick_files(part, keep)
    if len(text_numbers):
        part = replace(part, missing=replace(part.missing, ids=renumber_texts(part.missing.ids, text_numbers)))
    return numbers, part


def _ran(totals: Ints) -> NDArray[np.bool_]:
    return (totals[:, _HITS] > 0) | (totals[:, _PARTIALS] > 0)
