"""Delete objects that no row names any more; a missing object counts as deleted."""

from datetime import timedelta

from app.clients.storage import ObjectStorage, StorageError
from app.models.database import db
from app.models.machinery import ObjectGarbage

BATCH = 100
RETRY = timedelta(hours=1)


def collect(storage: ObjectStorage) -> int:
    """Delete one batch of due objects and return how many went; what cannot be deleted now is tried again later."""
    deleted = 0
    with db.atomic():
        for row in ObjectGarbage.due(BATCH):
            try:
                storage.delete(row.path)
            except StorageError as error:
                ObjectGarbage.postpone(row.id, RETRY, type(error).__name__)
            else:
                ObjectGarbage.delete().where(ObjectGarbage.id == row.id).execute()
                deleted += 1
    return deleted
