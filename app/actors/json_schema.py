"""JSON Schema (draft 2020-12) of the marshmallow schemas used for payloads."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, missing, validate


def object_schema(schema: Schema) -> dict[str, Any]:
    """Describe a flat schema; unknown properties are allowed. Raises TypeError for a kind of field it does not know."""
    properties = {field.data_key or name: _field(field) for name, field in schema.fields.items()}
    required = sorted(field.data_key or name for name, field in schema.fields.items() if field.required)
    return {"type": "object", "properties": properties, "required": required}


def _field(field: fields.Field[Any]) -> dict[str, Any]:
    described = _type(field)
    if field.allow_none:
        described["type"] = [described["type"], "null"]
    if description := field.metadata.get("description"):
        described["description"] = description
    if field.load_default is not missing and not callable(field.load_default):
        described["default"] = field.load_default
    for validator in field.validators:
        if (describe := _CONSTRAINTS.get(type(validator))) is None:
            raise TypeError(f"{type(validator).__name__} has no counterpart in JSON Schema here")
        described |= {key: value for key, value in describe(validator, described["type"]).items() if value is not None}
    return described


def _type(field: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(field, fields.List):
        return {"type": "array", "items": _field(field.inner)}
    for kind, described in _TYPES:
        if isinstance(field, kind):
            return dict(described)
    raise TypeError(f"{type(field).__name__} has no counterpart in JSON Schema here")


_TYPES: tuple[tuple[type[fields.Field[Any]], dict[str, Any]], ...] = (
    (fields.Integer, {"type": "integer"}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.DateTime, {"type": "string", "format": "date-time"}),
    (fields.String, {"type": "string"}),
)


def _range(validator: Any, _: Any) -> dict[str, Any]:
    low = "minimum" if validator.min_inclusive else "exclusiveMinimum"
    high = "maximum" if validator.max_inclusive else "exclusiveMaximum"
    return {low: validator.min, high: validator.max}


def _length(validator: Any, kind: Any) -> dict[str, Any]:
    noun = "Items" if "array" in kind else "Length"
    low, high = (validator.equal,) * 2 if validator.equal is not None else (validator.min, validator.max)
    return {f"min{noun}": low, f"max{noun}": high}


_CONSTRAINTS: dict[type[Any], Callable[[Any, Any], dict[str, Any]]] = {
    validate.Range: _range,
    validate.Length: _length,
    validate.OneOf: lambda validator, _: {"enum": list(validator.choices)},
    # JSON Schema searches where marshmallow matches from the start, and knows `$` but not `\Z`.
    validate.Regexp: lambda validator, _: {"pattern": "^" + validator.regex.pattern.replace(r"\Z", "$")},
}
