"""The decorator of all actors: names, payload checks, and the contract it publishes."""

from datetime import UTC, datetime
from typing import Any

import dramatiq
import jsonschema
import pytest
from dramatiq.brokers.stub import StubBroker
from marshmallow import Schema, fields, validate
from prometheus_client import REGISTRY

from app.actors.base import Actor, actor, contract
from app.middleware.errors import PayloadRejected
from tests.runtime.running import running


class Payload(Schema):
    report_id = fields.Integer(
        strict=True, required=True, validate=validate.Range(min=1), metadata={"description": "commit_reports.id"}
    )
    reason = fields.String(validate=[validate.OneOf(["push", "manual"]), validate.Length(max=6)])
    force = fields.Boolean(load_default=False)
    at = fields.AwareDateTime(allow_none=True)
    flags = fields.List(fields.String(validate=validate.Regexp(r"\w+\Z")), validate=validate.Length(max=3))


@pytest.fixture
def seen() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def echo(broker: StubBroker, seen: list[dict[str, Any]]) -> Actor[..., None]:
    @actor(name="tests.echo", queue="notify", schema=Payload, time_limit=5_000, max_retries=2)
    def echo(**payload: Any) -> None:
        """Repeat what it was told.

        Only for tests.
        """
        seen.append(payload)

    return echo


def deliver(broker: StubBroker, kwargs: dict[str, Any], args: tuple[Any, ...] = ()) -> None:
    """Publish a message as a producer does that knows nothing of our code."""
    broker.enqueue(dramatiq.Message(queue_name="notify", actor_name="tests.echo", args=args, kwargs=kwargs, options={}))
    with running(broker):
        broker.join("notify", timeout=10_000)


def rejected() -> float:
    return (
        REGISTRY.get_sample_value("covworker_actor_messages_total", {"actor": "tests.echo", "outcome": "rejected"})
        or 0.0
    )


def test_a_message_arrives_as_the_schema_loads_it(
    broker: StubBroker, echo: Actor[..., None], seen: list[dict[str, Any]]
) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    echo.send(report_id=5, at=at)
    with running(broker):
        broker.join("notify", timeout=10_000)

    assert seen == [{"report_id": 5, "at": at, "force": False}]


def test_fields_of_newer_producers_are_ignored(
    broker: StubBroker, echo: Actor[..., None], seen: list[dict[str, Any]]
) -> None:
    deliver(broker, {"report_id": 5, "invented_later": [1]})

    assert seen == [{"report_id": 5, "force": False}]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"report_id": "5"},
        {"report_id": 5.5},
        {"report_id": True},
        {"report_id": None},
        {"report_id": 0},
        {"report_id": 5, "reason": "x"},
        {"report_id": 5, "flags": "unit"},
    ],
)
def test_a_payload_of_a_wrong_type_is_dead_lettered_without_a_retry(
    broker: StubBroker, echo: Actor[..., None], seen: list[dict[str, Any]], payload: dict[str, Any]
) -> None:
    before = rejected()

    deliver(broker, payload)

    assert not seen
    assert [message.kwargs for message in broker.dead_letters] == [payload]
    assert "retries" not in broker.dead_letters[0].options
    assert rejected() == before + 1


def test_positional_arguments_are_rejected(
    broker: StubBroker, echo: Actor[..., None], seen: list[dict[str, Any]]
) -> None:
    deliver(broker, {}, args=(5,))

    assert not seen
    assert len(broker.dead_letters) == 1


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({"report_id": "x"}, "Not a valid integer"),
        ({}, "Missing data"),
        ({"report_id": 1, "repo": 2}, "Unknown field"),
    ],
)
def test_a_sender_is_told_at_once_what_is_wrong(
    echo: Actor[..., None], payload: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(TypeError, match=complaint):
        echo.send(**payload)


def test_a_sender_gives_the_payload_by_keyword(echo: Actor[..., None]) -> None:
    with pytest.raises(TypeError, match="by keyword"):
        echo.send(5)


def test_a_payload_is_ids_not_data(broker: StubBroker) -> None:
    class Loose(Schema):
        text = fields.String()

    @actor(name="tests.big", queue="notify", schema=Loose, time_limit=1_000)
    def big(text: str) -> None: ...

    with pytest.raises(ValueError, match="send ids"):
        big.send(text="x" * 1024)


def test_calling_an_actor_runs_it_in_place_with_the_same_check(
    echo: Actor[..., None], seen: list[dict[str, Any]]
) -> None:
    echo(report_id=5)

    assert seen == [{"report_id": 5, "force": False}]
    with pytest.raises(PayloadRejected, match="report_id"):
        echo(report_id="five")


def test_only_the_six_queues_exist(broker: StubBroker) -> None:
    with pytest.raises(ValueError, match="uploads, reports, notify, sync, ingest, maintenance"):
        actor(name="tests.lost", queue="celery", schema=Payload, time_limit=1_000)


def test_integers_must_be_strict(broker: StubBroker) -> None:
    class Lax(Schema):
        report_id = fields.Integer()

    with pytest.raises(TypeError, match="strict"):
        actor(name="tests.lax", queue="notify", schema=Lax, time_limit=1_000)


def test_the_contract_describes_every_actor(broker: StubBroker, echo: Actor[..., None]) -> None:
    entry = contract(broker)["actors"]["tests.echo"]

    assert {key: value for key, value in entry.items() if key != "payload"} == {
        "queue": "notify",
        "description": "Repeat what it was told.",
        "time_limit_ms": 5_000,
        "max_retries": 2,
        "max_age_ms": None,
    }
    assert entry["payload"]["required"] == ["report_id"]
    assert entry["payload"]["properties"] == {
        "report_id": {"type": "integer", "description": "commit_reports.id", "minimum": 1},
        "reason": {"type": "string", "enum": ["push", "manual"], "maxLength": 6},
        "force": {"type": "boolean", "default": False},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "flags": {"type": "array", "items": {"type": "string", "pattern": "^\\w+$"}, "maxItems": 3},
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"report_id": 1},
        {"report_id": 1, "reason": "push", "force": True, "flags": ["unit", "a_b"], "at": None},
        {"report_id": 0},
        {"report_id": "1"},
        {"reason": "push"},
        {"report_id": 1, "reason": "other"},
        {"report_id": 1, "flags": ["a", "b", "c", "d"]},
        {"report_id": 1, "flags": ["a b"]},
        {"report_id": 1, "unknown": {}},
    ],
)
def test_the_published_schema_and_the_actor_accept_the_same_payloads(
    broker: StubBroker, echo: Actor[..., None], payload: dict[str, Any]
) -> None:
    published = contract(broker)["actors"]["tests.echo"]["payload"]

    def accepted() -> bool:
        try:
            echo(**payload)
        except PayloadRejected:
            return False
        return True

    assert jsonschema.Draft202012Validator(published).is_valid(payload) == accepted()
