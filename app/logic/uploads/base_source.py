"""Which earlier commit a report carries coverage from: its nearest ancestor with one. Dates play no part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.clients.git.base import GitProvider
from app.models.git import Commit
from app.models.reports import CommitReport
from app.models.repositories import Repository

DEPTH: Final = 10  # ancestors with a report row that are looked at; what is older says too little about the commit
MAX_ANCESTORS: Final = 100

GitFor = Callable[[Repository], GitProvider]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An ancestor with a coverage report row; `undecided` = it may yet carry coverage from an ancestor of its own."""

    report_id: int
    sha: str
    state: str
    has_report: bool = True
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The source of a base layer; "not_ready" = `candidate` may become it, "none" = there is none."""

    outcome: Literal["found", "not_ready", "none"]
    candidate: Candidate | None = None


def choose_source(candidates: Sequence[Candidate]) -> Choice:
    """Choose among candidates, nearest first: the first one with a report, unless a nearer one is still at work.

    Commits whose uploads all failed, and those that were skipped without a report, are passed over.
    """
    for candidate in candidates[:DEPTH]:
        if candidate.state in ("pending", "processing") or candidate.undecided:
            return Choice("not_ready", candidate)
        if candidate.state in ("complete", "skipped") and candidate.has_report:
            return Choice("found", candidate)
    return Choice("none")


def by_distance(start: str, listed: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Return a commit and its ancestors by their distance from it, first parents first among equals.

    `listed` are (sha, parents) in any order: hosts sort by date, which says nothing where clocks are wrong.
    """
    parents: Mapping[str, tuple[str, ...]] = dict(listed)
    reached = {start: None}
    level = [start]
    while level:
        level = [parent for sha in level for parent in parents.get(sha, ()) if parent not in reached]
        level = list(dict.fromkeys(level))
        reached |= dict.fromkeys(level)
    return list(reached)


def find_source(git_for: GitFor, head: Commit) -> Choice:
    """Find the source for a commit: along the parents that are known here, then with the Git host's help.

    Raises GitError.
    """
    candidates, rest = _along_known_parents(head)
    choice = choose_source(candidates)
    if choice.outcome != "none" or rest is None or len(candidates) >= DEPTH:
        return choice
    seen = {candidate.sha for candidate in candidates} | {head.sha}
    ancestors = by_distance(rest, git_for(head.repo).get_ancestors(rest, MAX_ANCESTORS))
    known = _candidates(head.repo_id, ancestors)
    return choose_source([*candidates, *(known[sha] for sha in ancestors if sha in known and sha not in seen)])


def _along_known_parents(head: Commit) -> tuple[list[Candidate], str | None]:
    """Return the candidates on the line of first parents, as far as it is known, and where the host must help on.

    None instead of the latter: the line ends there, at a root commit, or a choice is made already.
    """
    candidates: list[Candidate] = []
    row, passed = head, {head.sha}
    while len(passed) <= MAX_ANCESTORS:
        if row.parent_sha is None:
            return candidates, None if row.details_at is not None else row.sha
        parent_sha = row.parent_sha.lower()
        if parent_sha in passed:  # what a producer says of parents may be nonsense
            return candidates, head.sha
        passed.add(parent_sha)
        parent = Commit.get_or_none((Commit.repo == head.repo_id) & (Commit.sha == parent_sha))
        if parent is None:
            return candidates, parent_sha
        candidates += _candidates(head.repo_id, [parent_sha]).values()
        if choose_source(candidates).outcome != "none" or len(candidates) >= DEPTH:
            return candidates, None
        row = parent
    return candidates, None


def _candidates(repo_id: int, shas: Sequence[str]) -> dict[str, Candidate]:
    """Return the commits among these that are not deleted and have a coverage report row, by SHA."""
    query = (
        CommitReport.select(
            CommitReport.id, CommitReport.state, CommitReport.fingerprint, CommitReport.base_state, Commit.sha
        )
        .join(Commit)
        .where(
            (Commit.repo == repo_id)
            & Commit.sha.in_(list(shas))
            & Commit.deleted_at.is_null()
            & (CommitReport.report_type == "coverage")
        )
    )
    return {
        row.commit.sha: Candidate(
            row.id, row.commit.sha, row.state, row.fingerprint is not None, row.base_state == "unknown"
        )
        for row in query
    }
