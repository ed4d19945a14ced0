"""The metrics of the product: names `covworker_*`, labels from closed sets only.

prometheus-client decides when it is first imported whether values are shared between processes, so
PROMETHEUS_MULTIPROC_DIR must be set before Python starts (docs/runtime.md). Never label by repository, owner, commit
or message text.
"""

import os
from pathlib import Path

MULTIPROC_DIR = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if MULTIPROC_DIR:
    Path(MULTIPROC_DIR).mkdir(parents=True, exist_ok=True)

from prometheus_client import Counter, Gauge, Histogram  # noqa: E402  # opens files in the folder made above

JOB_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200)
WAIT_SECONDS = (0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
SIZES = tuple(1 << power for power in range(13, 31))  # 8 KiB to 1 GiB
COUNTS = (1, 2, 5, 10, 20, 50, 100, 150, 500, 1_000, 5_000, 20_000, 100_000)
STAGE_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
CALL_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)

actor_messages = Counter(
    "covworker_actor_messages_total",
    "Processed messages by outcome: ok, retry, error, dropped (too old), rejected (bad payload).",
    ["actor", "outcome"],
)
actor_duration = Histogram(
    "covworker_actor_duration_seconds", "Time from picking a message up to its outcome.", ["actor"], buckets=JOB_SECONDS
)
actor_in_progress = Gauge(
    "covworker_actor_in_progress", "Messages being processed now.", ["actor"], multiprocess_mode="livesum"
)
actor_retries = Counter(
    "covworker_actor_retries_total", "Scheduled retries by class of error.", ["actor", "error_class"]
)
queue_wait = Histogram(
    "covworker_queue_wait_seconds",
    "Time a message waited after it was due: sent, or its delay over.",
    ["queue"],
    buckets=WAIT_SECONDS,
)
process_rss = Gauge("covworker_process_rss_bytes", "Resident memory of a worker process.", multiprocess_mode="liveall")

wake_ups_lost = Counter(
    "covworker_wake_ups_lost_total", "Wake-ups that could not be published; sweepers find their rows.", ["actor"]
)
claims = Counter(
    "covworker_claims_total",
    "Messages that asked for a row: won, or lost to another worker or to an earlier message.",
    ["kind", "outcome"],
)
sweeper_repaired = Counter("covworker_sweeper_repaired_total", "Rows that waited too long and were woken.", ["sweeper"])
cron_last_success = Gauge(
    "covworker_cron_last_success_timestamp",
    "Unix time of the newest slot of the schedule that was sent.",
    ["cron"],
    multiprocess_mode="max",
)

uploads = Counter(
    "covworker_uploads_total",
    "Finished uploads by format, outcome and error code.",
    ["format", "outcome", "error_code"],
)
upload_errors = Counter("covworker_upload_errors_total", "Uploads that ended in an error, by its code.", ["code"])
uploads_pending = Gauge(
    "covworker_uploads_pending",
    "Uploads that have not come to their end, by the time since they arrived.",
    ["age"],
    multiprocess_mode="livemostrecent",
)
upload_latency = Histogram(
    "covworker_upload_latency_seconds",
    "Time an upload spent in a stage: dispatch, parse, merge, notify, total.",
    ["stage"],
    buckets=STAGE_SECONDS,
)
upload_to_report = Histogram(
    "covworker_upload_to_report_seconds", "From the arrival of an upload to its report.", buckets=STAGE_SECONDS
)
upload_to_notify = Histogram(
    "covworker_upload_to_notify_seconds", "From the arrival of an upload until people were told.", buckets=STAGE_SECONDS
)
parser_duration = Histogram(
    "covworker_parser_duration_seconds", "Time to parse one coverage file.", ["format"], buckets=JOB_SECONDS
)
parser_bytes = Histogram("covworker_parser_bytes", "Size of one coverage file.", ["format"], buckets=SIZES)
parser_runs = Counter(
    "covworker_parser_runs_total", "Coverage files read, by format and what became of them.", ["format", "outcome"]
)
paths_dropped = Counter(
    "covworker_path_dropped_total", "Paths of reports that are no file of the repository, by reason.", ["reason"]
)
assemble_seconds = Histogram("covworker_assemble_seconds", "Time to assemble one report.", buckets=JOB_SECONDS)
assemble_uploads = Histogram("covworker_assemble_uploads", "Uploads merged by one assembly.", buckets=COUNTS)
reports_checked = Counter(
    "covworker_reports_checked_total",
    "Reports assembled anew to check them: equal, different (mended), moved_on, unreadable.",
    ["verdict"],
)
assemble_skipped = Counter("covworker_assemble_skipped_total", "Assemblies whose result was published already.")
carryforward = Counter(
    "covworker_carryforward_total",
    "Base layers of carried-forward flags by result: ready, none, not_ready, given_up.",
    ["result"],
)
report_bytes = Histogram("covworker_report_bytes", "Size of a published report.", buckets=SIZES)
report_files = Histogram("covworker_report_files", "Files in a published report.", buckets=COUNTS)
report_sessions = Histogram("covworker_report_sessions", "Sessions in a published report.", buckets=COUNTS)
raw_expired = Counter("covworker_raw_expired_total", "Raw objects let go because of their age.")
notifications = Counter(
    "covworker_notifications_total", "Notifications by type, outcome and reason.", ["type", "outcome", "reason"]
)
provider_requests = Counter(
    "covworker_provider_requests_total",
    "Calls to Git hosts by provider, endpoint and class of status (2xx, 4xx, 5xx, error).",
    ["provider", "endpoint", "status_class"],
)
provider_request_seconds = Histogram(
    "covworker_provider_request_seconds", "Duration of calls to Git hosts.", ["provider"], buckets=CALL_SECONDS
)
