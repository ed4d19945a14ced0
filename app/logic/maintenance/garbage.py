"""Delete objects in storage that no row names any more; a missing object counts as deleted."""

import time
from datetime import timedelta

from peewee import fn

from app.clients.storage import ObjectStorage, StorageError
from app.models.database import db
from app.models.machinery import ObjectGarbage

BATCH = 100
BUDGET = 60.0  # seconds of one run; the rest is left to the next one
HELD = timedelta(minutes=10)  # longer than a run
RETRY = timedelta(hours=1)


def collect(storage: ObjectStorage, budget: float = BUDGET) -> int:
    """Delete due objects and return how many went; what cannot be deleted now is tried again later.

    Rows are taken by moving their time, so that storage is not called inside a transaction, and a row outlives a run
    that was killed.
    """
    deleted, deadline = 0, time.monotonic() + budget
    while rows := _take():
        for row in rows:
            try:
                storage.delete(row.path)
            except StorageError as error:
                ObjectGarbage.postpone(row.id, RETRY * min(row.attempts + 1, 24), type(error).__name__)
            else:
                ObjectGarbage.delete().where(ObjectGarbage.id == row.id).execute()
                deleted += 1
            if time.monotonic() > deadline:
                return deleted
    return deleted


def _take() -> list[ObjectGarbage]:
    with db.atomic():
        rows = list(ObjectGarbage.due(BATCH))
        held = ObjectGarbage.id.in_([row.id for row in rows])
        ObjectGarbage.update(not_before=fn.now() + HELD).where(held).execute()
    return rows
