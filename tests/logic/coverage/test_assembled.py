"""The commit report: bytes that know no order, sessions, totals of flags, and who has lines of which file."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Measure, report_of
from reports import report

from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import Session, assemble, open_assembled
from app.logic.coverage.codec import CodecError, StoredReport
from app.logic.coverage.merge import merge

modest = settings(max_examples=40, deadline=None)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    place = {"path": draw(st.sampled_from(["a.py", "b.rb", "c.go"])), "line": draw(st.integers(1, 4))}
    arms = draw(st.integers(0, 3))
    return Measure(hits=draw(st.integers(0, arms or 3)), arms=arms, kind=1 if arms else 0, **place)


uploads = st.lists(st.lists(measures(), min_size=1, max_size=6), min_size=1, max_size=4)
flags = st.lists(st.sampled_from(["unit", "e2e", "slow"]), unique=True, max_size=3).map(sorted).map(tuple)


def stored(measures: Sequence[Measure]) -> StoredReport:
    return codec.open_report(codec.encode(report_of(measures), {}))


def sources_of(uploads: Sequence[Sequence[Measure]], flags: Sequence[tuple[str, ...]]) -> list:
    reports = [stored(upload) for upload in uploads]
    return [
        (Session(index=3 * number, flags=names, name=f"job {number}", totals=report.totals), report)
        for number, (report, names) in enumerate(zip(reports, flags, strict=False))
    ]


@modest
@given(uploads, st.lists(flags, min_size=4, max_size=4), st.randoms())
def test_the_bytes_do_not_depend_on_the_order(uploads, flags, random) -> None:
    sources = sources_of(uploads, flags)
    shuffled = random.sample(sources, len(sources))

    assert assemble(shuffled) == assemble(sources)


@modest
@given(uploads, st.lists(flags, min_size=4, max_size=4))
def test_it_is_the_merge_of_all_uploads(uploads, flags) -> None:
    sources = sources_of(uploads, flags)

    assembled = open_assembled(assemble(sources))

    assert oracle.read(assembled.stored.load()) == oracle.merge(uploads)
    assert assembled.sessions == tuple(session for session, _ in sources)
    assert assembled.totals == measure.totals(merge([report for _, report in sources]))


@modest
@given(uploads, st.lists(flags, min_size=4, max_size=4))
def test_the_totals_of_a_flag_are_those_of_the_merge_of_its_uploads(uploads, flags) -> None:
    sources = sources_of(uploads, flags)

    assembled = open_assembled(assemble(sources))

    for name in {name for session, _ in sources for name in session.flags}:
        members = [report for session, report in sources if name in session.flags]
        expected = replace(measure.totals(merge(members)), sessions=len(members))
        assert assembled.flags[name] == expected
    assert set(assembled.flags) == {name for session, _ in sources for name in session.flags}


@modest
@given(uploads)
def test_presence_says_which_session_has_which_file(uploads) -> None:
    sources = sources_of(uploads, [()] * 4)

    assembled = open_assembled(assemble(sources))

    expected = [[path in report.files for _, report in sources] for path in assembled.stored.files]
    np.testing.assert_array_equal(assembled.presence(), np.array(expected, bool))


def test_text_in_names_and_flags_comes_back_as_it_was() -> None:
    session = Session(2, ("ünit", "a b"), "jöb \U0001f680", "carried_forward", "f" * 40)

    assembled = open_assembled(assemble([(session, stored([Measure(1, 1)]))]))

    assert assembled.sessions == (session,)
    assert set(assembled.flags) == {"ünit", "a b"}


def an_upload() -> bytes:
    return codec.encode(report({"a.py": {1: 1}}), {"formats": ["lcov"]})


def with_meta(**changes: object) -> bytes:
    meta = {"sessions": [], "flags": {}, "presence": ""} | changes
    return codec.encode(report({"a.py": {1: 1}}), meta)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 200,
        an_upload(),
        assemble([(Session(0), stored([Measure(1, 1)]))])[:-1],
        with_meta(sessions=[{"index": 0}]),
        with_meta(sessions=5),
        with_meta(flags=[]),
        with_meta(flags={"unit": 5}),
        with_meta(flags={"unit": {"hits": "many"}}),
    ],
)
def test_what_is_no_commit_report_is_a_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        open_assembled(data)


@pytest.mark.parametrize("presence", ["!", 5, None])
def test_a_damaged_presence_is_a_codec_error(presence: object) -> None:
    assembled = open_assembled(with_meta(presence=presence))
    broken = replace(assembled, sessions=(Session(0), Session(1)))

    with pytest.raises(CodecError):
        broken.presence()
