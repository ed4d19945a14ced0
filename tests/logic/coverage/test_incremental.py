"""Assembling upon an earlier report gives the bytes of assembling everything, and reads only what it must."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Measure, report_of

from app.logic.coverage import codec
from app.logic.coverage.assembled import Session, assemble, open_assembled
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.incremental import LAYER_FROM, Extended, Previous, extend, layer_key
from app.logic.coverage.report import IGNORED

modest = settings(max_examples=80, deadline=None)
PATHS = ["a.py", "b.py", "c.go", "d.rb"]


def stored(measures: Sequence[Measure]) -> StoredReport:
    return codec.open_report(codec.encode(report_of(measures), {}))


def session_of(index: int, report: StoredReport, *flags: str, joined: bool = True) -> Session:
    return Session(
        index=index, flags=flags, name=f"job {index}", joined=joined, content=report.identity, totals=report.totals
    )


class Commit:
    """The uploads of a commit and the newest assembly of some of them; counts what is read."""

    def __init__(self) -> None:
        self.uploads: dict[int, tuple[Session, StoredReport]] = {}
        self.report: bytes | None = None
        self.layers: dict[str, bytes] = {}
        self.read: list[int] = []

    def put(self, index: int, measures: Sequence[Measure], *flags: str, joined: bool = True) -> None:
        report = stored(measures)
        self.uploads[index] = session_of(index, report, *flags, joined=joined), report

    def load(self, session: Session) -> StoredReport:
        self.read.append(session.index)
        return self.uploads[session.index][1]

    def layer(self, key: str) -> StoredReport | None:
        return codec.open_report(self.layers[key]) if key in self.layers else None

    def extend(self) -> Extended:
        self.read.clear()
        previous = Previous(open_assembled(self.report), self.layer) if self.report is not None else None
        extended = extend([session for session, _ in self.uploads.values()], self.load, previous)
        self.report = extended.report
        self.layers = {key: self.layers[key] for key in extended.kept_layers} | dict(extended.layers)
        return extended

    def assembled_anew(self) -> bytes:
        return assemble(list(self.uploads.values()))


@st.composite
def measures(draw: st.DrawFn, paths: Sequence[str]) -> Measure:
    place = {"path": draw(st.sampled_from(paths)), "line": draw(st.integers(1, 4))}
    if draw(st.integers(0, 9)) == 0:
        return Measure(hits=IGNORED, **place)
    arms = draw(st.integers(0, 3))
    hits = draw(st.integers(0, arms or 3))
    missing = tuple(str(arm) for arm in range(hits, arms)) if arms and draw(st.booleans()) else None
    return Measure(hits=hits, arms=arms, missing=missing, kind=1 if arms else 0, **place)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[int, tuple[list[Measure], tuple[str, ...], bool]]]:
    """Draw what arrives, is replaced (same number, other contents) or disappears (no lines) between assemblies."""
    paths = draw(st.sampled_from([PATHS, PATHS[:3]]))
    lines = st.lists(measures(paths), min_size=1, max_size=5)
    flags = st.sampled_from([(), ("unit",), ("unit", "e2e"), ("slow",)])
    # The flags of an upload say whether it is joined, as a repository's configuration does.
    unjoined = draw(st.sampled_from([(), ("slow",)]))
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        step = {}
        for index in draw(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True)):
            names = draw(flags)
            step[index] = (draw(lines), names, not set(names) & set(unjoined))
        steps.append(step)
    return steps


@modest
@given(histories(), st.data())
def test_any_history_gives_the_bytes_of_assembling_everything(history, data) -> None:
    commit = Commit()

    for step in history:
        for index, (lines, flags, joined) in step.items():
            commit.put(index, lines, *flags, joined=joined)
        if len(commit.uploads) > 1 and data.draw(st.booleans()):
            del commit.uploads[data.draw(st.sampled_from(sorted(commit.uploads)))]
        commit.extend()

        assert commit.report == commit.assembled_anew()


def with_line(line: int, path: str = "a.py") -> list[Measure]:
    return [Measure(path=path, line=line, hits=1)]


def test_one_more_upload_reads_nothing_but_itself() -> None:
    commit = Commit()
    for index in range(LAYER_FROM):
        commit.put(index, with_line(index + 1), "unit")
    commit.put(8, with_line(50), "e2e")
    commit.extend()
    commit.put(9, with_line(60), "unit")

    extended = commit.extend()

    assert commit.read == [9]
    assert extended.report == commit.assembled_anew()
    assert list(extended.layers) == [layer_key(commit.uploads[9][0])]


def test_untouched_layers_are_kept_as_they_are() -> None:
    commit = Commit()
    for index in range(LAYER_FROM):
        commit.put(index, with_line(index + 1), "unit")
    commit.extend()
    commit.put(8, with_line(50), "e2e")

    extended = commit.extend()

    assert extended.layers == {}
    assert extended.kept_layers == {layer_key(commit.uploads[0][0])}
    assert commit.read == [8]


def test_a_session_that_went_away_takes_its_lines_along() -> None:
    commit = Commit()
    for index in range(LAYER_FROM + 1):
        commit.put(index, with_line(index + 1), "unit")
    commit.extend()
    del commit.uploads[0]

    commit.extend()

    assert commit.report == commit.assembled_anew()
    assert commit.report is not None
    assert open_assembled(commit.report).totals.lines == LAYER_FROM


def test_files_of_ruby_are_assembled_from_all_uploads() -> None:
    commit = Commit()
    for index in range(LAYER_FROM):
        commit.put(index, with_line(index + 1, "a.rb"), "unit")
    commit.extend()
    commit.put(9, with_line(60), "unit")

    extended = commit.extend()

    assert sorted(commit.read) == [0, 1, 2, 3, 9]
    assert extended == Extended(commit.assembled_anew())


def test_an_unjoined_upload_counts_only_where_no_other_has_the_line() -> None:
    unit = [Measure(path="a.py", line=1, hits=0), Measure(path="a.py", line=2, hits=1)]
    nightly = [Measure(path="a.py", line=1, hits=1), Measure(path="a.py", line=3, hits=1)]
    commit = Commit()
    commit.put(0, unit, "unit")
    commit.put(1, nightly, "nightly", joined=False)

    commit.extend()
    assert commit.report is not None
    report = open_assembled(commit.report)

    assert (report.totals.hits, report.totals.lines) == (2, 3)
    assert (report.flags["nightly"].hits, report.flags["nightly"].lines) == (2, 2)
    assert report.stored.load().hits.tolist() == [0, 1, 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_in_which_unjoined_uploads_arrive_does_not_matter(order: tuple[int, ...]) -> None:
    uploads = {
        0: ([Measure(path="a.py", line=1, hits=0)], "unit", True),
        1: ([Measure(path="a.py", line=1, hits=1), Measure(path="a.py", line=3, hits=1)], "nightly", False),
        2: ([Measure(path="a.py", line=3, hits=0)], "unit", True),
    }
    commit = Commit()

    for index in order:
        lines, flag, joined = uploads[index]
        commit.put(index, lines, flag, joined=joined)
        commit.extend()

    assert commit.report is not None
    assert open_assembled(commit.report).stored.load().hits.tolist() == [0, 0]


def test_a_session_that_stopped_being_joined_is_noticed() -> None:
    commit = Commit()
    commit.put(0, with_line(1), "unit")
    commit.put(1, [Measure(path="a.py", line=1, hits=0)], "e2e")
    commit.extend()
    session, report = commit.uploads[0]
    commit.uploads[0] = replace(session, joined=False), report

    commit.extend()

    assert commit.report == commit.assembled_anew()
    assert open_assembled(commit.report).totals.hits == 0
