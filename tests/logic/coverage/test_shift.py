"""A report of the base becomes that of the head: lines move, vanish and follow their file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import Measure, Place, read, report_of
from reports import Value, diff_of, hunk, report
from test_calls import FILES, calls, upload

from app.helpers.diff import Diff, DiffKind, FileDiff, Hunk
from app.logic.coverage import codec
from app.logic.coverage.measure import equal, totals
from app.logic.coverage.merge import merge
from app.logic.coverage.shift import shift_lines


def lines_of(files: dict[str, dict[int, Value]], *changes: FileDiff) -> dict[str, dict[int, int]]:
    """The hits of every line after some changes."""
    shifted = shift_lines(report(files), diff_of(*changes))
    places: dict[str, dict[int, int]] = {}
    for (path, line), joined in read(shifted).items():
        places.setdefault(path, {})[line] = joined.hits
    return places


def modified(path: str, *hunks: Hunk, before: str | None = None) -> FileDiff:
    return FileDiff(path, "modified", before=before, hunks=hunks)


def test_inserted_lines_are_new_and_context_lines_keep_their_data():
    assert lines_of({"a.py": {1: 1, 2: 1}}, modified("a.py", hunk(1, 1, "+", " ", " "))) == {"a.py": {2: 1, 3: 1}}


def test_removed_lines_vanish_and_the_rest_moves_up():
    assert lines_of({"c.py": {1: 1, 2: 0}}, modified("c.py", hunk(1, 1, "-", " "))) == {"c.py": {1: 0}}


def test_lines_inserted_at_the_top_move_the_whole_file():
    assert lines_of({"a.py": {1: 1, 9: 0}}, modified("a.py", Hunk(0, 0, 1, 2, ("+", "+")))) == {"a.py": {3: 1, 11: 0}}


def test_lines_removed_at_the_end_vanish():
    assert lines_of({"a.py": {1: 1, 5: 0, 6: 1}}, modified("a.py", hunk(4, 4, " ", "-", "-"))) == {"a.py": {1: 1}}


def test_two_hunks_add_up():
    change = modified("a.py", hunk(1, 1, "+", "+", " "), hunk(5, 7, "-", " "))

    assert lines_of({"a.py": {1: 1, 4: 2, 5: 3, 6: 4}}, change) == {"a.py": {3: 1, 6: 2, 7: 4}}


def test_a_diff_without_context_moves_lines_like_one_with_context():
    files: dict[str, dict[int, Value]] = {"a.py": {1: 1, 2: 2, 3: 3, 4: 4}}

    with_context = lines_of(files, modified("a.py", hunk(1, 1, " ", "-", "+", "+", " ")))
    without = lines_of(files, modified("a.py", hunk(2, 2, "-", "+", "+")))

    assert with_context == without == {"a.py": {1: 1, 4: 3, 5: 4}}


def test_a_hunk_that_contradicts_itself_leaves_its_file_and_no_other_as_it_was():
    broken, sound = modified("a.py", Hunk(1, 9, 1, 9, ("-", " "))), modified("b.py", hunk(1, 1, "-"))

    assert lines_of({"a.py": {1: 1, 2: 0}, "b.py": {1: 1, 2: 0}}, broken, sound) == {
        "a.py": {1: 1, 2: 0},
        "b.py": {1: 0},
    }


def test_a_deleted_file_vanishes():
    assert lines_of({"a.py": {1: 1}, "b.py": {1: 0}}, FileDiff("a.py", "deleted", before="a.py")) == {"b.py": {1: 0}}


def test_a_renamed_file_moves_with_its_lines():
    change = modified("z.py", hunk(1, 1, "+", " "), before="a.py")

    assert lines_of({"a.py": {1: 1}, "b.py": {1: 0}}, change) == {"b.py": {1: 0}, "z.py": {2: 1}}


def test_files_can_change_places():
    changes = modified("b.py", before="a.py"), modified("a.py", before="b.py")

    assert lines_of({"a.py": {1: 1}, "b.py": {2: 0}}, *changes) == {"a.py": {2: 0}, "b.py": {1: 1}}


def test_the_old_path_of_a_rename_may_be_a_new_file():
    changes = modified("b.py", before="a.py"), FileDiff("a.py", "new", hunks=(hunk(0, 1, "+"),))

    assert lines_of({"a.py": {1: 1}}, *changes) == {"b.py": {1: 1}}


def test_a_file_renamed_onto_another_one_is_joined_with_it():
    files: dict[str, dict[int, Value]] = {"a.py": {1: "1/2", 3: 1}, "b.py": {1: "2/2", 2: 0, 3: 0}}

    assert lines_of(files, modified("b.py", before="a.py")) == {"b.py": {1: 2, 2: 0, 3: 1}}


def test_a_copy_that_looks_like_a_rename_does_not_take_the_file_away():
    changes = modified("copy.py", before="a.py"), modified("a.py", hunk(1, 1, "+"))

    assert lines_of({"a.py": {1: 1}}, *changes) == lines_of({"a.py": {1: 1}}, *changes[::-1]) == {"a.py": {2: 1}}


@pytest.mark.parametrize("kind", ["binary", "new"])
def test_a_change_without_old_lines_moves_nothing(kind: DiffKind):
    assert lines_of({"a.py": {1: 1}}, FileDiff("a.py", kind)) == {"a.py": {1: 1}}


def test_a_report_without_a_changed_file_is_the_same_report():
    before = report({"a.py": {1: 1}})

    assert shift_lines(before, diff_of(modified("b.py", hunk(1, 1, "-")))) is before
    assert shift_lines(before, Diff()) is before


def test_when_every_line_is_removed_the_report_is_empty_and_can_be_stored():
    shifted = shift_lines(report({"a.py": {1: 1}}), diff_of(FileDiff("a.py", "deleted", before="a.py")))

    assert totals(shifted).files == 0
    assert codec.open_report(codec.encode(shifted, {})).load().files == ()


# The same in plain Python: the text of a file is a list, a diff is what makes the new list of the old one.

paths = st.sampled_from(["a.py", "b.py", "c.py", "d.py"])
cells = st.builds(
    Measure,
    line=st.integers(1, 12),
    hits=st.integers(-1, 2),
    arms=st.sampled_from([0, 0, 3]),
    missing=st.sampled_from([None, ("0",), ("1", "exit"), ("left", "right"), ("0:1", "0:2", "0:3")]),
    kind=st.sampled_from([0, 1, 2]),
    complexity=st.sampled_from([None, None, (3, -1), (1, 2)]),
    path=paths,
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[Place, Place | None], Diff]:
    """Where each line of each file goes (None = nowhere), and the diff that says so."""
    files = draw(st.lists(paths, unique=True))
    targets = draw(st.permutations(files))
    moves: dict[Place, Place | None] = {}
    diffs = []
    for old, new in zip(files, targets, strict=True):
        if draw(st.booleans()):
            old_text = [str(number) for number in range(1, 13)]
            new_text = draw(_edits(old_text))
            diffs.append(modified(new, *_hunks(old_text, new_text), before=old if new != old else None))
        elif new == old:
            new_text = []
            diffs.append(FileDiff(old, "deleted", before=old))
        else:
            new_text = [str(number) for number in range(1, 13)]
            diffs.append(modified(new, before=old))
        for line in range(1, 13):
            moves[old, line] = (new, new_text.index(str(line)) + 1) if str(line) in new_text else None
    return moves, diff_of(*diffs)


@st.composite
def _edits(draw: st.DrawFn, text: Sequence[str]) -> list[str]:
    kept = [line for line in text if draw(st.booleans())]
    for number in range(draw(st.integers(0, 4))):
        kept.insert(draw(st.integers(0, len(kept))), f"new {number}")
    return kept


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    hunks = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(1):
        lines: list[str] = []
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [" " + text for text in old[old_from:old_to]]
            else:
                lines += ["-" + text for text in old[old_from:old_to]] + ["+" + text for text in new[new_from:new_to]]
        first, last = group[0], group[-1]
        old_size, new_size = last[2] - first[1], last[4] - first[3]
        # An empty side names the line before it.
        starts = first[1] + bool(old_size), first[3] + bool(new_size)
        hunks.append(Hunk(starts[0], old_size, starts[1], new_size, tuple(lines)))
    return hunks


@given(measures=st.lists(cells, max_size=25), change=changes())
def test_shifting_is_what_plain_python_does(
    measures: list[Measure], change: tuple[dict[Place, Place | None], Diff]
) -> None:
    moves, diff = change
    before = report_of(measures)
    expected = {moves.get(place, place): joined for place, joined in read(before).items()}
    expected.pop(None, None)

    after = shift_lines(before, diff)

    assert read(after) == expected
    assert equal(codec.open_report(codec.encode(after, {})).load(), after)


@given(ours=st.lists(cells, max_size=15), theirs=st.lists(cells, max_size=15))
def test_files_that_meet_are_joined_like_two_uploads(ours: list[Measure], theirs: list[Measure]) -> None:
    one = [replace(measure, path="a.py") for measure in ours]
    other = [replace(measure, path="b.py") for measure in theirs]
    moved = [replace(measure, path="b.py") for measure in one]

    together = shift_lines(report_of(one + other), diff_of(modified("b.py", before="a.py")))

    assert read(merge([together])) == read(merge([report_of(moved), report_of(other)]))


def _shift(lines: int) -> Callable[[], object]:
    before = upload(lines)
    diff = diff_of(
        *(modified(f"{number:05}.py", hunk(1, 1, "+", "-", " ")) for number in range(0, FILES, 2)),
        modified("zz.py", before="00001.py"),
        modified("00005.py", before="00003.py"),
    )
    return lambda: shift_lines(before, diff)


def test_calls_do_not_grow_with_the_lines() -> None:
    few, many = _shift(20), _shift(1_000)
    few()

    added = calls(many) - calls(few)

    assert abs(added) < FILES * 980 / 1_000
