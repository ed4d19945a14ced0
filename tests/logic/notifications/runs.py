"""Notify runs on the commits of the example's repository."""

from dataclasses import dataclass, replace
from typing import Any, Final

from app.clients.git import base as git
from app.clients.storage import ObjectStorage
from app.logic.coverage import codec
from app.logic.coverage.assembled import Session, assemble
from app.logic.coverage.report import Report
from app.logic.notifications.notify import Notified, NotifyPolicy, notify_commit
from app.models.git import Commit
from app.models.reports import CommitReport
from app.models.repositories import Repository
from tests.factories import make_commit
from tests.logic.notifications.fake_host import NOBODY, FakeHost
from tests.logic.notifications.rocket import BASE_SHA, HEAD_SHA

POLICY: Final = NotifyPolicy(brand="Cov", status_prefix="cov", public_url="https://cov.example.com")


@dataclass
class Rocket:
    """The example's repository, its host, and runs on the head of its pull request."""

    storage: ObjectStorage
    host: FakeHost
    repo: Repository

    def commit(self, sha: str, report: Report | None = None, **values: Any) -> Commit:
        """A commit with its published report."""
        commit = make_commit(repo=self.repo, sha=sha, **values)
        if report is not None:
            self.publish(commit, report)
        return commit

    def publish(self, commit: Commit, report: Report) -> None:
        """Give the commit new contents of its report, and ask for a notification."""
        row = CommitReport.ensure(commit.id, "coverage")
        data = assemble([(Session(index=0), codec.open_report(codec.encode(report, {})))])
        path = f"reports/{commit.sha}/{row.generation + 1}"
        self.storage.put(path, data, compress=False)
        CommitReport.publish(row.id, row.generation, object_paths={"report": path}, fingerprint=path.encode())
        CommitReport.want_notification(row.id)

    def open_pull(self, **values: Any) -> None:
        pull = git.Pull(
            number=42,
            title="Widen the nozzle",
            state="open",
            author=NOBODY,
            base=git.PullCommit("main", BASE_SHA, "acme/rocket"),
            head=git.PullCommit("feature/nozzle", HEAD_SHA, "acme/rocket"),
        )
        self.host.pulls[42] = replace(pull, **values)

    def run(self, commit: Commit) -> Notified:
        return notify_commit(self.storage, lambda _: self.host, commit.id, POLICY)

    def want(self, commit: Commit) -> None:
        CommitReport.want_notification(CommitReport.get(CommitReport.commit == commit.id).id)


def outcomes(result: Notified) -> dict[str, str]:
    return {delivery.name: delivery.outcome for delivery in result.deliveries}


def unsaid(commit: Commit) -> int:
    report = CommitReport.get(CommitReport.commit == commit.id)
    return report.notify_wanted - report.notify_done
