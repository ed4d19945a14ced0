"""Objects and the rows that name them: between the two writes an object counts as garbage, so a crash leaves nothing.

Every object is written once, under a name of its own.
"""

from datetime import timedelta

from app.clients.storage import ObjectStorage
from app.models.database import now
from app.models.machinery import ObjectGarbage

BUCKET = "archive"
MAX_OBJECT = 4 << 30  # bytes; only bounds what a damaged header may claim
UNNAMED = timedelta(days=1)  # far longer than any writer takes from the object to its row
REPLACED = timedelta(days=1)  # readers that hold the old name finish in peace


def put(storage: ObjectStorage, path: str, data: bytes, *, compress: bool = True) -> None:
    """Store an object that no row names yet; `adopt` must follow in the transaction that names it."""
    ObjectGarbage.discard(BUCKET, [path], now() + UNNAMED)
    storage.put(path, data, compress=compress)


def adopt(path: str) -> None:
    """Keep an object, in the transaction that writes its name to a row."""
    ObjectGarbage.delete().where((ObjectGarbage.bucket == BUCKET) & (ObjectGarbage.path == path)).execute()


def replace(path: str | None) -> None:
    """Let go of an object, in the transaction that takes its name from a row."""
    if path is not None:
        ObjectGarbage.discard(BUCKET, [path], now() + REPLACED)
