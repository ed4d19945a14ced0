"""What a commit report must be: computed from the raw uploads by pure functions, with no row, object or message."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from app.helpers.diff import Diff
from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import Session, assemble
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.report import Report
from app.logic.coverage.shift import shift_lines
from app.logic.coverage.totals import Totals
from app.logic.uploads.carryforward import carried_name
from app.logic.uploads.envelope import Limits
from app.logic.uploads.parse import UploadFacts, parse_upload
from app.logic.uploads.sessions import is_joined
from app.models.reports import FIRST_CARRIED_INDEX

Sources = Sequence[tuple[Session, StoredReport]]
NO_RULES: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Raw:
    """An upload as it was sent; `index` is the number of its session in the commit."""

    body: bytes
    index: int
    flags: tuple[str, ...] = ()
    name: str | None = None


def commit_report(uploads: Iterable[Raw], config: Mapping[str, Any] = NO_RULES, carried: Sources = ()) -> bytes | None:
    """The bytes of the report of these uploads and of what is carried; None when there is no coverage."""
    sources = parts(uploads, config, carried)
    return assemble(sources) if sources else None


def parts(uploads: Iterable[Raw], config: Mapping[str, Any] = NO_RULES, carried: Sources = ()) -> Sources:
    """The sessions of a commit and their reports: good uploads, and of the carried sessions those they leave."""
    arrived = [source for upload in uploads if (source := _source(upload, config)) is not None]
    fresh = {flag for session, _ in arrived for flag in session.flags if _carries(config, flag)}
    return [*arrived, *(source for source in carried if fresh.isdisjoint(source[0].flags))]


def carry(parent: Sources, sha: str, diff: Diff, config: Mapping[str, Any]) -> Sources:
    """What a commit carries from the commit `sha`, whose parts and distance these are, while nothing arrives for it.

    `config` has the rules of flags under `flags`, and no negative patterns.
    """
    flags = {flag for session, _ in parent for flag in session.flags if _carries(config, flag)}
    patterns = [config["flags"][flag].get("paths") for flag in flags]
    wanted = re.compile("|".join(f"(?:{p})" for some in patterns for p in some) if all(patterns) else "")
    result: list[tuple[Session, StoredReport]] = []
    for session, stored in sorted(parent, key=lambda source: source[0].index):
        files = [path for path in stored.files if wanted.match(path)]
        shifted = shift_lines(stored.load_files(files), diff) if files else None
        if not flags.isdisjoint(session.flags) and shifted is not None and shifted.files:
            report = codec.open_report(codec.encode(shifted, stored.meta))
            carried = replace(
                session,
                index=FIRST_CARRIED_INDEX + len(result),
                name=carried_name(session.name),
                kind="carried_forward",
                carried_from=sha,
                joined=is_joined(session.flags, config),
                content=report.identity,
                totals=_totals(shifted),
            )
            result.append((carried, report))
    return result


def _carries(config: Mapping[str, Any], flag: str) -> bool:
    return bool(config.get("flags", {}).get(flag, {}).get("carryforward"))


def _source(upload: Raw, config: Mapping[str, Any]) -> tuple[Session, StoredReport] | None:
    flags = tuple(sorted(upload.flags))
    parsed = _parsed(upload.body, flags, json.dumps(config))
    if parsed is None:
        return None
    data, totals = parsed
    stored = codec.open_report(data)
    joined = is_joined(flags, config)
    return Session(upload.index, flags, upload.name, joined=joined, content=stored.identity, totals=totals), stored


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
    return codec.encode(parsed.report, {"formats": list(parsed.formats)}), _totals(parsed.report)


def _totals(report: Report) -> Totals:
    return Totals.from_dict(measure.totals(report).as_dict() | {"sessions": 1})
