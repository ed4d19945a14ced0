"""The rows of a repository that a person works on: a Git checkout on this machine, or one on GitHub by name."""

import hashlib
from pathlib import Path

from app.models.identity import Owner
from app.models.repositories import Repository


def register_checkout(path: Path, owner: str = "local", name: str | None = None) -> Repository:
    """Return the row of a checkout, made at first use; the path is its identity."""
    path = path.resolve()
    row = Owner.ensure_by({"provider": "local", "provider_id": owner}, username=owner, kind="user")
    known = Repository.get_or_none((Repository.provider == "local") & (Repository.provider_id == str(path)))
    if known is not None:
        return known
    wanted = name or path.name.removesuffix(".git") or "repository"
    taken = Repository.select().where((Repository.owner == row.id) & (Repository.name == wanted)).exists()
    if taken:
        wanted = f"{wanted}-{hashlib.sha256(str(path).encode()).hexdigest()[:6]}"
    return Repository.create(owner=row, provider="local", provider_id=str(path), name=wanted, private=True)


def register_github(slug: str) -> Repository:
    """Return the row of `owner/name` on GitHub; a later synchronisation replaces the names by the host's own ids."""
    owner, _, name = slug.partition("/")
    row = Owner.ensure_by({"provider": "github", "provider_id": owner}, username=owner)
    return Repository.ensure_by({"provider": "github", "provider_id": slug}, owner=row, name=name, private=True)
