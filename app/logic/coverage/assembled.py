"""The commit report: the merge of a commit's uploads, with what each upload and each flag contributed."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from app.logic.coverage import codec, measure
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.merge import merge
from app.logic.coverage.totals import Totals

SessionKind = Literal["uploaded", "carried_forward"]


@dataclass(frozen=True, slots=True)
class Session:
    """One upload inside a commit report; `index` is its number in the commit, given once and never reused."""

    index: int
    flags: tuple[str, ...] = ()
    name: str | None = None
    kind: SessionKind = "uploaded"
    carried_from: str | None = None
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

    def presence(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
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
    do not change a byte of the result.
    """
    ordered = sorted(sources, key=lambda source: source[0].index)
    merged = merge([stored for _, stored in ordered])
    sessions = [_describe(session) for session, _ in ordered]
    meta = {
        "sessions": sessions,
        "flags": {name: totals.as_dict() for name, totals in _flag_totals(ordered).items()},
        "presence": _presence(merged.files, ordered),
    }
    return codec.encode(merged, meta)


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
        totals=Totals.from_dict(entry["totals"]),
    )


def _describe(session: Session) -> dict[str, Any]:
    return {
        "index": session.index,
        "flags": list(session.flags),
        "name": session.name,
        "kind": session.kind,
        "carried_from": session.carried_from,
        "totals": session.totals.as_dict(),
    }


def _flag_totals(ordered: Sequence[tuple[Session, StoredReport]]) -> dict[str, Totals]:
    """Totals per flag: of the merge of that flag's uploads. Flags with the same uploads are merged once."""
    members: dict[str, list[int]] = {}
    for position, (session, _) in enumerate(ordered):
        for flag in session.flags:
            members.setdefault(flag, []).append(position)
    known: dict[tuple[int, ...], Totals] = {}
    result: dict[str, Totals] = {}
    for flag in sorted(members):
        key = tuple(members[flag])
        if key not in known:
            stored = [ordered[position][1] for position in key]
            totals = stored[0].totals if len(stored) == 1 else measure.totals(merge(stored))
            known[key] = _with_sessions(totals, len(key))
        result[flag] = known[key]
    return result


def _with_sessions(totals: Totals, sessions: int) -> Totals:
    return Totals.from_dict(totals.as_dict() | {"sessions": sessions})


def _presence(files: Sequence[str], ordered: Sequence[tuple[Session, StoredReport]]) -> str:
    number = {path: row for row, path in enumerate(files)}
    present = np.zeros((len(files), len(ordered)), dtype=bool)
    for column, (_, stored) in enumerate(ordered):
        present[[number[path] for path in stored.files if path in number], column] = True
    return base64.b64encode(np.packbits(present).tobytes()).decode("ascii")
