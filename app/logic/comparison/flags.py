"""What a comparison says about each flag: the totals at both ends, and those of the lines that the change adds."""

from collections.abc import Sequence

import structlog

from app.clients.storage import ObjectStorage, StorageError
from app.helpers.diff import Diff
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, Session
from app.logic.coverage.merge import merge
from app.logic.coverage.patch import PATCH_KINDS, patch_totals
from app.logic.coverage.report import Report
from app.logic.coverage.totals import Totals
from app.logic.uploads.parsed import open_parsed

log = structlog.get_logger(__name__)


def flag_totals(
    storage: ObjectStorage, base: AssembledReport, head: AssembledReport, report_id: int, change: Diff | None
) -> dict[str, dict[str, Totals | None]]:
    """Return `{flag: {"base", "head", "patch"}}`, None = that report lacks the flag, or the number cannot be known.

    `report_id` is the row of the head report, whose uploads tell which lines a flag covers.
    """
    patches = _patches(storage, head, report_id, change) if change is not None else {}
    return {
        name: {"base": base.flags.get(name), "head": head.flags.get(name), "patch": patches.get(name)}
        for name in sorted(base.flags.keys() | head.flags.keys())
    }


def _patches(storage: ObjectStorage, head: AssembledReport, report_id: int, change: Diff) -> dict[str, Totals]:
    """Merge, for each flag, its uploads' parts of the changed files."""
    changed = {file.path for file in change if file.kind in PATCH_KINDS} & set(head.stored.files)
    sessions = [session for session in head.sessions if session.flags]
    try:
        parts = _load_parts(storage, report_id, sessions, changed) if changed else {}
    except (StorageError, codec.CodecError) as error:
        # A number less is better than no comparison; a lost object is made again when it is next assembled.
        log.warning("comparison.flags.unavailable", report_id=report_id, error=str(error))
        return {}
    known: dict[tuple[int, ...], Totals] = {}
    patches = {}
    for flag in head.flags:
        members = tuple(session.index for session in sessions if flag in session.flags)
        if members not in known:
            known[members] = patch_totals(merge([parts[index] for index in members] if parts else []), change)
        patches[flag] = known[members]
    return patches


def _load_parts(
    storage: ObjectStorage, report_id: int, sessions: Sequence[Session], paths: set[str]
) -> dict[int, Report]:
    """Read the rows of some files from the parsed report of each session, by the session's number."""
    opened = open_parsed(storage, report_id, sessions)
    return {number: stored.load_files(paths) for number, stored in opened.items()}
