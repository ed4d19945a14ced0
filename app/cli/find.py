"""Find what a person names on the command line: a commit, a repository."""

from collections.abc import Callable
from typing import Any

import click

from app.models.git import Commit
from app.models.identity import Owner
from app.models.repositories import Repository

REPO_HELP = "OWNER/NAME: the repository, where several have the commit."


def repo_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command that takes a commit be told which repository it is in."""
    return click.option("--repo", "slug", help=REPO_HELP)(function)


def find_repository(slug: str) -> Repository:
    """Return the repository OWNER/NAME; raises ClickException if there is none."""
    owner, _, name = slug.rpartition("/")
    found = Repository.select().join(Owner, on=(Repository.owner == Owner.id))
    repository: Repository | None = found.where((Owner.username == owner) & (Repository.name == name)).first()
    if repository is None:
        raise click.ClickException(f"No repository {slug} is known here.")
    return repository


def find_commit(prefix: str, slug: str | None = None) -> tuple[Commit, Repository]:
    """Return the commit whose SHA starts with the text, in the repository OWNER/NAME if one is given.

    Raises ClickException if there is none, or more than one.
    """
    wanted = prefix.lower()
    if not wanted or not all(c in "0123456789abcdef" for c in wanted):
        raise click.UsageError(f"{prefix!r} is not a commit SHA (a prefix of one is enough)")
    known = Commit.select().where(Commit.sha.startswith(wanted))
    if slug is not None:
        known = known.where(Commit.repo == find_repository(slug).id)
    commits = list(known.order_by(Commit.id).limit(10))
    if not commits:
        raise click.ClickException(f"No upload for commit {prefix} is known here; `upload` adds one.")
    if len({commit.sha for commit in commits}) > 1:
        raise click.ClickException(f"Several commits begin with {prefix}; give more of the SHA.")
    if len(commits) > 1:
        slugs = ", ".join(f"{commit.repo.owner.username}/{commit.repo.name}" for commit in commits)
        raise click.ClickException(f"Several repositories have the commit {prefix}: {slugs}. Name one with --repo.")
    return commits[0], commits[0].repo
