"""The stored comparison: reads back as it was, has a bounded size, and knows what it cannot read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.comparison.stored import (
    MAX_LINES,
    ComparisonUnreadable,
    StoredComparison,
    bounded,
    read,
    write,
)
from app.logic.coverage.comparison import ImpactedFile, ReportComparison
from app.logic.coverage.report import HIT, MISS, NO_DATA
from app.logic.coverage.totals import Totals

counts = st.integers(0, 10**12)
file_totals = st.builds(
    Totals, hits=counts, misses=counts, partials=counts, branches=counts, methods=counts, complexity=counts
)
totals = st.builds(Totals, files=counts, hits=counts, misses=counts, sessions=counts, complexity_total=counts)
cells = st.tuples(st.integers(1, 2**31), st.integers(0, 4))
lines = st.lists(cells, max_size=4).map(tuple)
paths = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
files = st.builds(
    ImpactedFile,
    base_path=paths,
    head_path=paths,
    in_diff=st.booleans(),
    added_by_diff=st.booleans(),
    removed_by_diff=st.booleans(),
    base_totals=st.none() | file_totals,
    head_totals=st.none() | file_totals,
    patch=st.none() | file_totals,
    removed=lines,
    added=lines,
    unexpected=st.lists(st.tuples(cells, cells), max_size=4).map(tuple),
)
comparisons = st.builds(
    ReportComparison,
    base=st.none() | totals,
    head=totals,
    patch=st.none() | totals,
    files=st.lists(files, max_size=5).map(tuple),
)
flags = st.dictionaries(
    st.sampled_from(["unit", "ünit", "a b"]),
    st.fixed_dictionaries({side: st.none() | totals for side in ("base", "head", "patch")}),
)
modest = settings(max_examples=50, deadline=None)


@modest
@given(comparisons, flags, st.none() | st.just("a" * 40), st.integers(0, 9))
def test_what_is_written_reads_back(comparison, flags, patch_base, cut) -> None:
    stored = StoredComparison(comparison, patch_base, flags, cut)

    assert read(write(stored)) == stored
    assert write(read(write(stored))) == write(stored)


@modest
@given(comparisons, st.integers(0, 20))
def test_a_bounded_comparison_differs_in_lines_only(comparison, limit) -> None:
    smaller, cut = bounded(comparison, limit)

    kept = sum(len(file.removed) + len(file.added) + len(file.unexpected) for file in smaller.files)
    bare = [(new, old) for new, old in zip(smaller.files, comparison.files, strict=True) if new != old]
    assert kept <= limit
    assert len(bare) <= cut
    assert all(new.path == old.path and new.head_totals == old.head_totals for new, old in bare)
    assert (smaller.base, smaller.head, smaller.patch) == (comparison.base, comparison.head, comparison.patch)


def vanished(number: int, lines: int = 200) -> ImpactedFile:
    """A file that is in the base report only, without the diff saying why."""
    path = f"services/module-{number:05}/src/main/java/com/acme/rocket/Component{number:05}.java"
    pairs = tuple(((line, HIT if line % 3 else MISS), (line, NO_DATA)) for line in range(1, lines + 1))
    return ImpactedFile(path, None, False, False, False, Totals(hits=134, misses=66), None, None, (), (), pairs)


def changed(number: int) -> ImpactedFile:
    path = f"zeta/file-{number}.py"
    added = tuple((line, HIT) for line in range(1, 51))
    some = Totals(hits=50)
    return ImpactedFile(path, path, True, False, False, some, some, some, (), added, ())


def test_five_thousand_vanished_files_take_a_few_megabytes() -> None:
    files = (*(vanished(number) for number in range(5000)), *(changed(number) for number in range(100)))
    comparison = ReportComparison(Totals(files=5100), Totals(files=100), Totals(hits=5000), files)

    smaller, cut = bounded(comparison)
    data = write(StoredComparison(smaller, files_without_lines=cut))

    assert len(data) < 8 << 20
    assert 3900 < cut < 5000
    # People read the files of the diff first, and count the others.
    assert all(file.added for file in smaller.files if file.in_diff)
    assert [file.path for file in smaller.files] == [file.path for file in files]
    assert read(data).files_without_lines == cut
    assert sum(len(file.unexpected) for file in smaller.files) <= MAX_LINES


def test_a_small_comparison_is_not_touched() -> None:
    comparison = ReportComparison(None, Totals(), None, (changed(1), vanished(1)))

    assert bounded(comparison) == (comparison, 0)


valid = json.loads(write(StoredComparison(ReportComparison(None, Totals(), None, (changed(1),)))))


@pytest.mark.parametrize(
    "value",
    [
        5,
        [],
        {},
        valid | {"version": 99},
        valid | {"files": [{}]},
        valid | {"files": [valid["files"][0] | {"added": [[1]]}]},
        valid | {"files": [valid["files"][0] | {"head": [1, 2]}]},
        valid | {"head": "x"},
        valid | {"flags": []},
        {name: part for name, part in valid.items() if name != "patch_base"},
    ],
)
def test_what_has_another_shape_is_unreadable(value: object) -> None:
    with pytest.raises(ComparisonUnreadable):
        read(json.dumps(value).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"\x28\xb5\x2f\xfd"])
def test_what_is_no_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(ComparisonUnreadable):
        read(data)
