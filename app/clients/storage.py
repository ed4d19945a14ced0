"""Object storage: S3, MinIO, Google Cloud, Azure, a local folder or memory behind the same few operations."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

import obstore
import zstandard
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from app.helpers import compression

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# Up to this size an object is one request; larger ones are sent in parts of this size.
_PART = 32 << 20


class StorageError(Exception):
    """Something is wrong with an object or the storage; `permanent` = trying again cannot help."""

    code = "storage_error"
    permanent = True


class ObjectMissing(StorageError):
    """There is no object of this name, or not yet."""

    code = "object_missing"


class ObjectTooLarge(StorageError):
    """The object, as stored or once decompressed, is larger than the caller accepts.

    `limit` is the bound it broke, in bytes; `size` is what is stored, None where it grew while it was decompressed.
    """

    code = "object_too_large"

    def __init__(self, message: str, *, limit: int, size: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.size = size


class ObjectCorrupt(StorageError):
    """The object cannot be decompressed."""

    code = "object_corrupt"


class ObjectPathInvalid(StorageError):
    """The name is empty, absolute, or contains `..`, empty parts or control characters."""

    code = "object_path_invalid"


class StorageMisconfigured(StorageError):
    """The URL or an option makes no storage, or the storage cannot do what is asked."""

    code = "storage_misconfigured"


class StorageUnavailable(StorageError):
    """The storage did not answer, or refused, after all retries."""

    code = "storage_unavailable"
    permanent = False


class ObjectStorage:
    """Objects by name; names are relative to the bucket and prefix of the URL.

    Threads may share one; a process must not fork once any has been used.
    """

    def __init__(self, store: "ObjectStore", signer: "S3Store | GCSStore | AzureStore | None" = None) -> None:
        self._store = store
        self._signer = signer
        # A local folder has no place for Content-Encoding; zstd is recognised by its magic number there.
        self._has_attributes = not isinstance(store, LocalStore)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        endpoint: str | None = None,
        public_endpoint: str | None = None,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        path_style: bool = True,
        ca_certificate: str | None = None,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        request_timeout: float = 300,
        retries: int = 5,
        retry_timeout: float = 120,
        **options: Any,
    ) -> Self:
        """Open `file:///folder`, `memory://`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://account/container`.

        `endpoint`, `public_endpoint` (the host of presigned URLs when clients reach the storage by another name),
        `region`, the keys and `path_style` are for S3 and its relatives; without keys the usual places are searched
        (environment, web identity, instance metadata). `ca_certificate` is the path of a PEM file. Times are seconds;
        `request_timeout` bounds one attempt, `retry_timeout` all of them. Other options go to the backend as they are.
        Raises StorageMisconfigured.
        """
        scheme = urlsplit(url).scheme
        if scheme == "memory":
            return cls(MemoryStore())
        if scheme == "file":
            return cls(_open_folder(url))
        client: ClientConfig = {
            "connect_timeout": timedelta(seconds=connect_timeout),
            "read_timeout": timedelta(seconds=read_timeout),
            "timeout": timedelta(seconds=request_timeout),
            "allow_http": (endpoint or "").startswith("http://"),
        }
        retry: RetryConfig = {"max_retries": retries, "retry_timeout": timedelta(seconds=retry_timeout)}
        with _configuration_errors():
            if ca_certificate is not None:
                client["root_certificate"] = Path(ca_certificate).read_bytes()
            if scheme == "gs":
                google = GCSStore.from_url(url, client_options=client, retry_config=retry, **options)
                return cls(google, google)
            if scheme == "az":
                azure = AzureStore.from_url(url, client_options=client, retry_config=retry, **options)
                return cls(azure, azure)
            if scheme != "s3":
                raise StorageMisconfigured(f"no storage for URLs that start with {scheme or 'nothing'}:")
            given: dict[str, Any] = {
                "region": region,
                "access_key_id": access_key_id,
                "secret_access_key": secret_access_key,
                "virtual_hosted_style_request": not path_style,
                # Objects are deleted one by one; not every relative of S3 knows the bulk request.
                "disable_bulk_delete": True,
                **options,
            }
            config = {name: value for name, value in given.items() if value is not None}

            def open_s3(endpoint: str | None) -> S3Store:
                host: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
                return S3Store.from_url(url, client_options=client, retry_config=retry, **config, **host)

            store = open_s3(endpoint)
            return cls(store, open_s3(public_endpoint) if public_endpoint else store)

    def put(self, path: str, data: bytes, *, compress: bool = True) -> None:
        """Store an object whole or not at all, replacing one of the same name.

        With `compress` it is stored as zstd and marked so; `get` gives back `data` either way.
        """
        _check(path)
        # Data that is zstd itself would be taken for our compression where it cannot be marked: one layer more.
        compress = compress or (not self._has_attributes and data.startswith(compression.ZSTD_MAGIC))
        body = _compress(data) if compress else data
        attributes = {"Content-Encoding": "zstd"} if compress and self._has_attributes else None
        with _storage_errors(path):
            self._store.put(path, body, attributes=attributes, chunk_size=_PART)

    def get(self, path: str, *, max_bytes: int, max_stored: int | None = None) -> bytes:
        """The contents, with the Content-Encoding undone; an encoding other than gzip and zstd is left alone.

        Raises ObjectMissing, ObjectCorrupt, and ObjectTooLarge when the contents are longer than `max_bytes` or the
        object as stored is longer than `max_stored` (which follows from `max_bytes` if not given).
        """
        _check(path)
        if max_stored is None:
            # Compression may lengthen what cannot be compressed by a little.
            max_stored = max_bytes + max_bytes // 100 + 1024
        with _storage_errors(path):
            answer = self._store.get(path)
            size = int(answer.meta["size"])
            if size > max_stored:
                message = f"{path} is stored with {size} bytes, {max_stored} are allowed"
                raise ObjectTooLarge(message, limit=max_stored, size=size)
            body = bytes(answer.bytes())
        for encoding in self._encodings(answer.attributes, body):
            if not compression.is_known(encoding):
                break
            body = _decode(path, body, encoding, max_bytes)
        if len(body) > max_bytes:
            message = f"{path} has {len(body)} bytes, {max_bytes} are allowed"
            raise ObjectTooLarge(message, limit=max_bytes, size=len(body))
        return body

    def _encodings(self, attributes: Mapping[Any, str], body: bytes) -> list[str]:
        """Encodings of a body, the one to undo first in front."""
        if not self._has_attributes:
            return ["zstd"] if body.startswith(compression.ZSTD_MAGIC) else []
        names = [name.strip().lower() for name in attributes.get("Content-Encoding", "").split(",")]
        # "aws-chunked" is a form of transfer that some servers record by mistake.
        return [name for name in reversed(names) if name not in ("", "identity", "aws-chunked")]

    def stat(self, path: str) -> int | None:
        """Size in bytes as stored (compressed), None when there is no such object."""
        _check(path)
        try:
            with _storage_errors(path):
                return int(self._store.head(path)["size"])
        except ObjectMissing:
            return None

    def delete(self, path: str) -> None:
        """Remove an object; that there is none is success."""
        _check(path)
        try:
            with _storage_errors(path):
                self._store.delete(path)
        except ObjectMissing:
            pass

    def list(self, folder: str = "") -> Iterator[str]:
        """Names of all objects below a folder (whole path segments, no partial names); the order is the backend's."""
        if folder:
            folder = folder.rstrip("/")
            _check(folder)
        with _storage_errors(folder):
            for page in self._store.list(folder or None):
                for entry in page:
                    yield entry["path"]

    def presign(self, path: str, method: Literal["GET", "PUT"], lifetime: timedelta) -> str:
        """A URL with which anybody may read or write this object until `lifetime` is over.

        Raises StorageMisconfigured for a local folder and memory, which have no URLs.
        """
        _check(path)
        if self._signer is None:
            raise StorageMisconfigured(f"{type(self._store).__name__} cannot make presigned URLs")
        with _storage_errors(path):
            return obstore.sign(self._signer, method, path, lifetime)


