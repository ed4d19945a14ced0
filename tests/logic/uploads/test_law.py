"""The law of the report: the order, repetition and batches of its uploads, and when it carries, do not change a byte."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clients.git.base import Compare
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.coverage.assembled import open_assembled
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.base_layer import build_base_layer
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.process import process_upload
from app.models.database import Database, db
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from tests.expected import Raw, carry, commit_report, parts
from tests.logic.uploads.carrying import NOON, History, report_of
from tests.logic.uploads.conftest import POLICY

TEXT = {f"{name}.py": "".join(f"{line}\n" for line in range(1, 9)) for name in "abcd"}
RULES: dict[str, Any] = {
    "flags": {
        "unit": {"carryforward": True},
        "e2e": {"carryforward": True},
        "nightly": {"carryforward": True, "joined": False},
        "lint": {},
    }
}


def lcov(*records: str) -> bytes:
    """Lines with hits, and branches whose missing arms have names."""
    return write_envelope({"lcov.info": "".join(f"{record}\nend_of_record\n" for record in records).encode()}, FILES)


def cobertura(path: str, lines: str) -> bytes:
    """Branches of which only the number of arms taken is known."""
    document = (
        f'<coverage><packages><package><classes><class filename="{path}"><lines>{lines}</lines></class></classes>'
    )
    return write_envelope({"coverage.xml": f"{document}</package></packages></coverage>".encode()}, FILES)


FILES = ("a.py", "b.py", "c.py", "d.py", "new.py")
HALF = '<line number="{}" hits="1" branch="true" condition-coverage="50% (1/2)"/>'
PARENT = (
    Raw(lcov("SF:a.py\nDA:1,1\nDA:2,0\nDA:3,1", "SF:b.py\nDA:1,1"), 0, ("unit",), "job"),
    Raw(lcov("SF:a.py\nDA:1,1\nDA:8,2\nBRDA:8,0,0,2\nBRDA:8,0,1,0", "SF:c.py\nDA:1,1\nDA:2,0"), 1, ("e2e",)),
    Raw(lcov("SF:a.py\nDA:1,4\nDA:4,1", "SF:d.py\nDA:1,1"), 2, ("nightly",), "CF[1] - night"),
    Raw(lcov("SF:d.py\nDA:2,1"), 3, ("lint",)),
)
HEAD = (
    Raw(lcov("SF:a.py\nDA:2,1\nDA:3,0\nDA:5,1\nBRDA:5,0,0,1\nBRDA:5,0,1,0", "SF:new.py\nDA:1,0"), 0, ("unit",), "job"),
    Raw(write_envelope({"notes.txt": b"hello"}, FILES), 1, ("e2e",)),  # fails: what is carried of e2e stays
    Raw(lcov("SF:a.py\nDA:3,1\nDA:6,1", "SF:d.py\nDA:1,0\nDA:3,0"), 2, ("nightly", "lint")),
    Raw(cobertura("a.py", HALF.format(5) + HALF.format(6)), 3, ("lint",)),
    Raw(lcov("SF:a.py\nDA:5,1\nBRDA:5,0,0,0\nBRDA:5,0,1,1\nDA:6,0", "SF:c.py\nDA:1,0"), 4),
    Raw(cobertura("c.py", HALF.format(2) + '<line number="3" hits="0"/>'), 5, ("lint", "unit")),
)


@dataclass(frozen=True)
class Course:
    """What happens to the uploads of a commit, one after another.

    `order` are numbers of uploads, more than once where a message comes again. The report is assembled after the steps
    in `batches` and at the end, and what it carries is decided before step `base_at`, at last after all.
    """

    order: tuple[int, ...]
    batches: frozenset[int]
    base_at: int
    incremental: bool = True


@dataclass(frozen=True)
class Outcome:
    report: bytes
    totals: dict[str, Any]
    uploads: list[tuple[Any, ...]]


class Diffs(LocalCheckout):
    """A checkout that computes each diff once."""

    @cache  # noqa: B019  # as long as the tests of this module
    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare:
        return super().get_compare(base, head)


class Stage:
    """A parent with a report, and a head whose uploads wait; every course starts from the same rows."""

    def __init__(self, history: History, uploads: int) -> None:
        self.storage = history.storage
        self.git = Diffs(history.checkout.path, history.checkout.path)
        history.commit(TEXT)
        parent = history.commit()
        for raw in PARENT:
            process_upload(self.storage, self._accept(history, parent, raw).id, POLICY, "test")
        history.finish(parent)
        changed = {
            "a.py": "new\n" + TEXT["a.py"].replace("3\n", ""),
            "b.py": None,
            "c.py": None,
            "new.py": TEXT["c.py"],
        }
        head = history.commit(changed)
        self.uploads = [self._accept(history, head, raw, parent) for raw in HEAD[:uploads]]
        self.report_id = report_of(head).id
        CommitReport.update(config=RULES).where(CommitReport.id == self.report_id).execute()
        diff = self.git.get_compare(parent, head).diff
        self.expected = commit_report(HEAD[:uploads], RULES, carry(parts(PARENT), parent, diff, RULES))
        self.straight = self.run(Course(tuple(range(uploads)), frozenset(), 0, incremental=False))

    def _accept(self, history: History, sha: str, raw: Raw, parent: str | None = None) -> Upload:
        new = NewUpload(history.repo.id, sha, NOON, raw.flags, raw.name, parent_sha=parent)
        return Upload.get_by_id(accept_upload(self.storage, new, raw.body, NOON).upload_id)

    def run(self, course: Course) -> Outcome:
        with db.atomic() as transaction:
            for step, number in enumerate((*course.order, None)):
                if step == course.base_at:
                    build_base_layer(self.storage, lambda _: self.git, CommitReport.get_by_id(self.report_id), NOON)
                if number is not None:
                    process_upload(self.storage, self.uploads[number].id, POLICY, "test")
                if number is None or step in course.batches:
                    assemble_report(self.storage, self.report_id, incremental=course.incremental)
            outcome = self._outcome()
            transaction.rollback()
        return outcome

    def _outcome(self) -> Outcome:
        report = CommitReport.get_by_id(self.report_id)
        columns = [
            "state",
            "coverage",
            "files",
            "lines",
            "hits",
            "misses",
            "partials",
            "branches",
            "methods",
            "sessions",
            "complexity",
        ]
        rows = Upload.select().where(Upload.report == self.report_id).order_by(Upload.session_index)
        return Outcome(
            self.storage.get(report.object_paths["report"], max_bytes=1 << 30),
            {name: getattr(report, name) for name in columns},
            [(u.session_index, u.name, u.state, u.error_code, u.totals) for u in rows],
        )


@pytest.fixture
def history(tmp_path: Path, storage: ObjectStorage, repository: Repository) -> History:
    return History(tmp_path, storage, repository)


def every_split(order: Sequence[int]) -> Iterator[Course]:
    """One order with everything else that can differ."""
    last = len(order) - 1
    for chosen, base_at, incremental in product(range(1 << last), range(len(order) + 1), (True, False)):
        batches = frozenset(step for step in range(last) if chosen >> step & 1)
        yield Course(tuple(order), batches, base_at, incremental)


def every_order(uploads: int) -> Iterator[Course]:
    """Every order, each with something different of the rest, and with messages that come again."""
    chance = random.Random(uploads)
    for order in permutations(range(uploads)):
        repeated = [*order, chance.choice(order)]
        batches = frozenset(step for step in range(uploads) if chance.random() < 0.5)
        yield Course(tuple(repeated), batches, chance.randint(0, uploads + 1), chance.random() < 0.7)


@pytest.mark.parametrize("uploads", [2, 3, 4])
def test_a_report_depends_on_its_uploads_only(history: History, uploads: int) -> None:
    stage = Stage(history, uploads)

    for course in (*every_split(range(uploads)), *every_order(uploads)):
        assert stage.run(course) == stage.straight, course
    assert stage.straight.report == stage.expected


@st.composite
def courses(draw: st.DrawFn, uploads: int) -> Course:
    order = [*draw(st.permutations(range(uploads))), *draw(st.lists(st.integers(0, uploads - 1), max_size=3))]
    batches = draw(st.sets(st.integers(0, len(order) - 1)))
    return Course(tuple(order), frozenset(batches), draw(st.integers(0, len(order))), draw(st.booleans()))


@pytest.mark.parametrize("uploads", [5, 6])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_report_of_many_uploads_depends_on_them_only(
    staged: dict[int, Stage], history: History, uploads: int, data: st.DataObject
) -> None:
    stage = staged.get(uploads) or staged.setdefault(uploads, Stage(history, uploads))

    outcome = stage.run(data.draw(courses(uploads)))

    assert outcome == stage.straight
    assert outcome.report == stage.expected


@pytest.fixture
def staged(database: Database) -> dict[int, Stage]:
    """The stage of a test, which its examples share."""
    return {}


def test_the_stage_has_all_that_the_law_is_about(history: History) -> None:
    stage = Stage(history, len(HEAD))

    outcome = stage.run(Course(tuple(range(len(HEAD))), frozenset({2}), 4))

    report = open_assembled(outcome.report)
    states = {(index, state) for index, _, state, *_ in outcome.uploads}
    assert {(1, "error"), (10_000, "superseded"), (10_001, "merged"), (10_002, "superseded")} <= states
    assert [session.joined for session in report.sessions] == [True, False, True, True, True, True]
    assert {"e2e", "lint", "nightly", "unit"} == set(report.flags)
