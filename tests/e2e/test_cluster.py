"""Two worker processes, thirty uploads of three commits, one process killed in the middle: nothing is lost."""

import dramatiq
import pytest

from app.broker import rabbitmq_broker
from app.clients.git.local import LocalCheckout
from app.clients.storage import ObjectStorage
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.process import process_upload
from app.models.database import Database
from app.models.reports import CommitReport, Upload
from app.models.results import Notification, PullComment
from tests.e2e.conftest import Cluster, kill_group, wait_until
from tests.example import Uploader, clone, example
from tests.factories import make_owner, make_repository
from tests.logic.uploads.conftest import POLICY

UPLOADS_PER_COMMIT = 10
FINAL = ("merged", "error")

pytestmark = [pytest.mark.amqp, pytest.mark.e2e]


def stored(storage: ObjectStorage, report_id: int) -> bytes:
    return storage.get(CommitReport.get_by_id(report_id).object_paths["report"], max_bytes=1 << 30)


def send_prepare(amqp_url: str, report_id: int) -> None:
    """Publish the wake-up as a producer of its own would: plain JSON, no actor imported."""
    broker = rabbitmq_broker(amqp_url)
    broker.declare_queue("reports", ensure=True)
    broker.enqueue(
        dramatiq.Message(
            queue_name="reports", actor_name="uploads.prepare", args=(), kwargs={"report_id": report_id}, options={}
        )
    )
    broker.close()


def undisturbed(uploader: Uploader, shas: list[str]) -> list[bytes]:
    """Process the same uploads one after another in this process."""
    reports = []
    for sha in shas:
        accepted = [uploader.send(sha, number) for number in range(UPLOADS_PER_COMMIT)]
        for one in accepted:
            process_upload(uploader.storage, one.upload_id, POLICY, "undisturbed")
        assemble_report(uploader.storage, accepted[0].report_id)
        reports.append(stored(uploader.storage, accepted[0].report_id))
    return reports


def test_reports_survive_a_killed_process_byte_for_byte(cluster: Cluster, database: Database, amqp_url: str) -> None:
    # A checkout, three commits of it, and what their reports are without any disturbance.
    checkout = clone(cluster.folder)
    git = LocalCheckout(checkout, cluster.folder / "posts")
    shas = [example.head, *git.get_commit(example.head).parents, example.base]
    owner = make_owner(provider="local", provider_id="acme", username="acme")
    rehearsal = make_repository(owner=owner, provider="local", provider_id=f"{checkout}/rehearsal", name="rehearsal")
    repository = make_repository(owner=owner, provider="local", provider_id=str(checkout), name="rocket")
    storage = ObjectStorage.from_url(cluster.environment["CW__STORAGE__URL"])
    expected = undisturbed(Uploader(storage, checkout, rehearsal.id), shas)
    uploader = Uploader(storage, checkout, repository.id)
    accepted = [[uploader.send(sha, number) for number in range(UPLOADS_PER_COMMIT)] for sha in shas]
    reports = [uploads[0].report_id for uploads in accepted]

    # Two processes work on them; one is killed when a third of the work is done.
    victim, _ = cluster.start_worker(), cluster.start_worker()
    for report_id in reports:
        send_prepare(amqp_url, report_id)
    mine = Upload.report.in_(reports)

    def finished() -> int:
        return int(
            Upload.select().where(mine & (Upload.kind == "uploaded") & Upload.state.in_(("processed", *FINAL))).count()
        )

    def where() -> str:
        states = [(u.id, u.state, u.attempts) for u in Upload.select().where(mine)]
        rows = [
            (r.id, r.state, r.assembly_wanted, r.assembly_done, r.notify_wanted, r.notify_done)
            for r in CommitReport.select().where(CommitReport.id.in_(reports))
        ]
        return f"{states}\n{rows}\n{cluster.logs()[-4000:]}"

    wait_until(lambda: finished() >= 10, 60, where)
    kill_group(victim)

    def told() -> bool:
        rows = CommitReport.select().where(CommitReport.id.in_(reports))
        return all(r.state == "complete" and r.assembly_done == r.assembly_wanted for r in rows) and all(
            r.notify_done == r.notify_wanted for r in rows
        )

    wait_until(told, 90, where)

    # Every upload is in, every report equals the undisturbed one, and people were told once. What was carried from
    # commit to commit has given way, because every flag was uploaded for each.
    assert {upload.state for upload in Upload.select().where(mine & (Upload.kind == "uploaded"))} == {"merged"}
    assert {upload.state for upload in Upload.select().where(mine & (Upload.kind != "uploaded"))} <= {"superseded"}
    assert [stored(storage, report_id) for report_id in reports] == expected
    assert PullComment.select().count() == 1
    assert Notification.select().where(Notification.type == "status_project").count() == len(shas)
