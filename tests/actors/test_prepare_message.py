"""The message that prepares a commit, while another worker is at it."""

from threading import Event, Thread

from app.actors.uploads import prepare
from app.models.database import Database
from app.models.locks import try_lock
from app.models.reports import CommitReport
from app.runtime import Runtime
from tests.factories import make_report


def test_a_commit_that_another_worker_prepares_is_left_to_it(run: Runtime, database: Database) -> None:
    report = make_report(base_state="unknown")
    is_held, may_end = Event(), Event()

    def hold() -> None:
        with database.connection_context(), try_lock(f"prepare:{report.id}"):
            is_held.set()
            may_end.wait(30)

    other = Thread(target=hold)
    other.start()
    is_held.wait(30)
    try:
        prepare(report_id=report.id)
    finally:
        may_end.set()
        other.join()

    left = CommitReport.get_by_id(report.id)
    assert (left.config, left.base_state) == (None, "unknown")
