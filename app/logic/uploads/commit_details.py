"""What the Git host knows of a commit: author, message, time, pull request, branch, and the parent known here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from peewee import fn

from app.clients.git.base import Author, GitProvider, ObjectNotFound, Pull
from app.clients.git.base import Commit as HostCommit
from app.helpers.text import storable
from app.logic.uploads import events
from app.models.database import now
from app.models.git import Commit
from app.models.identity import Owner
from app.models.repositories import Repository

MAX_ANCESTORS = 100
MAX_MESSAGE = 10_000  # characters
UNKNOWN_FORK: Final = "unknown"  # a fork that was deleted; no branch can have a colon in its name
_BITBUCKET: Final = ("bitbucket", "bitbucket_server")
_BITBUCKET_MERGE: Final = re.compile(r"Merged in [^\n]{1,500} \(pull request #(\d{1,9})\)")


@dataclass(frozen=True, slots=True)
class KnownCommit:
    """An ancestor that has a row here; without details it has only been announced so far."""

    branch: str | None
    has_details: bool


def fetch_details(git: GitProvider, commit: Commit) -> None:
    """Store what the Git host knows of a commit, in its row and in this object; raises GitError.

    The row is written at the end and as a whole: after an error everything is asked again.
    """
    repository = commit.repo
    found = git.get_commit(commit.sha)
    number = commit.pull_number or git.find_pull(commit.sha, commit.branch)
    pull = _pull(git, number)
    is_merged = pull is None and _is_on_branch(git, repository.default_branch, commit.sha)
    branch = _branch(git, repository, found, pull) or commit.branch
    if branch is None and is_merged:
        branch = repository.default_branch
    if branch != commit.branch:
        commit.branch = branch
    if is_merged:
        commit.merged = True
    commit.author = _author(repository.provider, found.author)
    commit.message = storable(found.message, MAX_MESSAGE)
    commit.committed_at = found.timestamp
    commit.parent_sha = _parent(git, commit, found.parents)
    commit.details_at = now()
    commit.save()
    facts = {"pull": number, "branch": branch, "parent": commit.parent_sha}
    events.record(commit.repo_id, commit.sha, events.DETAILS, extra={k: v for k, v in facts.items() if v is not None})
    if commit.pull_number is None and number is not None:
        note_pull(commit, number)


def note_pull(commit: Commit, number: int) -> None:
    """Remember the pull request of a commit, unless its producer has named one meanwhile."""
    commit.pull_number = number
    Commit.update(pull_number=number).where((Commit.id == commit.id) & Commit.pull_number.is_null()).execute()


def pull_branch(pull: Pull) -> str:
    """Return the name under which the branch of a pull request is known: `owner/repository:branch` in a fork."""
    if not pull.is_fork:
        return pull.head.branch
    return f"{pull.head.slug or UNKNOWN_FORK}:{pull.head.branch}"


def merged_pull(provider: str, message: str) -> int | None:
    """Return the pull request that a commit merges, as Bitbucket says in the first line of the message."""
    match = _BITBUCKET_MERGE.match(message) if provider in _BITBUCKET else None
    return int(match[1]) if match else None


def generations(parents: Sequence[str], ancestors: Sequence[tuple[str, Sequence[str]]]) -> list[list[str]]:
    """Sort ancestors by their distance: the parents first, then their parents, each commit once."""
    parents_of = dict(ancestors)
    level, seen = list(dict.fromkeys(parents)), set(parents)
    levels = []
    while level:
        levels.append(level)
        older = (parent for sha in level for parent in parents_of.get(sha, ()))
        level = [sha for sha in dict.fromkeys(older) if sha not in seen]
        seen.update(level)
    return levels


def choose_parent(levels: Sequence[Sequence[str]], known: Mapping[str, KnownCommit], branch: str | None) -> str | None:
    """Choose the nearest ancestor whose details are known here; of several at one distance the one on the branch.

    A merge of two branches, neither of them ours, follows its first parent. None = no ancestor has details.
    """
    for level in levels:
        candidates = [sha for sha in level if sha in known and known[sha].has_details]
        if candidates:
            return next(
                (sha for sha in candidates if branch is not None and known[sha].branch == branch), candidates[0]
            )
    return None


def _pull(git: GitProvider, number: int | None) -> Pull | None:
    if number is None:
        return None
    try:
        return git.get_pull(number)
    except ObjectNotFound:
        # A number that its producer made up: the commit is looked at as one without a pull request.
        return None


def _branch(git: GitProvider, repository: Repository, found: HostCommit, pull: Pull | None) -> str | None:
    """Return the branch as the host knows it: that of the pull request, or the one a pull request went to."""
    if pull is not None:
        return storable(pull_branch(pull))
    merged = _pull(git, merged_pull(repository.provider, found.message))
    return storable(merged.base.branch) if merged is not None else None


def _is_on_branch(git: GitProvider, branch: str, sha: str) -> bool:
    try:
        head = git.get_branch_head(branch)
        return head == sha or any(sha == ancestor for ancestor, _ in git.get_ancestors(head, MAX_ANCESTORS))
    except ObjectNotFound:
        return False


def _parent(git: GitProvider, commit: Commit, parents: Sequence[str]) -> str | None:
    """Return the commit that this one is a change of, see `choose_parent`.

    Without an ancestor whose details are known it is the nearest one that has a row, else the first parent in Git:
    comparisons start there, and find a base of their own among its ancestors.
    """
    known = _known(commit.repo_id, parents)
    levels = [list(parents)]
    chosen = choose_parent(levels, known, commit.branch)
    if chosen is not None or not parents:
        return chosen
    try:
        levels = generations(parents, git.get_ancestors(commit.sha, MAX_ANCESTORS))
    except ObjectNotFound:
        levels = [list(parents)]
    known = _known(commit.repo_id, [sha for level in levels for sha in level])
    chosen = choose_parent(levels, known, commit.branch)
    nearest = next((sha for level in levels for sha in level if sha in known), parents[0])
    return chosen or nearest


def _known(repo_id: int, shas: Sequence[str]) -> dict[str, KnownCommit]:
    if not shas:
        return {}
    query = Commit.select(Commit.sha, Commit.branch, Commit.details_at).where(
        (Commit.repo == repo_id) & Commit.sha.in_(list(shas)) & Commit.deleted_at.is_null()
    )
    return {row.sha: KnownCommit(row.branch, row.details_at is not None) for row in query}


def _author(provider: str, author: Author) -> Owner | None:
    """Return the account of an author, made or completed; None where the host names no account."""
    if author.id is None:
        return None
    facts = {"display_name": author.name, "email": author.email}
    values = {name: storable(text, 300) for name, text in facts.items() if text}
    username = storable(author.username, 300) if author.username else None
    # A name may still be that of an account which was renamed or only announced; ids decide, names follow later.
    taken = username and Owner.select().where(_is_named(provider, username)).exists()
    Owner.insert(
        provider=provider, provider_id=author.id, kind="user", username=None if taken else username, **values
    ).on_conflict_ignore().execute()
    mine = (Owner.provider == provider) & (Owner.provider_id == author.id)
    missing = {name: fn.COALESCE(getattr(Owner, name), text) for name, text in values.items()}
    if missing:
        Owner.update(**missing).where(mine & (Owner.display_name.is_null() | Owner.email.is_null())).execute()
    account: Owner | None = Owner.get_or_none(mine)
    return account


def _is_named(provider: str, username: str) -> Any:
    return (Owner.provider == provider) & (fn.lower(Owner.username) == username.lower())
