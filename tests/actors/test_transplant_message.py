"""The message that gives a commit the coverage of another one."""

import json
from collections.abc import Iterator

import pytest
from dramatiq.brokers.stub import StubBroker

from app.actors.reports import transplant_report
from app.logic.coverage import codec
from app.logic.coverage.builder import ReportBuilder
from app.middleware.errors import PayloadRejected
from app.models.git import Commit
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.runtime import Runtime
from tests.factories import make_commit, make_report, make_repository, make_upload


@pytest.fixture
def repository(run: Runtime) -> Repository:
    return make_repository()


@pytest.fixture
def source(run: Runtime, repository: Repository) -> Commit:
    """A commit with one upload that was read."""
    report = make_report(commit=make_commit(repo=repository))
    run.storage.put("parsed/one", codec.encode(ReportBuilder().build(), {}), compress=False)
    make_upload(report=report, repo=repository, state="merged", parsed_path="parsed/one")
    return report.commit


def broker_of_actors() -> StubBroker:
    broker = transplant_report.broker
    assert isinstance(broker, StubBroker)
    return broker


@pytest.fixture
def quiet() -> Iterator[None]:
    """No message of another test waits in the queues, and none is left to the next one."""
    broker_of_actors().flush_all()
    yield
    broker_of_actors().flush_all()


def woken() -> list[str]:
    """Return the names of the actors that were woken, in order."""
    return [json.loads(message)["actor_name"] for message in list(broker_of_actors().queues["reports"].queue)]


@pytest.mark.usefixtures("quiet")
def test_the_target_is_prepared_and_assembled(repository: Repository, source: Commit) -> None:
    target = make_commit(repo=repository)

    transplant_report(repo_id=repository.id, from_sha=source.sha, to_sha=target.sha)

    assert woken() == ["uploads.prepare", "uploads.assemble"]
    assert CommitReport.get(CommitReport.commit == target.id).assembly_wanted == 1


@pytest.mark.usefixtures("quiet")
def test_a_repeated_message_wakes_the_assembly_again(repository: Repository, source: Commit) -> None:
    target = make_commit(repo=repository)
    make_report(commit=target, config={})

    for _ in range(2):
        transplant_report(repo_id=repository.id, from_sha=source.sha, to_sha=target.sha)

    assert woken() == ["uploads.assemble", "uploads.assemble"]


@pytest.mark.usefixtures("quiet")
def test_an_unknown_commit_wakes_nobody(repository: Repository, source: Commit) -> None:
    transplant_report(repo_id=repository.id, from_sha=source.sha, to_sha="f" * 40)

    assert woken() == []


def test_what_is_no_sha_is_rejected(repository: Repository) -> None:
    with pytest.raises(PayloadRejected):
        transplant_report(repo_id=repository.id, from_sha="main", to_sha="f" * 40)
