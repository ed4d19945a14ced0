"""Whole worker processes that die by SIGKILL: their messages are lost, sweepers in another process finish the work."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clients.git.local_posts import LocalPosts
from app.clients.storage import ObjectStorage
from app.models.database import Database
from app.models.git import Commit, Pull
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from app.models.results import Notification
from tests.example import Uploader, example
from tests.faults import victim
from tests.faults.rocket import stray_objects
from tests.faults.simulation import Simulation, simulated

pytestmark = pytest.mark.e2e

EVERY = 24  # the test in one process strikes at every step
LIMIT = 600
UPLOADS = (2, 3)


@pytest.fixture
def place(database: Database, database_url: str, tmp_path: Path) -> victim.Place:
    objects = tmp_path / "objects"
    objects.mkdir()
    return victim.Place(database_url, objects.as_uri(), tmp_path)


@pytest.fixture
def rescuer(place: victim.Place) -> Iterator[Simulation]:
    """Another worker, which finds what the dead one has left."""
    with simulated(place.database_url, place.folder, storage=ObjectStorage.from_url(place.storage_url)) as simulation:
        yield simulation


def test_a_process_killed_at_a_step_leaves_nothing_undone(
    place: victim.Place, rescuer: Simulation, repository: Repository, checkout: Path
) -> None:
    uploader = Uploader(rescuer.run.storage, checkout, repository.id)
    folder = rescuer.run.state_folder / "posts" / repository.storage_prefix
    posts = LocalPosts(folder)

    def accept(sha: str, side: str, pull: int | None = None) -> CommitReport:
        accepted = [uploader.send(sha, number, side, pull) for number in UPLOADS]
        return CommitReport.get_by_id(accepted[0].report_id)

    def end(report: CommitReport) -> object:
        """What is said in the end about the head."""
        stored = CommitReport.get_by_id(report.id).object_paths["report"]
        states = [upload.state for upload in Upload.select().where(Upload.report == report.id)]
        statuses = [(status.context, status.state, status.description) for status in posts.statuses(example.head)]
        sent = Notification.select().where(Notification.state == "success").count()
        comments = [comment.body for comment in posts.comments(example.pull)]
        return rescuer.run.storage.get(stored, max_bytes=1 << 30), states, statuses, sent, comments

    rescuer.send("uploads.prepare", report_id=accept(example.base, "base").id)
    rescuer.settle()
    undisturbed = victim.start(place, (report := accept(example.head, "head", example.pull)).id, LIMIT)
    undisturbed.join(60)
    rescuer.settle()
    expected = end(report)

    for strike_at in range(1, LIMIT, EVERY):
        Commit.delete().where(Commit.sha == example.head).execute()
        Pull.delete().execute()
        shutil.rmtree(folder)
        report = accept(example.head, "head", example.pull)
        process = victim.start(place, report.id, strike_at)
        process.join(60)
        if process.exitcode == 0:
            break
        rescuer.settle()

        assert process.exitcode == -signal.SIGKILL
        assert end(report) == expected, strike_at
    assert 100 < strike_at < LIMIT - EVERY
    assert undisturbed.exitcode == 0
    # Objects of the commits that the test deleted are named by nobody; those that are named are there.
    assert not [line for line in stray_objects(rescuer.run.storage) if "named by a row" in line]
