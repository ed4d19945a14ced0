"""Fetch a raw upload: from storage to the bytes of its envelope."""

from app.clients.storage import ObjectCorrupt, ObjectStorage, ObjectTooLarge
from app.helpers import compression
from app.logic.uploads.limits import Limits

MAX_LAYERS = 2  # of compression that nobody announced: what is below is no upload any more


def fetch_raw(storage: ObjectStorage, path: str, limits: Limits) -> bytes:
    """Return the decompressed contents of a raw upload; raises what `ObjectStorage.get` does.

    A client that sends its object itself may forget to say that it is compressed; its first bytes say so as well.
    """
    body = storage.get(path, max_bytes=limits.raw_bytes, max_stored=limits.stored_bytes)
    for _ in range(MAX_LAYERS):
        encoding = compression.encoding_of(body)
        if encoding is None:
            break
        try:
            body = compression.decompress(body, encoding, limits.raw_bytes)
        except compression.TooLarge as error:
            raise ObjectTooLarge(f"{path} {error}", limit=limits.raw_bytes) from error
        except compression.Corrupt as error:
            raise ObjectCorrupt(f"{path} {error}") from error
    return body
