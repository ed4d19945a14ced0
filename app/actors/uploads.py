"""Actors of the upload pipeline: prepare a commit, process its uploads, assemble its report."""

import os
import socket
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from marshmallow import Schema, fields

from app import metrics, runtime
from app.actors import observe
from app.actors.base import actor
from app.actors.comparisons import compute
from app.actors.notify import notify_commit
from app.actors.wake import is_repeated, wake
from app.clients.git.base import GitError
from app.logic.comparison.own_change import store_own_change
from app.logic.comparison.plan import dependents, plan_comparison
from app.logic.maintenance.postponed import postpone_assembly
from app.logic.uploads.assemble import assemble_report
from app.logic.uploads.base_layer import build_base_layer, recall_waiting
from app.logic.uploads.finish import request_completion
from app.logic.uploads.prepare import dispatch_report, prepare_report
from app.logic.uploads.process import give_up, process_upload
from app.logic.uploads.synthetic_merge import booked_on
from app.models.database import now
from app.models.reports import CommitReport, Upload

log = structlog.get_logger(__name__)


class ReportId(Schema):
    report_id = fields.Integer(strict=True, required=True, metadata={"description": "commit_reports.id"})


class UploadId(Schema):
    upload_id = fields.Integer(strict=True, required=True, metadata={"description": "uploads.id"})


def _process_unprepared(payload: dict[str, Any], error: BaseException) -> None:
    """Commit details are a help, not a condition: without them the uploads are processed all the same."""
    _process_all(dispatch_report(int(payload["report_id"]), runtime.current().site))


@actor(name="uploads.prepare", queue="reports", schema=ReportId, time_limit=300_000, on_exhausted=_process_unprepared)
def prepare(report_id: int) -> None:
    """Fetch what the Git host knows of a commit, start its waiting uploads, and carry coverage forward to it."""
    run = runtime.current()
    prepared = prepare_report(run.git_for, report_id, run.site, run.preparation)
    if prepared.moved_to is not None:
        wake(prepare, report_id=prepared.moved_to)
        return
    # The uploads first: they need not wait for what is carried forward.
    _process_all(prepared.upload_ids)
    report = CommitReport.get_or_none(CommitReport.id == report_id)
    # Without a configuration another worker is still preparing the commit, and carries forward itself.
    if report is not None and report.config is not None:
        _carry_forward(report)


def _carry_forward(report: CommitReport) -> None:
    run = runtime.current()
    layer = build_base_layer(run.storage, run.git_for, report, now(), run.carryforward_max_age)
    if layer.fresh or layer.reason is not None:
        metrics.carryforward.labels(layer.outcome).inc()
    if layer.fresh:
        wake(assemble, report_id=report.id)
    if layer.outcome == "none":
        _recall(report)
    if layer.retry_at is not None:
        wake(prepare, delay=max(layer.retry_at - now(), timedelta(seconds=1)), report_id=report.id)


def _recall(report: CommitReport) -> None:
    """The report is what it will be for now: whoever waits to carry from it need not wait for the time to try again."""
    for waiting_id in recall_waiting(report):
        wake(prepare, report_id=waiting_id)


def _process_all(upload_ids: Sequence[int]) -> None:
    for upload_id in upload_ids:
        wake(process, upload_id=upload_id)
    # After the messages: if this worker dies in between, they are sent again.
    Upload.called(upload_ids)


def _record_failure(payload: dict[str, Any], error: BaseException) -> None:
    report_id = give_up(int(payload["upload_id"]), error, runtime.current().process_policy.debounce)
    if report_id is not None:
        observe.failed(int(payload["upload_id"]))
        wake(assemble, report_id=report_id)


@actor(name="uploads.process", queue="uploads", schema=UploadId, time_limit=600_000, on_exhausted=_record_failure)
def process(upload_id: int) -> None:
    """Parse one upload and store its parsed report."""
    run = runtime.current()
    result = process_upload(run.storage, upload_id, run.process_policy, f"{socket.gethostname()}:{os.getpid()}")
    observe.processed(upload_id, result)
    if result.held_for is not None and is_repeated():
        # The worker that had this message is gone, or its connection is: look again when its lease has run out.
        wake(process, delay=result.held_for + timedelta(seconds=1), upload_id=upload_id)
    if result.report_id is not None:
        wake(assemble, delay=run.process_policy.debounce or None, report_id=result.report_id)


def _try_later(payload: dict[str, Any], error: BaseException) -> None:
    postpone_assembly(int(payload["report_id"]), error)


@actor(name="uploads.assemble", queue="reports", schema=ReportId, time_limit=600_000, on_exhausted=_try_later)
def assemble(report_id: int) -> None:
    """Merge the processed uploads of a commit into its report."""
    run = runtime.current()
    started = time.perf_counter()
    result = assemble_report(run.storage, report_id, incremental=run.incremental)
    observe.assembled(result, time.perf_counter() - started)
    for upload_id in result.reprocess:
        wake(process, upload_id=upload_id)
    if result.due_in is not None:
        wake(assemble, delay=result.due_in, report_id=report_id)
    elif result.again:
        wake(assemble, report_id=report_id)
    elif result.commit_id is not None and result.settled and (result.outcome == "assembled" or is_repeated()):
        # One announcement per assembly: the other messages of a burst of uploads find the work done.
        _recall(CommitReport.get_by_id(report_id))
        _announce(result.commit_id, tell=result.notify)


@actor(name="uploads.complete", queue="reports", schema=ReportId, time_limit=60_000)
def complete(report_id: int) -> None:
    """Note that all uploads of a commit are in, and tell people as soon as they are processed."""
    commit_id = request_completion(booked_on(report_id))
    if commit_id is not None:
        _announce(commit_id, tell=True)


def _announce(commit_id: int, *, tell: bool) -> None:
    """The report is complete: compare again what was compared with it, then compare it itself and tell people."""
    run = runtime.current()
    for stale in dependents(commit_id):
        wake(compute, comparison_id=stale)
    if not tell:
        return
    store_own_change(run.storage, run.git_for, commit_id)
    try:
        comparison_id = plan_comparison(run.git_for, commit_id)
    except GitError as error:
        log.info("comparison.not_planned", commit_id=commit_id, code=error.code)
        comparison_id = None
    if comparison_id is None:
        wake(notify_commit, commit_id=commit_id)
    else:
        wake(compute, comparison_id=comparison_id)
