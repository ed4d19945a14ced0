"""Log lines: which message they belong to, and what they must not say."""

import json
import logging
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from dramatiq.brokers.stub import StubBroker
from marshmallow import Schema, fields

from app.actors.base import actor
from app.logging_setup import BurstLimit, configure_logging
from tests.runtime.running import eventually, running


class Ids(Schema):
    upload_id = fields.Integer(strict=True)
    token = fields.String()


@pytest.fixture
def logs() -> Iterator[StringIO]:
    stream = StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", "json", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    for name in ("pika", "dramatiq.worker.WorkerThread", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(logs: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logs.getvalue().splitlines()]


def test_every_line_of_a_message_says_which_message_it_is(broker: StubBroker, logs: StringIO) -> None:
    @actor(name="tests.logging", queue="reports", schema=Ids, time_limit=5_000)
    def child(upload_id: int) -> None:
        structlog.get_logger("test").info("working", token="hunter2")

    @actor(name="tests.parent", queue="reports", schema=Ids, time_limit=5_000)
    def parent(upload_id: int) -> None:
        child.send(upload_id=upload_id)

    message = parent.send(upload_id=7)
    with running(broker):
        broker.join("reports", timeout=10_000)

    [working] = [line for line in lines(logs) if line["event"] == "working"]
    assert working["actor"] == "tests.logging"
    assert working["queue"] == "reports"
    assert working["upload_id"] == 7
    assert working["attempt"] == 1
    assert working["trace_id"] == message.message_id != working["message_id"]
    assert working["token"] == "[redacted]"


def test_only_slow_and_unsuccessful_messages_get_a_closing_line(
    broker: StubBroker, logs: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.middleware.log_context.SLOW", 0.2)

    @actor(name="tests.pace", queue="reports", schema=Ids, time_limit=5_000)
    def pace(upload_id: int) -> None:
        time.sleep(0.3 if upload_id == 1 else 0)

    pace.send(upload_id=1)
    pace.send(upload_id=2)
    with running(broker):
        broker.join("reports", timeout=10_000)

    [closing] = [line for line in lines(logs) if line["event"] == "message_processed"]
    assert (closing["upload_id"], closing["outcome"]) == (1, "ok")
    assert closing["duration_ms"] >= 300


def test_a_failure_is_one_json_line_without_the_payload(broker: StubBroker, logs: StringIO) -> None:
    @actor(name="tests.failing", queue="reports", schema=Ids, time_limit=5_000, max_retries=0)
    def failing(upload_id: int, token: str) -> None:
        raise ValueError("cannot reach amqp://guest:hunter2@host/")

    failing.send(upload_id=7, token="payload-value")
    with running(broker):
        eventually(lambda: broker.dead_letters)
        eventually(lambda: any(line["event"] == "message_processed" for line in lines(logs)))

    [failed] = [line for line in lines(logs) if line["level"] == "error"]
    assert failed["event"] == "message_failed"
    assert failed["error_class"] == "other"
    assert "Traceback" in failed["exception"]
    assert "payload-value" not in logs.getvalue()
    assert "hunter2" not in logs.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@host/x",
        "Authorization: Bearer hunter2",
        "token ghp_hunter2hunter2hunter2",
        "glpat-hunter2-x",
    ],
)
def test_credentials_inside_texts_are_blotted_out(logs: StringIO, text: str) -> None:
    structlog.get_logger("test").warning("refused", answer={"body": [text]})

    assert "hunter2" not in logs.getvalue()
    assert "[redacted]" in logs.getvalue()


def test_lines_of_libraries_look_like_ours(logs: StringIO) -> None:
    logging.getLogger("library").warning("did %s", "this")

    [line] = lines(logs)
    assert (line["event"], line["level"], line["logger"]) == ("did this", "warning", "library")
    assert line["ts"].endswith("Z")


def test_a_burst_of_one_event_is_cut_and_counted() -> None:
    now = [0.0]
    limit = BurstLimit(lambda: now[0])

    def passes(level: int = logging.WARNING) -> dict[str, Any] | None:
        event: dict[str, Any] = {"event": "down"}
        record = logging.LogRecord("x", level, "", 0, event, None, None)  # type: ignore[arg-type]  # as structlog does
        return event if limit.filter(record) else None

    first_minute = [passes() for _ in range(25)]
    now[0] = 61.0

    assert sum(event is not None for event in first_minute) == 10
    assert passes() == {"event": "down", "left_out": 15}
    assert all(passes(logging.INFO) for _ in range(25))
