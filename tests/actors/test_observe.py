"""What becomes of an upload as numbers: each stage once, labels from closed sets."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from app.actors import observe
from app.logic.uploads import events
from app.logic.uploads.assemble import Assembled
from app.logic.uploads.parse import ParserRun
from app.logic.uploads.process import Processed
from app.logic.uploads.publish import Published
from app.models.database import Database, now
from app.models.machinery import UploadEvent
from app.models.reports import Upload
from tests.factories import make_upload

SECOND = timedelta(seconds=1)
OK = Processed(
    report_id=1,
    outcome="ok",
    formats=("lcov", "lcov"),
    runs=(ParserRun("lcov", "ok", 5000, 0.2), ParserRun("none", "not_recognised", 10, 0.0)),
    dropped_paths={"no_match": 2, "ignored": 1},
)


class Grown:
    """How much series have grown since the test began."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        for family in REGISTRY.collect():
            for sample in family.samples:
                self._before[sample.name, tuple(sorted(sample.labels.items()))] = sample.value

    def by(self, name: str, **labels: str) -> float:
        value = REGISTRY.get_sample_value(f"covworker_{name}", labels) or 0.0
        return value - self._before.get((f"covworker_{name}", tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
def grown(database: Database) -> Grown:
    return Grown()


def processed_upload(**values: object) -> Upload:
    start = now()
    facts = {"state": "processed", "attempts": 1, "created_at": start - 10 * SECOND, "parsed_at": start + 3 * SECOND}
    return make_upload(**facts | values)


def result_for(upload: Upload, result: Processed = OK) -> Processed:
    claimed_at = upload.created_at + 10 * SECOND
    return Processed(
        result.report_id,
        result.outcome,
        result.formats,
        result.error_code,
        claimed_at=claimed_at,
        runs=result.runs,
        dropped_paths=result.dropped_paths,
    )


def test_a_processed_upload_counts_its_stages_and_its_files(grown: Grown) -> None:
    upload = processed_upload()

    observe.processed(upload.id, result_for(upload))

    assert grown.by("uploads_total", format="lcov", outcome="ok", error_code="") == 1
    assert grown.by("upload_latency_seconds_sum", stage="dispatch") == pytest.approx(10)
    assert grown.by("upload_latency_seconds_sum", stage="parse") == pytest.approx(3, abs=0.1)
    assert grown.by("parser_runs_total", format="none", outcome="not_recognised") == 1
    assert grown.by("parser_bytes_sum", format="lcov") == 5000
    assert grown.by("parser_duration_seconds_sum", format="lcov") == pytest.approx(0.2)
    assert grown.by("path_dropped_total", reason="no_match") == 2
    assert grown.by("path_dropped_total", reason="ignored") == 1
    assert grown.by("upload_errors_total", code="report_empty") == 0


def test_a_later_try_says_nothing_about_the_wait_for_a_worker(grown: Grown) -> None:
    upload = processed_upload(attempts=2)

    observe.processed(upload.id, result_for(upload))

    assert grown.by("upload_latency_seconds_count", stage="dispatch") == 0


def test_a_message_that_found_nothing_to_do_counts_nothing(grown: Grown) -> None:
    upload = processed_upload()

    observe.processed(upload.id, Processed(upload.report_id, "not_claimed"))

    assert grown.by("upload_latency_seconds_count", stage="parse") == 0


def test_an_upload_in_error_counts_under_its_code(grown: Grown) -> None:
    upload = processed_upload(state="error", error_code="report_empty", parsed_at=None)
    failed = Processed(1, "error", (), "report_empty")

    observe.processed(upload.id, result_for(upload, failed))
    observe.failed(upload.id)

    assert grown.by("upload_errors_total", code="report_empty") == 2
    assert grown.by("uploads_total", format="none", outcome="error", error_code="report_empty") == 2
    assert grown.by("upload_latency_seconds_count", stage="parse") == 0


def test_an_upload_that_kept_its_earlier_result_is_no_error(grown: Grown) -> None:
    observe.failed(processed_upload().id)

    assert grown.by("uploads_total", format="none", outcome="error", error_code="") == 0


def test_merged_uploads_count_once_and_carried_sessions_never(grown: Grown) -> None:
    upload = processed_upload(state="merged")
    upload.merged_at = upload.created_at + 20 * SECOND
    carried = processed_upload(state="merged", kind="carried_forward", merged_at=now())

    observe.assembled(Assembled("assembled", uploads=2, merged=(upload, carried), published=Published(500, 3, 2)), 1.5)

    assert grown.by("upload_to_report_seconds_sum") == pytest.approx(20)
    assert grown.by("upload_latency_seconds_count", stage="merge") == 1
    assert grown.by("assemble_seconds_sum") == pytest.approx(1.5)
    assert grown.by("assemble_uploads_sum") == 2
    assert (grown.by("report_bytes_sum"), grown.by("report_files_sum"), grown.by("report_sessions_sum")) == (500, 3, 2)
    assert grown.by("assemble_skipped_total") == 0


def test_an_assembly_that_changes_nothing_is_counted_as_such(grown: Grown) -> None:
    observe.assembled(Assembled("assembled", uploads=2), 0.1)
    observe.assembled(Assembled("not_due"), 0.0)

    assert grown.by("assemble_skipped_total") == 1
    assert grown.by("assemble_seconds_count") == 1


def test_a_notification_counts_from_the_arrival_of_the_upload(grown: Grown) -> None:
    upload = processed_upload(state="merged", merged_at=now())
    commit = upload.report.commit
    told_at = upload.created_at + 60 * SECOND
    UploadEvent.record(commit.repo_id, commit.sha, milestone=events.NOTIFIED, created_at=told_at)

    observe.notified(commit.id)

    assert grown.by("upload_to_notify_seconds_sum") == pytest.approx(60)
    assert grown.by("upload_latency_seconds_sum", stage="total") == pytest.approx(60)
    assert grown.by("upload_latency_seconds_count", stage="notify") == 1
