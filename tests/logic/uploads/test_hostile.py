"""Uploads written to break a worker: each ends in a report or in a stored error, and never in an exception."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.clients.storage import ObjectStorage
from app.logic.uploads.accept import NewUpload, accept_upload
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.envelope import Limits, pack
from app.logic.uploads.process import process_upload
from app.logic.uploads.published import load_report
from app.models.reports import CommitReport, Upload, UploadError
from app.models.repositories import Repository
from tests.logic.uploads.conftest import POLICY

LCOV = b"TN:\nSF:src/a.py\nDA:1,1\nDA:2,0\nDA:3,4\nend_of_record\n"
OK = {"filename": "lcov.info", "format": "base64+compressed", "data": pack(LCOV)}


def envelope(*files: object, **parts: object) -> bytes:
    return json.dumps({"coverage_files": list(files), "network_files": ["src/a.py"]} | parts).encode()


def run(storage: ObjectStorage, repository: Repository, body: bytes, limits: Limits | None = None) -> Upload:
    new = NewUpload(repo_id=repository.id, sha="a" * 40, committed_at=datetime(2026, 1, 1, tzinfo=UTC))
    accepted = accept_upload(storage, new, body, datetime.now(UTC))
    process_upload(storage, accepted.upload_id, replace(POLICY, limits=limits or Limits()), "test")
    assemble_report(storage, accepted.report_id)
    return Upload.get_by_id(accepted.upload_id)


def lines_of(storage: ObjectStorage, upload: Upload) -> list[int]:
    assembled = load_report(storage, CommitReport.get_by_id(upload.report_id))
    return [] if assembled is None else assembled.stored.load().line.tolist()


def fixes(**value: object) -> dict[str, object]:
    return {"format": "legacy", "value": {path.replace("__", "/"): fix for path, fix in value.items()}}


@pytest.mark.parametrize(
    "body",
    [
        envelope(OK, {"filename": "nul\x00.xml", "data": pack(b"\x00" * 50)}),
        envelope(OK, {"filename": "half\ud800\udc00\udfff.xml", "data": pack(b"<coverage><\x00")}),
        envelope(OK, {"filename": "p" * 10_240, "data": pack(b"not coverage")}),
        envelope(OK, {"filename": {"deep": [1]}, "data": 5}, 7, None, "text"),
        envelope(OK, {"filename": "x.info", "format": "\x00\ud800", "data": "\x00"}),
        envelope(OK, {"filename": "x.info", "data": pack(b"SF:" + b"d/" * 6000 + b"a.py\nDA:1,1\nend_of_record\n")}),
        envelope(OK, {"filename": "x.info", "data": pack(b"SF:a\x00\xff\xed\xa0\x80.py\nDA:1,1\nend_of_record\n")}),
        envelope(OK, {"filename": "x.info", "data": pack(b"SF:src/b.py\nDA:-1,1\nDA:99999999999999999999,1\n")}),
        envelope(OK, network_files=["src/a.py", "nul\x00.py", "half\udcff.py", 5, None, {"a": []}, "x" * 10_240]),
        envelope(OK, report_fixes=5),
        envelope(OK, report_fixes=fixes(src__a={"lines": "all"}, **{"\ud800": {"eof": 1}, "\x00": {"lines": [1]}})),
        envelope(OK).replace(b"src/a.py", b'src/a.py", "bytes-\xff\xfe.py'),
    ],
)
def test_a_good_file_gets_through_whatever_stands_beside_it(
    storage: ObjectStorage, repository: Repository, body: bytes
) -> None:
    upload = run(storage, repository, body)

    assert upload.state == "merged"
    assert lines_of(storage, upload) == [1, 2, 3]


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ({"lines": [2]}, [1, 3]),
        ({"lines": [-1, 0, 2, 2**31, 2**63, 10**30]}, [1, 3]),
        ({"lines": list(range(2, 200_000))}, [1]),
        ({"eof": 2}, [1, 2]),
        ({"eof": 0}, [1, 2, 3]),
        ({"eof": -5, "lines": None}, [1, 2, 3]),
        ({"eof": 10**30, "lines": []}, [1, 2, 3]),
        ({"eof": 1.5}, [1, 2, 3]),
        ({"lines": [1.5]}, [1, 2, 3]),
    ],
)
def test_lines_to_ignore_may_hold_any_number(
    storage: ObjectStorage, repository: Repository, fix: dict[str, object], expected: list[int]
) -> None:
    upload = run(storage, repository, envelope(OK, report_fixes=fixes(**{"src/a.py": fix, "src/b.py": {"eof": 9}})))

    assert lines_of(storage, upload) == expected


def test_two_spellings_of_a_path_are_one_file_to_ignore_lines_of(
    storage: ObjectStorage, repository: Repository
) -> None:
    both = fixes(**{"src/a.py": {"lines": [1]}, "./src/a.py": {"lines": [2]}})

    upload = run(storage, repository, envelope(OK, report_fixes=both))

    assert lines_of(storage, upload) == [3]


def test_one_senseless_entry_does_not_cost_the_other_lines_to_ignore(
    storage: ObjectStorage, repository: Repository
) -> None:
    mixed = fixes(**{"src/b.py": {"lines": ["x"]}, "src/a.py": {"lines": [2]}})

    upload = run(storage, repository, envelope(OK, report_fixes=mixed))

    assert lines_of(storage, upload) == [1, 3]
    assert [note["reason"] for note in upload.notes] == ["bad_report_fixes"]


def test_notes_are_bounded_and_say_how_many_more_there_are(storage: ObjectStorage, repository: Repository) -> None:
    bad = [{"filename": f"{number}-{'n' * 5000}.txt", "data": pack(b"\x00")} for number in range(80)]

    upload = run(storage, repository, envelope(OK, *bad))

    assert upload.state == "merged"
    assert len(upload.notes) == 51
    assert upload.notes[-1] == {"file": None, "reason": "more_notes", "detail": "30"}
    assert len(json.dumps(upload.notes)) < 51 * 1000


@pytest.mark.parametrize(
    ("body", "code", "facts"),
    [
        (
            envelope({"filename": "a.txt", "data": pack(b"hi")}, {"filename": "b.txt", "data": ""}),
            "unsupported_file_format",
            {"files": ["a.txt"]},
        ),
        (
            envelope({"filename": "x\x00" * 400, "data": pack(b"hi")}),
            "unsupported_file_format",
            {"files": ["x\ufffd" * 150]},
        ),
        (
            envelope({"filename": "a.info", "data": pack(LCOV.replace(b"src/a.py", b"z\x00\xff" + b"y" * 9000))}),
            "report_empty",
            {"reason": "no_path_matched"},
        ),
        (
            envelope({"filename": "a.info", "data": "!"}),
            "unknown_processing",
            {"reason": "every file failed", "first": "a.info: "},
        ),
        (b"\xff\xfe\x00", "unsupported_file_format", {"files": ["(unnamed)"]}),
        (b'{"coverage_files": [' + b"[" * 100_000 + b"}", "unknown_processing", {"reason": "bad_json"}),
    ],
)
def test_an_upload_without_a_line_says_why(
    storage: ObjectStorage, repository: Repository, body: bytes, code: str, facts: dict[str, object]
) -> None:
    upload = run(storage, repository, body)

    error = UploadError.get(UploadError.upload == upload.id)
    assert (upload.state, error.code) == ("error", code)
    for name, value in facts.items():
        found = error.params[name]
        assert found.startswith(value) if isinstance(value, str) else found == value


def test_a_file_that_dropped_paths_and_broke_is_told_as_broken(storage: ObjectStorage, repository: Repository) -> None:
    broken = b'{"/elsewhere/z.js": {"path": "/elsewhere/z.js", "statementMap": {"0": {"start": {"line": 1}}}, "s": {"0'

    upload = run(storage, repository, envelope({"filename": "coverage-final.json", "data": pack(broken)}))

    assert UploadError.get(UploadError.upload == upload.id).code != "report_empty"


def test_an_object_beyond_the_limit_says_its_size(storage: ObjectStorage, repository: Repository) -> None:
    body = envelope(OK)

    upload = run(storage, repository, body, Limits(raw_bytes=100))

    params = UploadError.get(UploadError.upload == upload.id).params
    assert (params["reason"], params["size"], params["limit"]) == ("too_large", len(body), 100)


def test_more_files_than_allowed_are_an_error_with_the_limit(storage: ObjectStorage, repository: Repository) -> None:
    upload = run(storage, repository, envelope(OK, OK, OK), Limits(files=2))

    params = UploadError.get(UploadError.upload == upload.id).params
    assert params["reason"] == "too_many_files" and "limit of 2" in params["detail"]


def test_the_same_run_in_two_formats_is_read_once(storage: ObjectStorage, repository: Repository) -> None:
    counted = {"path": "src/a.py", "statementMap": {"0": {"start": {"line": 7, "column": 0}, "end": {"line": 7}}}}
    run_twice = {"src/a.py": counted | {"fnMap": {}, "branchMap": {}, "s": {"0": 1}, "f": {}, "b": {}}}
    files = [
        {"filename": "coverage/coverage.lcov", "data": pack(LCOV)},
        {"filename": "coverage/coverage.json", "data": pack(json.dumps(run_twice).encode())},
    ]

    upload = run(storage, repository, envelope(*files))

    assert lines_of(storage, upload) == [7]
    assert upload.notes == [{"file": "coverage/coverage.lcov", "reason": "same_as", "detail": "coverage/coverage.json"}]
