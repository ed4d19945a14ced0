"""Turn what the logic reports into metrics: each upload once per stage, from the times in its row."""

from collections.abc import Iterable

from app import metrics
from app.logic.uploads.assemble import Assembled
from app.logic.uploads.latency import told_now
from app.logic.uploads.process import Processed
from app.models.reports import Upload


def processed(upload_id: int, result: Processed) -> None:
    """Observe an upload that this message brought to its end, and the files in it."""
    metrics.claims.labels("upload", "lost" if result.claimed_at is None else "won").inc()
    if result.claimed_at is None:
        return
    for name in sorted(set(result.formats)) or ["none"]:
        metrics.uploads.labels(name, result.outcome, result.error_code or "").inc()
    if result.error_code is not None:
        metrics.upload_errors.labels(result.error_code).inc()
    for run in result.runs:
        metrics.parser_runs.labels(run.format, run.outcome).inc()
        metrics.parser_duration.labels(run.format).observe(run.seconds)
        metrics.parser_bytes.labels(run.format).observe(run.size)
    for reason, count in result.dropped_paths.items():
        metrics.paths_dropped.labels(reason).inc(count)
    upload = Upload.get_by_id(upload_id)
    if upload.attempts == 1:
        # A later try has waited for the ones before it, not for a worker.
        _stage("dispatch", (result.claimed_at - upload.created_at).total_seconds())
    if result.outcome == "ok" and upload.parsed_at is not None:
        _stage("parse", (upload.parsed_at - result.claimed_at).total_seconds())


def failed(upload_id: int) -> None:
    """Observe an upload whose message was given up."""
    upload = Upload.get_by_id(upload_id)
    if upload.error_code is not None:
        metrics.uploads.labels("none", "error", upload.error_code).inc()
        metrics.upload_errors.labels(upload.error_code).inc()


def assembled(result: Assembled, seconds: float) -> None:
    """Observe an assembly that came to its end, and the report it published."""
    if result.outcome != "assembled":
        return
    metrics.assemble_seconds.observe(seconds)
    metrics.assemble_uploads.observe(result.uploads)
    _merged(result.merged)
    if result.published is None:
        metrics.assemble_skipped.inc()
        return
    metrics.report_bytes.observe(result.published.size)
    metrics.report_files.observe(result.published.files)
    metrics.report_sessions.observe(result.published.sessions)


def _merged(uploads: Iterable[Upload]) -> None:
    """Observe uploads that an assembly has just made part of the report, and no others."""
    for upload in uploads:
        if upload.kind == "uploaded" and upload.merged_at is not None and upload.parsed_at is not None:
            _stage("merge", (upload.merged_at - upload.parsed_at).total_seconds())
            metrics.upload_to_report.observe(max(0.0, (upload.merged_at - upload.created_at).total_seconds()))


def notified(commit_id: int) -> None:
    """Observe the uploads that a notification was the first to speak of."""
    for told in told_now(commit_id):
        _stage("notify", told.since_merge)
        _stage("total", told.since_arrival)
        metrics.upload_to_notify.observe(max(0.0, told.since_arrival))


def _stage(name: str, seconds: float) -> None:
    metrics.upload_latency.labels(name).observe(max(0.0, seconds))
