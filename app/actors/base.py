"""The decorator of all actors: explicit names, checked payloads, and the message contract as data.

An actor belongs to the broker that is global when its module is imported (`dramatiq.set_broker`). Whoever imports
`app.actors` therefore configures the runtime first; RabbitMQ and the broker inside the process are treated alike.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import dramatiq
from dramatiq import Broker, Message
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields

from app.actors.json_schema import object_schema
from app.broker import QUEUES
from app.middleware.errors import PayloadRejected
from app.middleware.retries import OnExhausted

PAYLOAD_LIMIT = 1024  # bytes of JSON; a message carries ids, everything else is in the database

P = ParamSpec("P")
R = TypeVar("R")


class Actor(dramatiq.Actor[P, R]):
    """An actor whose payload is checked by its schema when it is sent and again when it arrives."""

    schema: Schema

    def message_with_options(
        self, *, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Message[R]:
        """Build a message. Raises TypeError for a payload that does not fit the schema, ValueError for a big one."""
        if args:
            raise TypeError(f"{self.actor_name} takes its payload by keyword")
        return super().message_with_options(kwargs=self._dump(kwargs or {}), **options)

    def _dump(self, values: dict[str, Any]) -> dict[str, Any]:
        payload = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
        try:
            self.schema.load(payload, unknown=RAISE)
        except ValidationError as error:
            raise TypeError(f"{self.actor_name} cannot take this payload: {error.messages}") from None
        if (size := len(json.dumps(payload))) >= PAYLOAD_LIMIT:
            raise ValueError(f"the payload of {self.actor_name} has {size} bytes; send ids, not data")
        return payload


def actor(
    *,
    name: str,
    queue: str,
    schema: type[Schema] | Schema,
    time_limit: int,
    max_retries: int | None = None,
    max_age: int | None = None,
    priority: int = 0,
    on_exhausted: OnExhausted | None = None,
) -> Callable[[Callable[P, R]], Actor[P, R]]:
    """Make a function an actor of the global broker.

    `name` is dotted and never changes, `queue` is one of the six, `time_limit` and `max_age` are milliseconds.
    `max_retries` caps the retries that the class of an error allows (app.middleware.errors); `on_exhausted` is called
    with the payload and the error once the message has failed for good. The payload is given by keyword, as the schema
    loads it: unknown fields are ignored, so that old workers understand new producers; a field of a wrong type makes
    the call raise PayloadRejected. Calling the actor runs the function in place, with the same check.
    """
    if queue not in QUEUES:
        raise ValueError(f"{name}: no queue {queue!r}; there are {', '.join(QUEUES)}")
    checked = schema if isinstance(schema, Schema) else schema()
    _require_strict(name, checked)
    options: dict[str, Any] = {"time_limit": time_limit}
    given = {"max_retries": max_retries, "max_age": max_age, "on_exhausted": on_exhausted}
    options |= {option: value for option, value in given.items() if value is not None}

    def decorate(function: Callable[P, R]) -> Actor[P, R]:
        declared = dramatiq.actor(actor_class=Actor, actor_name=name, queue_name=queue, priority=priority, **options)(
            _checking(function, checked)
        )
        made = cast(Actor[P, R], declared)
        made.schema = checked
        return made

    return decorate


def _checking(function: Callable[P, R], schema: Schema) -> Callable[P, R]:
    call = cast(Callable[..., R], function)

    @wraps(function)
    def run(*args: P.args, **payload: P.kwargs) -> R:
        if args:
            raise PayloadRejected("the payload must be given by keyword")
        try:
            values: Any = schema.load(payload, unknown=EXCLUDE)
        except ValidationError as error:
            raise PayloadRejected(str(error.messages)) from None
        return call(**values)

    return run


def _require_strict(name: str, schema: Schema) -> None:
    for key, field in schema.fields.items():
        if isinstance(field, fields.Integer) and not field.strict:
            raise TypeError(f"{name}: field {key} must be Integer(strict=True), which refuses text and fractions")


def contract(broker: Broker | None = None) -> dict[str, Any]:
    """What producers and operators need to know about every declared actor, as JSON data.

    Actors by name, each with queue, description, limits and a JSON Schema (draft 2020-12) of its payload.
    """
    actors: Mapping[str, dramatiq.Actor[Any, Any]] = (broker or dramatiq.get_broker()).actors
    return {"actors": {name: _entry(actors[name]) for name in sorted(actors)}}


def _entry(declared: dramatiq.Actor[Any, Any]) -> dict[str, Any]:
    options = declared.options
    entry = {
        "queue": declared.queue_name,
        "description": (declared.fn.__doc__ or "").strip().partition("\n")[0],
        "time_limit_ms": options.get("time_limit"),
        "max_retries": options.get("max_retries"),
        "max_age_ms": options.get("max_age"),
    }
    if isinstance(declared, Actor):
        entry["payload"] = object_schema(declared.schema)
    return entry
