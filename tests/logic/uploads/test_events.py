"""One vocabulary for the timeline: whatever a row may hold has words, and a remedy if it is a problem."""

import pytest
from peewee import InterfaceError

from app.clients.git import base
from app.logic.maintenance.postponed import NOTIFY_FAILED
from app.logic.uploads import events, problems, publish, transplant
from app.models.database import Database
from app.models.machinery import UploadEvent

MILESTONES = {
    value for name, value in vars(events).items() if name.isupper() and not name.startswith("_") and type(value) is str
}
GIT_ERRORS = [error for error in vars(base).values() if isinstance(error, type) and issubclass(error, base.GitError)]


def test_every_milestone_has_its_words() -> None:
    assert events.MILESTONES.keys() == MILESTONES
    assert len({step.text for step in events.MILESTONES.values()}) == len(MILESTONES)


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            *problems.TEXTS,
            *(error.code for error in GIT_ERRORS),
            publish.FAILED,
            transplant.FAILED,
            NOTIFY_FAILED,
        }
    ),
)
def test_every_problem_that_is_stored_has_words_and_a_remedy(code: str) -> None:
    trouble = events.TROUBLES[code]

    assert trouble.text.endswith(".")
    assert trouble.remedy


def test_codes_of_a_newer_release_are_shown_as_they_are() -> None:
    assert events.describe("teleported") == "teleported"
    assert events.describe(None) == ""
    assert events.trouble("new_problem") == events.Trouble("new_problem", "")


def test_an_event_that_cannot_be_written_stops_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InterfaceError("connection lost")

    with monkeypatch.context() as broken:
        broken.setattr(UploadEvent, "record", refuse)
        events.record(1, "a" * 40, events.ACCEPTED)

    events.record(1, "a" * 40, events.ACCEPTED, [7], extra={"name": "half a pair \ud800"})
    assert [event.upload_ids for event in UploadEvent.select()] == [[7]]
