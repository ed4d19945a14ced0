"""The commit report: the merge of a commit's uploads, with what each upload and each flag contributed."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage import codec, measure
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.merge import Source, merge
from app.logic.coverage.overlay import lay_over
from app.logic.coverage.report import Report
from app.logic.coverage.totals import Totals

SessionKind = Literal["uploaded", "carried_forward"]


@dataclass(frozen=True, slots=True)
class Session:
    """One upload inside a commit report; `index` is its number in the commit, given once and never reused.

    `joined` False: it counts for its flags, and for the whole only where no joined session has the line. `content` is
    the identity of its parsed report, by which an earlier assembly is recognised as still right.
    """

    index: int
    flags: tuple[str, ...] = ()
    name: str | None = None
    kind: SessionKind = "uploaded"
    carried_from: str | None = None
    joined: bool = True
    content: str = ""
    totals: Totals = field(default_factory=Totals)


@dataclass(frozen=True, slots=True)
class AssembledReport:
    """An encoded commit report, opened: sessions, flag totals and all totals come from the header alone."""

    stored: StoredReport
    sessions: tuple[Session, ...]
    flags: Mapping[str, Totals]

    @property
    def totals(self) -> Totals:
        return self.stored.totals

    def presence(self) -> NDArray[np.bool_]:
        """Return which sessions have lines of which file: bool[files, sessions], in the order of both.

        Raises codec.ReportCorrupt.
        """
        shape = (len(self.stored.files), len(self.sessions))
        try:
            bits = np.frombuffer(base64.b64decode(self.stored.meta["presence"], validate=True), dtype=np.uint8)
            return np.unpackbits(bits)[: shape[0] * shape[1]].reshape(shape).astype(bool)
        except (KeyError, TypeError, ValueError) as error:
            raise codec.ReportCorrupt(f"the presence of sessions cannot be read: {error!r}") from None


def assemble(sources: Sequence[tuple[Session, StoredReport]]) -> bytes:
    """Merge uploads into the bytes of a commit report.

    A pure function of the sessions and their reports: the order of `sources`, and how often or where it is computed,
    do not change a byte of the result. This is what a commit report is; `incremental.extend` computes the same sooner.
    """
    ordered = sorted(sources, key=lambda source: source[0].index)
    joined = [stored for session, stored in ordered if session.joined]
    unjoined = [stored for session, stored in ordered if not session.joined]
    return write_assembled(
        joined_view(joined, unjoined),
        [session for session, _ in ordered],
        _flag_totals(ordered),
        [stored.files for _, stored in ordered],
    )


def joined_view(joined: Sequence[Source], unjoined: Sequence[Source]) -> Report:
    """Return the lines of the joined reports, and those of the others that no joined one has."""
    return lay_over(merge(joined), merge(unjoined)) if unjoined else merge(joined)


def write_assembled(
    report: Report, sessions: Sequence[Session], flags: Mapping[str, Totals], files: Sequence[Sequence[str]]
) -> bytes:
    """Encode a commit report, given its sessions in order and the files that each of them has lines of."""
    meta = {
        "sessions": [_describe(session) for session in sessions],
        "flags": {name: flags[name].as_dict() for name in sorted(flags)},
        "presence": _presence(report.files, files),
    }
    return codec.encode(report, meta)


def open_assembled(data: bytes) -> AssembledReport:
    """Open the bytes of `assemble`; raises codec.CodecError, also for the report of a single upload."""
    stored = codec.open_report(data)
    try:
        sessions = tuple(_read_session(entry) for entry in stored.meta["sessions"])
        flags = {name: Totals.from_dict(value) for name, value in stored.meta["flags"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise codec.ReportCorrupt(f"not a commit report: {error!r}") from None
    return AssembledReport(stored, sessions, flags)


def _read_session(entry: Mapping[str, Any]) -> Session:
    return Session(
        index=entry["index"],
        flags=tuple(entry["flags"]),
        name=entry["name"],
        kind=entry["kind"],
        carried_from=entry["carried_from"],
        joined=entry["joined"],
        content=entry["content"],
        totals=Totals.from_dict(entry["totals"]),
    )


def _describe(session: Session) -> dict[str, Any]:
    return {
        "index": session.index,
        "flags": list(session.flags),
        "name": session.name,
        "kind": session.kind,
        "carried_from": session.carried_from,
        "joined": session.joined,
        "content": session.content,
        "totals": session.totals.as_dict(),
    }


def members_of_flags(sessions: Sequence[Session]) -> dict[str, tuple[int, ...]]:
    """Return the positions of the sessions of each flag, flags in order."""
    members: dict[str, list[int]] = {}
    for position, session in enumerate(sessions):
        for flag in session.flags:
            members.setdefault(flag, []).append(position)
    return {flag: tuple(members[flag]) for flag in sorted(members)}


def with_sessions(totals: Totals, sessions: int) -> Totals:
    return Totals.from_dict(totals.as_dict() | {"sessions": sessions})


def _flag_totals(ordered: Sequence[tuple[Session, StoredReport]]) -> dict[str, Totals]:
    """Totals per flag: of the merge of that flag's uploads. Flags with the same uploads are merged once."""
    known: dict[tuple[int, ...], Totals] = {}
    result: dict[str, Totals] = {}
    for flag, key in members_of_flags([session for session, _ in ordered]).items():
        if key not in known:
            known[key] = with_sessions(merged_totals([ordered[position][1] for position in key]), len(key))
        result[flag] = known[key]
    return result


def merged_totals(stored: Sequence[StoredReport]) -> Totals:
    """Return the totals of the merge of stored reports; those of a single one stand in its header."""
    return stored[0].totals if len(stored) == 1 else measure.totals(merge(stored))


def _presence(files: Sequence[str], of_sessions: Sequence[Sequence[str]]) -> str:
    number = {path: row for row, path in enumerate(files)}
    present = np.zeros((len(files), len(of_sessions)), dtype=bool)
    for column, paths in enumerate(of_sessions):
        present[[number[path] for path in paths if path in number], column] = True
    return base64.b64encode(np.packbits(present).tobytes()).decode("ascii")
