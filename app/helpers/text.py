"""Text from outside, made storable: PostgreSQL takes neither NUL nor half a surrogate pair, in text or in JSON."""

from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str, limit: int | None = None) -> str:
    """Return the text without what cannot be stored, cut to `limit` characters."""
    if limit is not None:
        text = text[:limit]
    if text.isascii():
        return text.replace("\x00", REPLACEMENT)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", REPLACEMENT)


def storable_json(value: Any, limit: int = 500) -> Any:
    """Return a JSON value whose strings, keys too, are storable and no longer than `limit` characters."""
    if isinstance(value, str):
        return storable(value, limit)
    if isinstance(value, dict):
        return {storable_json(key, limit): storable_json(item, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item, limit) for item in value]
    return value