def _compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)


def _decode(path: str, data: bytes, encoding: str, max_bytes: int) -> bytes:
    try:
        return compression.decompress(data, encoding, max_bytes)
    except compression.TooLarge as error:
        raise ObjectTooLarge(f"{path} {error}", limit=max_bytes) from error
    except compression.Corrupt as error:
        raise ObjectCorrupt(f"{path} {error}") from error


def _check(path: str) -> None:
    segments = path.split("/")
    if any(segment in ("", ".", "..") for segment in segments) or any(ord(character) < 32 for character in path):
        raise ObjectPathInvalid(f"not a name of an object: {path!r}")


def _open_folder(url: str) -> LocalStore:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/"):
        raise StorageMisconfigured("the URL of a folder has three slashes: file:///folder")
    with _configuration_errors():
        return LocalStore(unquote(parts.path), mkdir=True)


class _Runtime:
    """The threads inside obstore, which a fork leaves behind: a call in the child would wait for them for ever."""

    process: ClassVar[int | None] = None

    @classmethod
    def enter(cls) -> None:
        if cls.process is None:
            cls.process = os.getpid()
        elif cls.process != os.getpid():
            raise StorageMisconfigured("object storage was used before this process was forked; fork first")


@contextmanager
def _storage_errors(path: str) -> Iterator[None]:
    _Runtime.enter()
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            # A wrong setting must not make every object look lost for good.
            raise StorageUnavailable(f"{path}: the bucket does not exist") from error
        raise ObjectMissing(f"{path} is not in storage") from error
    except (BaseError, OSError) as error:
        raise StorageUnavailable(f"{path}: {_first_line(error)}") from error


@contextmanager
def _configuration_errors() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError, ValueError, TypeError) as error:
        raise StorageMisconfigured(f"the storage cannot be opened: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """The messages of the library go on with a dump of its internals."""
    return str(error).partition("\n")[0]
