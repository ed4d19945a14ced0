"""Objects that no row names are deleted when they are due, and what cannot be deleted waits."""

from datetime import timedelta
from typing import Any

import pytest

from app.clients.storage import ObjectStorage, StorageUnavailable
from app.logic.maintenance import garbage
from app.models.database import db, now
from app.models.machinery import ObjectGarbage

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)


@pytest.fixture
def storage() -> ObjectStorage:
    return ObjectStorage.from_url("memory://")


class Watched:
    """Storage that fails for some names and notes whether a transaction was open."""

    def __init__(self, real: ObjectStorage, failing: set[str]) -> None:
        self.real = real
        self.failing = failing
        self.in_transaction: set[bool] = set()

    def delete(self, path: str) -> None:
        self.in_transaction.add(db.in_transaction())
        if path in self.failing:
            raise StorageUnavailable("503")
        self.real.delete(path)


def discard(storage: ObjectStorage, *paths: str, **values: Any) -> None:
    for path in paths:
        storage.put(path, b"x")
    ObjectGarbage.discard("archive", paths, **values)


def test_due_objects_go_and_others_stay(storage: ObjectStorage) -> None:
    discard(storage, "a", "b")
    discard(storage, "later", not_before=now() + DAY)
    storage.put("named", b"x")

    deleted = garbage.collect(storage)

    assert deleted == 2
    assert sorted(storage.list()) == ["later", "named"]
    assert [row.path for row in ObjectGarbage.select()] == ["later"]


def test_an_object_that_is_gone_already_counts_as_deleted(storage: ObjectStorage) -> None:
    ObjectGarbage.discard("archive", ["never/there"])

    assert garbage.collect(storage) == 1
    assert ObjectGarbage.select().count() == 0


def test_what_cannot_be_deleted_waits_and_does_not_hold_up_the_rest(storage: ObjectStorage) -> None:
    discard(storage, "a", "stuck", "z")
    watched = Watched(storage, {"stuck"})

    deleted = garbage.collect(watched)  # type: ignore[arg-type]

    row = ObjectGarbage.get()
    assert deleted == 2
    assert (row.path, row.attempts, row.last_error) == ("stuck", 1, "StorageUnavailable")
    assert row.not_before > now() + timedelta(minutes=50)
    assert watched.in_transaction == {False}


def test_more_than_a_batch_is_deleted_in_one_run(storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "BATCH", 3)
    discard(storage, *(f"object-{number}" for number in range(8)))

    assert garbage.collect(storage) == 8
    assert list(storage.list()) == []


def test_a_run_ends_when_its_time_is_over(storage: ObjectStorage) -> None:
    discard(storage, "a", "b", "c")

    assert garbage.collect(storage, budget=0) == 1
    assert ObjectGarbage.select().count() == 2


def test_a_run_that_was_killed_is_done_by_a_later_one(storage: ObjectStorage) -> None:
    class Killed(BaseException):
        pass

    class Deadly(Watched):
        def delete(self, path: str) -> None:
            raise Killed

    discard(storage, "a", "b")
    with pytest.raises(Killed):
        garbage.collect(Deadly(storage, set()))  # type: ignore[arg-type]

    at_once = garbage.collect(storage)
    ObjectGarbage.update(not_before=now()).execute()

    assert at_once == 0
    assert garbage.collect(storage) == 2
