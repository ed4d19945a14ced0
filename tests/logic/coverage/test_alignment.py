"""Lines of the base are found again at head."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import hunk

from app.helpers.diff import FileDiff, Hunk
from app.logic.coverage.alignment import GONE, Alignment, key_groups, key_lines, line_keys, remap


def moved(lines: list[int], *hunks: Hunk) -> list[int]:
    return remap(np.array(lines, np.int32), FileDiff("a.py", "modified", hunks=hunks)).tolist()


def test_lines_before_a_change_stay_and_lines_after_it_move():
    assert moved([1, 2, 3, 4, 5, 6, 7], hunk(2, 2, " ctx", "-old", "+new1", "+new2", " end")) == [1, 2, 0, 5, 6, 7, 8]


def test_lines_inserted_at_the_top_move_everything():
    assert moved([1, 2], Hunk(0, 0, 1, 1, ("+",))) == [2, 3]
    assert moved([1, 2], hunk(1, 1, "+", " ", " ")) == [2, 3]


def test_lines_removed_at_the_top_and_the_end_vanish():
    assert moved([1, 2, 3, 4], hunk(1, 1, "-", " "), hunk(3, 2, " ", "-")) == [0, 1, 2, 0]


def test_several_hunks_add_up():
    assert moved([1, 4, 9, 14, 20], hunk(3, 3, "+", "+"), hunk(9, 11, "-", "+", "+"), hunk(15, 18, "-")) == [
        1,
        6,
        0,
        17,
        22,
    ]


def test_a_line_far_behind_the_last_hunk_moves_by_the_sum():
    assert moved([2**31 - 10], hunk(1, 1, "+", "+", "-")) == [2**31 - 9]


def test_a_diff_without_hunks_moves_nothing():
    assert moved([1, 5]) == [1, 5]


@pytest.mark.parametrize(
    "hunks",
    [
        (Hunk(1, 3, 1, 4, (" a", "+b")),),
        (hunk(5, 5, "-a"), hunk(2, 1, "+b")),
        (hunk(1, 1, "-a", "-b", " c"), hunk(2, 2, "-d")),
    ],
)
def test_hunks_that_contradict_themselves_move_nothing(hunks: tuple[Hunk, ...]):
    assert moved([1, 2, 3], *hunks) == [1, 2, 3]


def test_many_files_are_aligned_at_once():
    alignment = Alignment(
        [
            FileDiff("a", "modified", hunks=(hunk(1, 1, "+x"),)),
            None,
            FileDiff("c", "modified", hunks=(hunk(2, 2, "-x"),)),
        ]
    )

    there = alignment.to_head(line_keys([0, 0, 1, 1, 2, 2, 2], [1, 2, 1, 2, 1, 2, 3]))

    assert key_groups(there).tolist() == [0, 0, 1, 1, 2, GONE, 2]
    assert key_lines(there[there != GONE]).tolist() == [2, 3, 1, 2, 1, 2]


marked = st.sets(st.integers(1, 30), max_size=12)


@given(removed=marked, added=marked)
def test_there_and_back_is_the_same_line(removed: set[int], added: set[int]):
    lines = [hunk(line, 1, "-") for line in removed] + [hunk(1, line, "+") for line in added]
    alignment = Alignment([FileDiff("a", "modified", hunks=tuple(lines))])
    kept = line_keys(0, [line for line in range(1, 60) if line not in removed])

    there = alignment.to_head(kept)

    assert (np.diff(there) > 0).all()
    assert not set(there.tolist()) & added
    assert alignment.to_base(there).tolist() == kept.tolist()
    assert (alignment.to_head(line_keys(0, sorted(removed))) == GONE).all()
