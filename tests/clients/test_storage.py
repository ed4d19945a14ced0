"""Object storage: a local folder, memory and a server that answers like S3."""

import gzip
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from app.clients.storage import (
    ObjectCorrupt,
    ObjectMissing,
    ObjectPathInvalid,
    ObjectStorage,
    ObjectTooLarge,
    StorageError,
    StorageMisconfigured,
    StorageUnavailable,
)

ZSTD = zstandard.ZstdCompressor()
GZIPPED = gzip.compress(b"gzip", mtime=0)
ANY_OBJECT = re.compile("^/archive/.*")
MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT"


class FakeS3:
    """The part of the S3 protocol that is used, over a dictionary; `failures` are answered first."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str | None]] = {}
        self.failures: list[Response] = []
        self.requests: list[tuple[str, str]] = []

    def handle(self, request: Request) -> Response:
        key = request.path.removeprefix("/archive/")
        self.requests.append((request.method, key))
        if self.failures:
            return self.failures.pop(0)
        if request.method == "GET" and "list-type" in request.args:
            return self.list(request.args.get("prefix", ""))
        if request.method == "PUT":
            self.objects[key] = (request.data, request.headers.get("Content-Encoding"))
            return Response(headers={"ETag": '"1"'})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Response(status=204)
        if key not in self.objects:
            return error(404, "NoSuchKey")
        data, encoding = self.objects[key]
        headers = {"ETag": '"1"', "Last-Modified": MODIFIED}
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return Response(data, headers=headers)

    def list(self, prefix: str) -> Response:
        contents = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
            f'<ETag>"1"</ETag><Size>{len(data)}</Size></Contents>'
            for key, (data, _) in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        return Response(body, content_type="application/xml")


def error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status=status, content_type="application/xml")


@pytest.fixture
def s3(httpserver: HTTPServer) -> FakeS3:
    fake = FakeS3()
    httpserver.expect_request("/archive").respond_with_handler(fake.handle)
    httpserver.expect_request(ANY_OBJECT).respond_with_handler(fake.handle)
    return fake


def open_s3(httpserver: HTTPServer, **options) -> ObjectStorage:
    given = {"region": "us-east-1", "access_key_id": "key", "secret_access_key": "secret", "retries": 0}
    return ObjectStorage.from_url(
        "s3://archive/coverage", endpoint=httpserver.url_for("").rstrip("/"), **given | options
    )


@pytest.fixture(params=["folder", "memory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    if request.param == "folder":
        return ObjectStorage.from_url(f"file://{tmp_path}/new/objects")
    if request.param == "memory":
        return ObjectStorage.from_url("memory://")
    request.getfixturevalue("s3")
    return open_s3(request.getfixturevalue("httpserver"))


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("data", [b"", b"x", b"coverage " * 10_000, ZSTD.compress(b"zstd"), GZIPPED])
def test_what_is_put_comes_back_unchanged(storage: ObjectStorage, data: bytes, compress: bool) -> None:
    storage.put("reports/a/1", data, compress=compress)

    assert storage.get("reports/a/1", max_bytes=len(data)) == data


@given(data=st.binary(max_size=200) | st.binary(max_size=50).map(ZSTD.compress), compress=st.booleans())
@settings(max_examples=50)
def test_a_folder_gives_back_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes, compress: bool) -> None:
    storage = ObjectStorage.from_url(f"file://{tmp_path_factory.getbasetemp()}/any")

    storage.put("a", data, compress=compress)

    assert storage.get("a", max_bytes=1000) == data


def test_objects_are_stored_compressed_unless_told_otherwise(storage: ObjectStorage) -> None:
    storage.put("small", bytes(100_000))
    storage.put("large", bytes(100_000), compress=False)

    assert storage.stat("small") < 1000
    assert storage.stat("large") == 100_000


def test_putting_again_replaces_the_object(storage: ObjectStorage) -> None:
    storage.put("a", b"old")
    storage.put("a", b"new")

    assert storage.get("a", max_bytes=10) == b"new"


def test_a_missing_object_is_an_error_when_read_and_none_when_asked_for(storage: ObjectStorage) -> None:
    with pytest.raises(ObjectMissing) as caught:
        storage.get("reports/none", max_bytes=10)

    assert (caught.value.code, caught.value.permanent) == ("object_missing", True)
    assert storage.stat("reports/none") is None


def test_deleting_works_once_and_again(storage: ObjectStorage) -> None:
    storage.put("a", b"x")

    storage.delete("a")
    storage.delete("a")

    assert storage.stat("a") is None


def test_names_are_listed_by_folder(storage: ObjectStorage) -> None:
    for name in ("reports/a/1", "reports/a/2", "reports/ab/1", "raw/1"):
        storage.put(name, b"x")

    assert sorted(storage.list("reports/a")) == ["reports/a/1", "reports/a/2"]
    assert sorted(storage.list("reports/a/")) == ["reports/a/1", "reports/a/2"]
    assert len(list(storage.list())) == 4
    assert list(storage.list("none")) == []


def test_names_may_hold_spaces_and_signs(storage: ObjectStorage) -> None:
    name = "raw/ü b%41+c?.txt"

    storage.put(name, b"x")

    assert storage.get(name, max_bytes=1) == b"x"
    assert list(storage.list("raw")) == [name]


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b", "a\nb"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, path: str) -> None:
    storage = ObjectStorage.from_url(f"file://{tmp_path}/objects")

    for operation in (
        lambda: storage.put(path, b"x"),
        lambda: storage.get(path, max_bytes=1),
        lambda: storage.stat(path),
        lambda: storage.delete(path),
        lambda: storage.presign(path, "GET", timedelta(minutes=1)),
    ):
        with pytest.raises(ObjectPathInvalid):
            operation()


@pytest.mark.parametrize("compress", [True, False])
def test_an_object_longer_than_allowed_is_refused(storage: ObjectStorage, compress: bool) -> None:
    storage.put("a", bytes(10_001), compress=compress)

    with pytest.raises(ObjectTooLarge) as caught:
        storage.get("a", max_bytes=10_000)

    assert caught.value.permanent
    assert len(storage.get("a", max_bytes=10_001)) == 10_001


def test_incompressible_data_of_the_allowed_length_passes(storage: ObjectStorage) -> None:
    data = os.urandom(5000)
    storage.put("a", data)

    assert storage.get("a", max_bytes=5000) == data


def test_a_compression_bomb_is_refused_while_it_unfolds(storage: ObjectStorage) -> None:
    storage.put("bomb", bytes(300_000_000))

    with pytest.raises(ObjectTooLarge):
        storage.get("bomb", max_bytes=1_000_000)


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: data[:20] + b"\xff" * 20 + data[40:]])
def test_a_damaged_object_is_an_error(tmp_path: Path, damage) -> None:
    storage = ObjectStorage.from_url(f"file://{tmp_path}")
    storage.put("a", os.urandom(300) * 50)
    stored = tmp_path / "a"
    stored.write_bytes(damage(stored.read_bytes()))

    with pytest.raises(ObjectCorrupt):
        storage.get("a", max_bytes=100_000)


@pytest.mark.parametrize(
    ("encoding", "stored", "expected"),
    [
        ("gzip", gzip.compress(b"one ", mtime=0) + gzip.compress(b"two", mtime=0), b"one two"),
        ("zstd", ZSTD.compress(b"one ") + ZSTD.compress(b"two"), b"one two"),
        ("GZIP", gzip.compress(b"x", mtime=0), b"x"),
        ("aws-chunked,gzip", gzip.compress(b"x", mtime=0), b"x"),
        ("gzip, zstd", ZSTD.compress(gzip.compress(b"x", mtime=0)), b"x"),
        ("identity", b"x", b"x"),
        ("br", b"unknown", b"unknown"),
        (None, gzip.compress(b"x", mtime=0), gzip.compress(b"x", mtime=0)),
    ],
)
def test_the_encoding_recorded_with_an_object_is_undone(
    s3: FakeS3, httpserver: HTTPServer, encoding: str | None, stored: bytes, expected: bytes
) -> None:
    s3.objects["coverage/raw/1"] = (stored, encoding)

    assert open_s3(httpserver).get("raw/1", max_bytes=1000) == expected


def test_compression_is_recorded_as_content_encoding(s3: FakeS3, httpserver: HTTPServer) -> None:
    storage = open_s3(httpserver)

    storage.put("a", b"x" * 100)
    storage.put("b", b"x" * 100, compress=False)

    body, encoding = s3.objects["coverage/a"]
    assert (zstandard.decompress(body), encoding) == (b"x" * 100, "zstd")
    assert s3.objects["coverage/b"] == (b"x" * 100, None)


def test_passing_faults_of_the_server_are_retried(s3: FakeS3, httpserver: HTTPServer) -> None:
    s3.objects["coverage/a"] = (b"x", None)
    s3.failures = [error(503, "SlowDown"), error(429, "TooManyRequests")]

    data = open_s3(httpserver, retries=3).get("a", max_bytes=1)

    assert data == b"x"
    assert s3.requests == [("GET", "coverage/a")] * 3


@pytest.mark.parametrize("status", [500, 503, 403, 401])
def test_a_server_that_keeps_refusing_is_unavailable(s3: FakeS3, httpserver: HTTPServer, status: int) -> None:
    s3.failures = [error(status, "Refused")]

    with pytest.raises(StorageUnavailable) as caught:
        open_s3(httpserver).get("a", max_bytes=1)

    assert not caught.value.permanent
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_bucket_is_not_taken_for_a_missing_object(s3: FakeS3, httpserver: HTTPServer) -> None:
    s3.failures = [error(404, "NoSuchBucket")]

    with pytest.raises(StorageUnavailable, match="bucket"):
        open_s3(httpserver).get("a", max_bytes=1)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    storage = ObjectStorage.from_url(
        "s3://archive", endpoint="http://127.0.0.1:9", access_key_id="key", secret_access_key="secret", retries=0
    )

    with pytest.raises(StorageUnavailable):
        storage.stat("a")


def test_a_server_that_does_not_answer_is_given_up(s3: FakeS3, httpserver: HTTPServer) -> None:
    release = threading.Event()
    s3.objects["coverage/a"] = (b"x", None)
    httpserver.expect_oneshot_request("/archive/coverage/slow").respond_with_handler(
        lambda _: Response(status=200 if release.wait(10) else 500)
    )

    with pytest.raises(StorageUnavailable):
        open_s3(httpserver, read_timeout=0.2, retry_timeout=1).get("slow", max_bytes=1)
    release.set()


def test_threads_share_a_storage_and_wait_for_the_server_together() -> None:
    fake, everybody_is_here = FakeS3(), threading.Barrier(4)
    fake.objects = {f"coverage/{number}": (str(number).encode(), None) for number in range(4)}

    def wait_and_handle(request: Request) -> Response:
        everybody_is_here.wait(10)
        return fake.handle(request)

    with HTTPServer(threaded=True) as server, ThreadPoolExecutor(4) as pool:
        server.expect_request(ANY_OBJECT).respond_with_handler(wait_and_handle)
        storage = open_s3(server)
        contents = list(pool.map(lambda number: storage.get(str(number), max_bytes=1), range(4)))

    assert contents == [b"0", b"1", b"2", b"3"]


def test_threads_that_write_the_same_object_leave_one_of_them_whole(tmp_path: Path) -> None:
    storage = ObjectStorage.from_url(f"file://{tmp_path}")
    bodies = [bytes([number]) * 300_000 for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: storage.put("a", body, compress=False), bodies))

    assert storage.get("a", max_bytes=300_000) in bodies
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_presigned_urls_name_the_public_host_the_object_and_the_lifetime() -> None:
    storage = ObjectStorage.from_url(
        "s3://archive/coverage",
        endpoint="http://minio:9000",
        public_endpoint="https://files.acme.example",
        region="us-east-1",
        access_key_id="key",
        secret_access_key="secret",
    )

    url = urlsplit(storage.presign("raw/a b", "PUT", timedelta(minutes=15)))

    assert (url.scheme, url.netloc, url.path) == ("https", "files.acme.example", "/archive/coverage/raw/a%20b")
    assert parse_qs(url.query)["X-Amz-Expires"] == ["900"]
    assert "X-Amz-Signature" in parse_qs(url.query)


@pytest.mark.parametrize("url", ["memory://", "file:///tmp"])
def test_storages_without_urls_say_so(url: str) -> None:
    with pytest.raises(StorageMisconfigured, match="presigned"):
        ObjectStorage.from_url(url).presign("a", "GET", timedelta(minutes=1))


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("ftp://host/folder", {}),
        ("folder", {}),
        ("file://folder", {}),
        ("s3://archive", {"unknown_option": "1"}),
        ("s3://archive", {"ca_certificate": "/nowhere.pem"}),
    ],
)
def test_a_storage_that_cannot_be_opened_says_so_at_once(url: str, options: dict[str, str]) -> None:
    with pytest.raises(StorageMisconfigured) as caught:
        ObjectStorage.from_url(url, **options)

    assert isinstance(caught.value, StorageError)


def test_folders_of_urls_may_be_percent_encoded(tmp_path: Path) -> None:
    ObjectStorage.from_url(f"file://{tmp_path}/my%20objects").put("a", b"x", compress=False)

    assert (tmp_path / "my objects" / "a").read_bytes() == b"x"


def test_a_fork_after_the_first_use_is_an_error_instead_of_a_hang() -> None:
    script = (
        "import os, sys\n"
        "from app.clients.storage import ObjectStorage, StorageMisconfigured\n"
        "storage = ObjectStorage.from_url('memory://')\n"
        "storage.stat('a')\n"
        "if os.fork():\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "try:\n"
        "    storage.stat('a')\n"
        "except StorageMisconfigured:\n"
        "    os._exit(7)\n"
    )

    outcome = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)

    assert outcome.returncode == 7
