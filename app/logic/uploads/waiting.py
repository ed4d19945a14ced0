"""Why an upload is not where it should be yet: read from rows only, so that it can be asked at any moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from app.models.reports import CommitReport, Upload

# The note of an upload whose raw object has not arrived; the result of processing replaces it.
OBJECT_AWAITED: Final[Mapping[str, str | None]] = {
    "file": None,
    "reason": "object_awaited",
    "detail": "the raw object is not in storage yet",
}

# The note of an upload that storage keeps from being read; the result of processing replaces it, too.
STORAGE_AWAITED: Final[Mapping[str, str | None]] = {
    "file": None,
    "reason": "storage_awaited",
    "detail": "object storage does not answer",
}

LONGEST_DEBOUNCE = timedelta(minutes=15)  # of the setting `uploads.debounce`


def awaits_object(upload: Upload) -> bool:
    """Say whether a worker has looked for the raw object of an upload and not found it."""
    return any(note.get("reason") == OBJECT_AWAITED["reason"] for note in upload.notes or ())


def awaits_storage(upload: Upload) -> bool:
    """Say whether storage did not answer the last worker that wanted to read an upload."""
    return any(note.get("reason") == STORAGE_AWAITED["reason"] for note in upload.notes or ())


def waiting_for(report: CommitReport, upload: Upload, now: datetime, *, builds: int = 0) -> str | None:
    """Say what an upload, or the news about its report, waits for; None = nothing, it has come to its end.

    `builds` is how many uploads of the report are in. The first reason that holds is the one that matters.
    """
    if upload.state == "received":
        return _received(report, upload)
    if upload.state == "processing":
        return _processing(upload, now)
    if upload.state == "processed":
        return _processed(report, now)
    if upload.state == "merged" and upload.kind == "uploaded":
        return _telling(report, now, builds)
    return None


def _received(report: CommitReport, upload: Upload) -> str:
    if awaits_object(upload):
        return "its raw object, which is not in storage yet: looked for again for ten minutes"
    if awaits_storage(upload):
        return "object storage, which does not answer: asked again by itself"
    if upload.tries > 0:
        return f"another try after {upload.tries} that did not end well"
    if report.config is None:
        return "preparation of the commit: the Git host is asked for its details"
    return "a worker with the queue `uploads`"


def _processing(upload: Upload, now: datetime) -> str:
    if upload.lease_until is None or upload.lease_until <= now:
        return "another worker: the one that had it has gone, the sweeper calls the next one"
    return (
        f"the worker that reads it ({upload.lease_owner or 'unknown'}, its lease holds {_for(upload.lease_until, now)})"
    )


def _processed(report: CommitReport, now: datetime) -> str:
    if report.assembly_not_before is not None and report.assembly_not_before > now:
        if report.assembly_not_before - now > LONGEST_DEBOUNCE:
            return f"another try to merge, because the last one failed: in {_for(report.assembly_not_before, now)}"
        return f"more uploads of the commit: merged in {_for(report.assembly_not_before, now)}"
    return "a worker with the queue `reports`, to be merged"


def _telling(report: CommitReport, now: datetime, builds: int) -> str | None:
    if report.assembly_done < report.assembly_wanted:
        return "the next merge of the report, which is requested"
    if report.base_state == "unknown":
        return "the base layer: flags are carried forward once the parent's report is complete"
    if report.notify_hold in ("manual_trigger", "builds"):
        return held_for(report, builds)
    if report.notify_hold is not None or report.notify_done >= report.notify_wanted:
        return None
    if report.notify_not_before is not None and report.notify_not_before > now:
        return f"its time: people are told in {_for(report.notify_not_before, now)}"
    return "a worker with the queue `notify`"


def held_for(report: CommitReport, builds: int) -> str | None:
    """Say what keeps people from being told about a report that has come to its end; None = nothing does."""
    if report.notify_hold == "builds":
        wanted = ((report.config or {}).get("codecov") or {}).get("notify", {}).get("after_n_builds")
        return f"more uploads: {builds} of {wanted} are in (codecov.notify.after_n_builds)"
    return _HELD.get(report.notify_hold or "")


_HELD: Final[Mapping[str, str]] = {
    "manual_trigger": "the word of the client that all uploads are in (codecov.notify.manual_trigger)",
    "ci_skip": "another commit: the message of this one says to skip it",
    "no_coverage": "an upload that can be read",
}


def _for(until: datetime, now: datetime) -> str:
    seconds = max(timedelta(0), until - now).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
