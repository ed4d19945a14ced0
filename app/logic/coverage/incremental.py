"""The commit report from an earlier one: what new uploads change, without reading all the others again.

Joining is associative (docs/decisions/0002-merge-lattice.md), so uploads can be joined in groups. Sessions with the
same flags are a group; the join of a large group is kept as a *layer*, which answers the totals of its flags and takes
in one more upload for the price of two. Only the Ruby rule looks at whole sources, so commits with Ruby files are
always assembled from all their uploads.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import (
    AssembledReport,
    Session,
    assemble,
    joined_view,
    members_of_flags,
    merged_totals,
    with_sessions,
    write_assembled,
)
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.merge import Source, merge
from app.logic.coverage.report import Report
from app.logic.coverage.totals import Totals

LAYER_FROM: Final = 4  # sessions; joining fewer anew costs no more than reading and writing a layer

LoadUpload = Callable[[Session], StoredReport]
LoadLayer = Callable[[str], StoredReport | None]


@dataclass(frozen=True, slots=True)
class Previous:
    """An earlier assembly of the commit: its report, and a way to its layers by key (None = there is none)."""

    report: AssembledReport
    layer: LoadLayer


@dataclass(frozen=True, slots=True)
class Extended:
    """A commit report, its new layers by key, and the keys of the layers of `Previous` that are still right."""

    report: bytes
    layers: Mapping[str, bytes] = field(default_factory=dict)
    kept_layers: frozenset[str] = frozenset()


def extend(sessions: Sequence[Session], load: LoadUpload, previous: Previous | None) -> Extended:
    """Return what `assemble` gives for the sessions and their reports, byte for byte.

    `load` is asked only for reports that are needed; what it raises passes through. Every session must have its
    `content`. Raises codec.ReportCorrupt if a layer or the previous report is damaged: then go without `previous`.
    """
    ordered = sorted(sessions, key=lambda session: session.index)
    loaded = _Uploads(load)
    known = _Known(previous)
    fresh = [session for session in ordered if not known.has(session)]
    if known.has_ruby() or any(_is_ruby(loaded.get(session)) for session in fresh):
        return Extended(assemble([(session, loaded.get(session)) for session in ordered]))
    groups = _Groups(ordered, loaded, previous)
    report = _view(ordered, fresh, known, loaded, groups)
    encoded = write_assembled(
        report, ordered, _flag_totals(ordered, report, known, groups), [known.files(s, loaded) for s in ordered]
    )
    return Extended(encoded, groups.new, frozenset(groups.kept))


def layer_key(session: Session) -> str:
    """Return the name of the layer that a session belongs to: the same for the same flags."""
    identity = json.dumps([session.joined, *sorted(session.flags)]).encode()
    return hashlib.sha256(identity).hexdigest()[:16]


class _Uploads:
    """The parsed reports of sessions, each read once."""

    def __init__(self, load: LoadUpload) -> None:
        self._load = load
        self._loaded: dict[int, StoredReport] = {}

    def get(self, session: Session) -> StoredReport:
        if session.index not in self._loaded:
            self._loaded[session.index] = self._load(session)
        return self._loaded[session.index]


class _Known:
    """What the previous report tells about sessions whose contents have not changed since."""

    def __init__(self, previous: Previous | None) -> None:
        self.report = previous.report if previous is not None else None
        sessions = self.report.sessions if self.report is not None else ()
        self.sessions = {session.index: session for session in sessions}
        self._columns = {session.index: column for column, session in enumerate(sessions)}
        self._presence = self.report.presence() if self.report is not None else None

    def has(self, session: Session) -> bool:
        old = self.sessions.get(session.index)
        return old is not None and old.content == session.content and old.joined == session.joined

    def has_ruby(self) -> bool:
        return self.report is not None and _is_ruby(self.report.stored)

    def files(self, session: Session, loaded: _Uploads) -> Sequence[str]:
        """Return the files of a session that are in the report."""
        if self.report is None or self._presence is None or not self.has(session):
            return loaded.get(session).files
        present = self._presence[:, self._columns[session.index]].nonzero()[0]
        return [self.report.stored.files[number] for number in present.tolist()]


class _Groups:
    """The sessions of a commit by their flags, each group as few reports as can be had."""

    def __init__(self, ordered: Sequence[Session], loaded: _Uploads, previous: Previous | None) -> None:
        self._members: dict[str, list[Session]] = {}
        for session in ordered:
            self._members.setdefault(layer_key(session), []).append(session)
        self._loaded = loaded
        self._previous = previous
        self._parts: dict[str, list[StoredReport]] = {}
        self.new: dict[str, bytes] = {}
        self.kept: set[str] = set()
        for key, members in self._members.items():
            if len(members) >= LAYER_FROM:
                self._parts[key] = [self._layer(key, members)]

    def parts(self, joined: bool) -> list[StoredReport]:
        """Return reports whose join is that of all sessions that are joined, or of all that are not."""
        keys = [key for key, members in self._members.items() if members[0].joined is joined]
        return [part for key in keys for part in self._parts_of(key)]

    def parts_of_flag(self, flag: str) -> list[StoredReport]:
        keys = [key for key, members in self._members.items() if flag in members[0].flags]
        return [part for key in keys for part in self._parts_of(key)]

    def _parts_of(self, key: str) -> list[StoredReport]:
        if key not in self._parts:
            self._parts[key] = [self._loaded.get(session) for session in self._members[key]]
        return self._parts[key]

    def _layer(self, key: str, members: Sequence[Session]) -> StoredReport:
        """Return the join of a group: the old layer as it is, or with the new sessions, or made from all of them."""
        wanted = {str(session.index): session.content for session in members}
        old = self._previous.layer(key) if self._previous is not None else None
        held = dict(old.meta.get("members", {})) if old is not None else {}
        if old is not None and held == wanted:
            self.kept.add(key)
            return old
        sources: list[Source] = []
        if old is not None and held.items() <= wanted.items():
            sources.append(old)
            members = [session for session in members if str(session.index) not in held]
        sources.extend(self._loaded.get(session) for session in members)
        self.new[key] = codec.encode(merge(sources), {"members": wanted})
        return codec.open_report(self.new[key])


def _view(
    ordered: Sequence[Session], fresh: Sequence[Session], known: _Known, loaded: _Uploads, groups: _Groups
) -> Report:
    """Return the lines of the commit: the previous ones joined with the fresh sessions if that is all that happened."""
    unchanged = len(ordered) - len(fresh)
    everyone_joined = all(session.joined for session in ordered)
    if known.report is not None and unchanged == len(known.sessions) and everyone_joined:
        return merge([known.report.stored, *(loaded.get(session) for session in fresh)])
    return joined_view(groups.parts(joined=True), groups.parts(joined=False))


def _flag_totals(ordered: Sequence[Session], report: Report, known: _Known, groups: _Groups) -> dict[str, Totals]:
    everyone_joined = all(session.joined for session in ordered)
    old_members = members_of_flags(known.report.sessions) if known.report is not None else {}
    result: dict[str, Totals] = {}
    for flag, members in members_of_flags(ordered).items():
        now = [ordered[position] for position in members]
        if known.report is not None and len(old_members.get(flag, ())) == len(now) and _all_had(known, flag, now):
            result[flag] = known.report.flags[flag]
        elif everyone_joined and len(members) == len(ordered):
            result[flag] = with_sessions(measure.totals(report), len(members))
        else:
            result[flag] = with_sessions(merged_totals(groups.parts_of_flag(flag)), len(members))
    return result


def _all_had(known: _Known, flag: str, sessions: Sequence[Session]) -> bool:
    """Say whether the flag had just these sessions with these contents."""
    return all(known.has(session) and flag in known.sessions[session.index].flags for session in sessions)


def _is_ruby(stored: StoredReport) -> bool:
    return any(path.endswith(".rb") for path in stored.files)
