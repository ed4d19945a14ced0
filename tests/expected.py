"""What a commit report must be: computed from the raw uploads by pure functions, with no row, object or message."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import Session, assemble
from app.logic.coverage.totals import Totals
from app.logic.uploads.envelope import Limits
from app.logic.uploads.parse import UploadFacts, parse_upload
from app.logic.uploads.sessions import is_joined

NO_RULES: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Raw:
    """An upload as it was sent; `index` is the number of its session in the commit."""

    body: bytes
    index: int
    flags: tuple[str, ...] = ()
    name: str | None = None


def commit_report(uploads: Iterable[Raw], config: Mapping[str, Any] = NO_RULES) -> bytes | None:
    """The bytes of the report of these uploads, none of which carries a flag forward; None when none can be used."""
    sources = []
    for upload in uploads:
        flags = tuple(sorted(upload.flags))
        parsed = _parsed(upload.body, flags, json.dumps(config))
        if parsed is not None:
            data, totals = parsed
            stored = codec.open_report(data)
            session = Session(
                upload.index,
                flags,
                upload.name,
                joined=is_joined(flags, config),
                content=stored.identity,
                totals=totals,
            )
            sources.append((session, stored))
    return assemble(sources) if sources else None


def problem(body: bytes, flags: tuple[str, ...] = (), config: Mapping[str, Any] = NO_RULES) -> str | None:
    """The code of the error that an upload of these bytes ends in; None = it is good."""
    found = parse_upload(body, UploadFacts(datetime.now(UTC), config=config, flags=flags), Limits()).problem
    return None if found is None else found.code


@lru_cache(maxsize=4096)
def _parsed(body: bytes, flags: tuple[str, ...], config: str) -> tuple[bytes, Totals] | None:
    facts = UploadFacts(datetime.now(UTC), config=json.loads(config), flags=flags)
    parsed = parse_upload(body, facts, Limits())
    if parsed.report is None:
        return None
    totals = Totals.from_dict(measure.totals(parsed.report).as_dict() | {"sessions": 1})
    return codec.encode(parsed.report, {"formats": list(parsed.formats)}), totals
