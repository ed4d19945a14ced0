"""What a commit report must be: computed from the raw uploads by pure functions, with no row, object or message."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import Session, assemble
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.totals import Totals
from app.logic.uploads.envelope import Limits
from app.logic.uploads.parse import parse_upload


@dataclass(frozen=True, slots=True)
class Raw:
    """An upload as it was sent; `index` is the number of its session in the commit."""

    body: bytes
    index: int
    flags: tuple[str, ...] = ()
    name: str | None = None


def commit_report(uploads: Iterable[Raw]) -> bytes | None:
    """The bytes of the report of these uploads; None when none of them can be used."""
    sources = []
    for upload in uploads:
        parsed = _parsed(upload.body)
        if parsed is not None:
            data, totals = parsed
            session = Session(upload.index, tuple(sorted(upload.flags)), upload.name, totals=totals)
            sources.append((session, codec.open_report(data)))
    return assemble(sources) if sources else None


def problem(body: bytes) -> str | None:
    """The code of the error that an upload of these bytes ends in; None = it is good."""
    found = parse_upload(body, Limits(), FormatOptions()).problem
    return None if found is None else found.code


@lru_cache(maxsize=4096)
def _parsed(body: bytes) -> tuple[bytes, Totals] | None:
    parsed = parse_upload(body, Limits(), FormatOptions())
    if parsed.report is None:
        return None
    totals = Totals.from_dict(measure.totals(parsed.report).as_dict() | {"sessions": 1})
    return codec.encode(parsed.report, {"formats": list(parsed.formats)}), totals
