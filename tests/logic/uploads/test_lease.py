"""The lease of an upload is renewed while its worker lives, and only by the worker that holds it."""

import threading
import time
from datetime import timedelta

import pytest
from peewee import OperationalError

from app.logic.uploads.lease import kept
from app.models.database import now
from app.models.reports import Upload
from tests.factories import make_upload

pytestmark = pytest.mark.usefixtures("database")

LEASE = timedelta(seconds=0.3)


def claim() -> Upload:
    upload = Upload.claim(make_upload().id, LEASE, "worker")
    assert upload is not None
    return upload


def is_renewing(upload: Upload) -> bool:
    return any(thread.name == f"lease-{upload.id}" for thread in threading.enumerate())


def test_work_longer_than_the_lease_keeps_the_claim() -> None:
    upload = claim()

    with kept(upload, LEASE):
        time.sleep(3 * LEASE.total_seconds())
        other = Upload.claim(upload.id, LEASE, "thief")
        until = Upload.get_by_id(upload.id).lease_until

    assert other is None
    assert until > upload.lease_until
    assert not is_renewing(upload)


def test_the_claim_of_another_worker_is_not_renewed() -> None:
    upload = claim()
    Upload.update(attempts=2, lease_until=now()).where(Upload.id == upload.id).execute()
    taken_over = Upload.get_by_id(upload.id).lease_until

    with kept(upload, LEASE):
        time.sleep(LEASE.total_seconds())
        still_there = is_renewing(upload)

    assert Upload.get_by_id(upload.id).lease_until == taken_over
    assert not still_there


def test_a_renewal_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = claim()
    renew, calls = Upload.renew, []

    def failing_once(upload_id: int, attempt: int, lease: timedelta) -> bool:
        calls.append(upload_id)
        if len(calls) == 1:
            raise OperationalError("the server is restarting")
        return renew(upload_id, attempt, lease)

    monkeypatch.setattr(Upload, "renew", failing_once)
    with kept(upload, LEASE):
        time.sleep(2 * LEASE.total_seconds())

    assert len(calls) > 1
    assert Upload.get_by_id(upload.id).lease_until > upload.lease_until


def test_an_error_of_the_work_ends_the_renewal() -> None:
    upload = claim()

    with pytest.raises(ValueError, match="broken"), kept(upload, LEASE):
        raise ValueError("broken")

    assert not is_renewing(upload)
