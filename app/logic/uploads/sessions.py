"""Which uploads make up the report of a commit: those read well, and carried-forward ones that nothing replaced."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.logic.coverage.assembled import Session
from app.logic.coverage.totals import Totals
from app.logic.repository_yaml.flags import flag_rules
from app.models.reports import CommitReport, Flag, Upload, UploadFlag

USABLE = ("processed", "merged")
Flags = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The uploads of a report with their sessions, in order, and the carried-forward ones they replace."""

    uploads: tuple[Upload, ...]
    sessions: tuple[Session, ...]
    superseded: tuple[Upload, ...]


def choose_uploads(report: CommitReport) -> Chosen:
    """Read which uploads are part of the commit report now."""
    rows = list(
        Upload.select()
        .where(
            (Upload.report == report.id)
            & (Upload.state.in_(USABLE) | ((Upload.kind == "carried_forward") & (Upload.state == "superseded")))
        )
        .order_by(Upload.session_index)
    )
    flags = flags_of([upload.id for upload in rows])
    config: Mapping[str, Any] = report.config or {}
    carried = {upload.id: flags.get(upload.id, ()) for upload in rows if upload.kind == "carried_forward"}
    arrived = [flags.get(upload.id, ()) for upload in rows if upload.kind == "uploaded"]
    replaced = replaced_by(arrived, carried, config)
    chosen = tuple(upload for upload in rows if upload.id not in replaced)
    sessions = tuple(_session(upload, flags.get(upload.id, ()), config) for upload in chosen)
    return Chosen(chosen, sessions, tuple(upload for upload in rows if upload.id in replaced))


def replaced_by(arrived: Iterable[Flags], carried: Mapping[int, Flags], config: Mapping[str, Any]) -> frozenset[int]:
    """Return the carried-forward uploads that arrived uploads replace: whole, if they share one flag that is carried.

    Uploads that failed are not among the arrived: they replace nothing.
    """
    fresh = {flag for flags in arrived for flag in flags if flag_rules(config, flag).get("carryforward")}
    return frozenset(upload_id for upload_id, flags in carried.items() if not fresh.isdisjoint(flags))


def is_joined(flags: Collection[str], config: Mapping[str, Any]) -> bool:
    """Say whether an upload counts for the whole report: none of its flags is set to `joined: false`."""
    return all(flag_rules(config, flag).get("joined", True) is not False for flag in flags)


def flags_of(upload_ids: Sequence[int]) -> dict[int, Flags]:
    """Return the flag names of uploads, sorted."""
    query = (
        UploadFlag.select(UploadFlag, Flag)
        .join(Flag)
        .where(UploadFlag.upload.in_(list(upload_ids)))
        .order_by(Flag.name)
    )
    flags: dict[int, Flags] = {}
    for row in query:
        flags[row.upload_id] = (*flags.get(row.upload_id, ()), str(row.flag.name))
    return flags


def _session(upload: Upload, flags: Flags, config: Mapping[str, Any]) -> Session:
    return Session(
        index=upload.session_index or 0,
        flags=flags,
        name=upload.name,
        kind="uploaded" if upload.kind == "uploaded" else "carried_forward",
        carried_from=upload.carried_from_sha,
        joined=is_joined(flags, config),
        content=upload.parsed_identity or "",
        totals=Totals.from_dict(upload.totals or {}),
    )
