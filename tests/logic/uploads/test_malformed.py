"""Malformed uploads on a real database: what each leaves in the upload's row, its errors and its notes."""

import gzip
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import zstandard

from app.clients.storage import ObjectMissing, ObjectStorage, StorageUnavailable
from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import PARSERS
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.envelope import pack, write_envelope
from app.logic.uploads.limits import Limits
from app.logic.uploads.parse import PARSER_VERSION
from app.logic.uploads.process import MAX_ATTEMPTS, STORAGE_PATIENCE, give_up, process_upload
from app.logic.uploads.waiting import STORAGE_AWAITED, waiting_for
from app.models.database import now
from app.models.machinery import UploadEvent
from app.models.reports import CommitReport, Upload, UploadError
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY

LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"
OLD_XML = (
    b'<coverage timestamp="1700000000"><packages><package><classes><class filename="src/a.py"><lines>'
    b'<line number="1" hits="1"/></lines></class></classes></package></packages></coverage>'
)
GOOD = {"filename": "lcov.info", "data": pack(LCOV)}


def files(*entries: object) -> bytes:
    return json.dumps({"coverage_files": entries}).encode()


def accept(storage: ObjectStorage, repository: Repository, body: bytes, **changes: object) -> Upload:
    new = NewUpload(repo_id=repository.id, sha="a" * 40, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    accepted = accept_upload(storage, replace(new, **changes), body, datetime.now(UTC))  # type: ignore[arg-type]
    return Upload.get_by_id(accepted.upload_id)


def processed(storage: ObjectStorage, upload: Upload, limits: Limits | None = None) -> Upload:
    process_upload(storage, upload.id, replace(POLICY, limits=limits or Limits()), "test")
    return Upload.get_by_id(upload.id)


def error_of(upload: Upload) -> UploadError:
    [error] = UploadError.select().where(UploadError.upload == upload.id)
    assert (upload.state, upload.error_code) == ("error", error.code)
    return error


MALFORMED = [
    # Nothing in it.
    ("v1", b"", "report_empty", {"files": 0}),
    ("v1", b" \r\n\t", "report_empty", {"files": 0}),
    (None, b"a.py\n<<<<<< network\nA=1\n<<<<<< ENV\n", "report_empty", {"files": 0}),
    ("v1", files(), "report_empty", {"files": 0}),
    (
        "v1",
        files({"filename": "a.info", "data": ""}, {"filename": "b.info", "data": pack(b" \n")}),
        "report_empty",
        {"files": 2},
    ),
    (None, b"# path=a.info\n<<<<<< EOF\n# path=b.info\n<<<<<< EOF\n", "report_empty", {"files": 2}),
    (None, b"# path=a.info\nTN:\nSF:src/a.py\nend_of_record\n", "report_empty", {"files": 1}),
    # Nothing that is known.
    ("v1", files({"filename": "a.txt", "data": pack(b"hello")}), "unsupported_file_format", {"files": ["a.txt"]}),
    (None, b"# path=a.txt\nhello\n<<<<<< EOF\nworld", "unsupported_file_format", {"files": ["a.txt", "(unnamed)"]}),
    (None, b"# path=caf\xe9.txt\nhello", "unsupported_file_format", {"files": ["caf\ufffd.txt"]}),
    (
        None,
        b"".join(b"# path=%d.txt\nhello\n<<<<<< EOF\n" % number for number in range(30)),
        "unsupported_file_format",
        {"files": [f"{number}.txt" for number in range(10)]},
    ),
    # Version 1 that is none is read as text.
    ("v1", b"hello", "unsupported_file_format", {"files": ["(unnamed)"]}),
    ("v1", files(GOOD)[:-1], "unknown_processing", {"first": "(unnamed): broken or incomplete JSON"}),
    # Version 1 that is broken.
    ("v1", b'{"coverage_files": [}', "unknown_processing", {"reason": "bad_json"}),
    ("v1", b'{"network_files": []}', "unknown_processing", {"reason": "not_an_envelope"}),
    ("v1", b'{"coverage_files": {"a": 1}}', "unknown_processing", {"reason": "not_an_envelope"}),
    # Every file failed.
    ("v1", files({"filename": "a.info", "data": "!"}), "unknown_processing", {"reason": "every file failed"}),
    ("v1", files({"filename": "a.info", "data": "aGVsbG8="}), "unknown_processing", {"reason": "every file failed"}),
    (None, b"# path=a.info\nSF:a.py\nDA:x,1\nend_of_record", "unknown_processing", {"reason": "every file failed"}),
]


@pytest.mark.parametrize(("format_version", "body", "code", "facts"), MALFORMED)
def test_an_upload_without_a_line_ends_in_an_error_that_says_why(  # noqa: PLR0917  # pytest passes by name
    storage: ObjectStorage,
    repository: Repository,
    format_version: str | None,
    body: bytes,
    code: str,
    facts: dict[str, object],
) -> None:
    upload = processed(storage, accept(storage, repository, body, format_version=format_version))

    error = error_of(upload)
    assert error.code == code
    assert facts.items() <= error.params.items()


@pytest.mark.parametrize(
    ("format_version", "body", "note"),
    [
        ("v1", files({"filename": "bad.info", "data": "!"}, GOOD), ("bad.info", "bad_base64")),
        ("v1", files({"filename": "bad.info", "data": "aGVsbG8="}, GOOD), ("bad.info", "bad_zlib")),
        ("v1", files({"filename": "bad.info", "format": "x", "data": ""}, GOOD), ("bad.info", "unknown_packing")),
        ("v1", files(7, GOOD), (None, "bad_entry")),
        (
            "v1",
            files({"filename": "bad.info", "data": pack(b"SF:a.py\nDA:x,1\nend_of_record")}, GOOD),
            ("bad.info", "corrupt"),
        ),
        (
            None,
            b"# path=bad.info\nSF:a.py\nDA:x,1\nend_of_record\n<<<<<< EOF\n# path=lcov.info\n" + LCOV,
            ("bad.info", "corrupt"),
        ),
        (None, b"# path=bad.txt\nhello\n<<<<<< EOF\n" + LCOV, ("bad.txt", "not_recognised")),
    ],
)
def test_a_bad_file_is_noted_and_the_others_are_kept(
    storage: ObjectStorage, repository: Repository, format_version: str | None, body: bytes, note: tuple[str, str]
) -> None:
    upload = processed(storage, accept(storage, repository, body, format_version=format_version))

    assert (upload.state, upload.totals["lines"]) == ("processed", 2)
    assert [(found["file"], found["reason"]) for found in upload.notes] == [note]


def test_a_parser_that_fails_takes_its_own_file_only(
    storage: ObjectStorage, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
        raise KeyError("a bug")

    monkeypatch.setitem(PARSERS, "cobertura", broken)
    bad = {"filename": "bad.xml", "data": pack(OLD_XML)}

    some = processed(storage, accept(storage, repository, files(bad, GOOD)))
    none = processed(storage, accept(storage, repository, files(bad)))

    assert (some.state, [note["reason"] for note in some.notes]) == ("processed", ["failed"])
    assert error_of(none).code == "unknown_processing"
    assert error_of(none).params["first"].startswith("bad.xml: KeyError")


def test_an_object_that_never_arrives_is_missing(storage: ObjectStorage, repository: Repository) -> None:
    upload = accept(storage, repository, files(GOOD))
    storage.delete(upload.object_path)

    with pytest.raises(ObjectMissing) as caught:
        processed(storage, upload)
    give_up(upload.id, caught.value, timedelta(0))

    error = error_of(Upload.get_by_id(upload.id))
    assert (error.code, error.params) == ("file_not_in_storage", {"location": upload.object_path})


class SilentStorage:
    """A storage that knows its objects and does not deliver them."""

    def __init__(self, real: ObjectStorage) -> None:
        self.real = real

    def stat(self, path: str) -> int | None:
        return self.real.stat(path)

    def get(self, path: str, *, max_bytes: int, max_stored: int | None = None) -> bytes:
        raise StorageUnavailable("503")


def test_an_upload_waits_for_a_storage_that_does_not_answer(storage: ObjectStorage, repository: Repository) -> None:
    upload = accept(storage, repository, files(GOOD))

    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(StorageUnavailable) as caught:
            processed(SilentStorage(storage), upload)  # type: ignore[arg-type]
        assert give_up(upload.id, caught.value, timedelta(0)) is None
    silent = Upload.get_by_id(upload.id)
    processed(storage, upload)

    assert (silent.state, silent.tries, silent.notes) == ("received", 0, [STORAGE_AWAITED])
    assert "object storage" in str(waiting_for(upload.report, silent, now()))
    told = [event.error for event in UploadEvent.select() if event.milestone == "waiting_for_storage"]
    assert told == ["unknown_storage"]
    assert (Upload.get_by_id(upload.id).state, Upload.get_by_id(upload.id).notes) == ("processed", [])


def test_an_upload_waits_for_storage_no_longer_than_a_week(storage: ObjectStorage, repository: Repository) -> None:
    upload = accept(storage, repository, files(GOOD))
    Upload.update(created_at=now() - STORAGE_PATIENCE).execute()

    given_up = give_up(upload.id, StorageUnavailable("503"), timedelta(0))

    error = error_of(Upload.get_by_id(upload.id))
    assert given_up == upload.report_id
    assert (error.code, error.params) == ("unknown_storage", {"location": upload.object_path})


@pytest.mark.parametrize(
    ("setting", "state", "reasons"),
    [("12h ago", "error", []), (True, "error", []), (False, "processed", []), ("unset", "processed", ["old_report"])],
)
def test_an_old_report_is_an_error_where_the_repository_says_so(
    storage: ObjectStorage, repository: Repository, setting: object, state: str, reasons: list[str]
) -> None:
    upload = accept(storage, repository, write_envelope({"old.xml": OLD_XML, "lcov.info": LCOV}, ()))
    config = {} if setting == "unset" else {"codecov": {"max_report_age": setting}}
    CommitReport.update(config=config).execute()

    upload = processed(storage, upload)

    assert (upload.state, [note["reason"] for note in upload.notes]) == (state, reasons)
    if state == "error":
        error = error_of(upload)
        assert (error.code, error.params) == (
            "report_expired",
            {"filename": "old.xml", "timestamp": "2023-11-14T22:13:20+00:00"},
        )


def test_a_backlog_does_not_make_reports_old(storage: ObjectStorage, repository: Repository) -> None:
    upload = accept(storage, repository, write_envelope({"old.xml": OLD_XML}, ()))
    CommitReport.update(config={"codecov": {"max_report_age": "12h"}}).execute()
    Upload.update(created_at=datetime.fromtimestamp(1_700_000_000 + 3600, UTC)).execute()

    assert processed(storage, upload).state == "processed"


def put_raw(storage: ObjectStorage, upload: Upload, stored: bytes) -> Upload:
    """Replace the object as a client does that sends it by itself, and says nothing about compression."""
    storage.put(upload.object_path, stored, compress=False)
    return upload


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize(("format_version", "body"), [("v1", files(GOOD)), (None, LCOV)])
def test_a_compressed_object_is_read(
    storage: ObjectStorage, repository: Repository, compress, format_version: str | None, body: bytes
) -> None:
    upload = put_raw(storage, accept(storage, repository, b"", format_version=format_version), compress(body))

    assert processed(storage, upload).totals["lines"] == 2


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_bomb_stops_at_the_limit(storage: ObjectStorage, repository: Repository, compress) -> None:
    upload = put_raw(storage, accept(storage, repository, b""), compress(b" " * (64 << 20)))

    error = error_of(processed(storage, upload, Limits(raw_bytes=1 << 20)))

    assert error.code == "unknown_processing"
    assert (error.params["reason"], error.params["limit"]) == ("too_large", 1 << 20)


def test_an_object_that_is_stored_too_large_says_its_size(storage: ObjectStorage, repository: Repository) -> None:
    upload = put_raw(storage, accept(storage, repository, b""), os.urandom(5000))

    error = error_of(processed(storage, upload, Limits(stored_bytes=4999)))

    assert (error.params["reason"], error.params["size"], error.params["limit"]) == ("too_large", 5000, 4999)


def test_a_compressed_object_that_breaks_off_is_an_error(storage: ObjectStorage, repository: Repository) -> None:
    upload = put_raw(storage, accept(storage, repository, b""), gzip.compress(files(GOOD))[:-5])

    assert error_of(processed(storage, upload)).params["reason"] == "bad_compression"


@pytest.mark.parametrize(("format_version", "body"), [("v1", files(GOOD, GOOD, GOOD)), (None, b"X<<<<<< EOF" * 3)])
def test_more_files_than_allowed_are_an_error(
    storage: ObjectStorage, repository: Repository, format_version: str | None, body: bytes
) -> None:
    upload = processed(storage, accept(storage, repository, body, format_version=format_version), Limits(files=2))

    assert error_of(upload).params["reason"] == "too_many_files"


def test_the_environment_of_the_text_form_is_kept_with_the_upload(
    storage: ObjectStorage, repository: Repository
) -> None:
    good = processed(storage, accept(storage, repository, b"CI=3\n<<<<<< ENV\n" + LCOV, format_version=None))
    bad = processed(storage, accept(storage, repository, b"CI=4\n<<<<<< ENV\nhello", format_version=None))

    assert (good.state, good.env) == ("processed", {"CI": "3"})
    assert (bad.state, bad.env) == ("error", {"CI": "4"})
    assert good.parser_version == PARSER_VERSION


def test_the_environment_of_the_request_stays(storage: ObjectStorage, repository: Repository) -> None:
    upload = processed(storage, accept(storage, repository, files(GOOD), env={"OS": "linux"}))

    assert upload.env == {"OS": "linux"}


def test_the_law_holds_across_forms(storage: ObjectStorage, repository: Repository) -> None:
    as_json = write_envelope({"build/lcov.info": LCOV}, ("src/a.py",))
    as_text = b"src/a.py\n<<<<<< network\n# path=build/lcov.info\n" + LCOV + b"<<<<<< EOF\n"
    uploads = [
        processed(storage, accept(storage, repository, as_json)),
        processed(storage, accept(storage, repository, as_text, format_version=None)),
        processed(storage, put_raw(storage, accept(storage, repository, b""), gzip.compress(as_json))),
    ]

    stored = {storage.get(upload.parsed_path, max_bytes=1 << 20) for upload in uploads}

    assert len(stored) == 1
