"""Rows with sensible values for the tests; every argument overrides a column."""

from hashlib import sha1
from itertools import count
from typing import Any

from app.models import Commit, CommitReport, Owner, Pull, Repository, Upload
from app.models.database import now

_numbers = count(1)


def make_sha(text: object) -> str:
    """A valid SHA that is the same for the same text."""
    return sha1(str(text).encode(), usedforsecurity=False).hexdigest()


def make_owner(**values: Any) -> Owner:
    number = next(_numbers)
    defaults = {"provider": "github", "provider_id": str(number), "kind": "org", "username": f"acme-{number}"}
    return Owner.create(**defaults | values)


def make_repository(**values: Any) -> Repository:
    owner = values.pop("owner", None) or make_owner()
    number = next(_numbers)
    defaults = {
        "owner": owner,
        "provider": owner.provider,
        "provider_id": str(number),
        "name": f"rocket-{number}",
        "private": False,
        "enabled": True,
    }
    return Repository.create(**defaults | values)


def make_commit(**values: Any) -> Commit:
    repo = values.pop("repo", None) or make_repository()
    defaults = {
        "repo": repo,
        "sha": make_sha(next(_numbers)),
        "branch": "main",
        "message": "Fuel the rocket",
        "committed_at": now(),
        "details_at": now(),
    }
    return Commit.create(**defaults | values)


def make_pull(**values: Any) -> Pull:
    repo = values.pop("repo", None) or make_repository()
    number = next(_numbers)
    defaults = {
        "repo": repo,
        "number": number,
        "title": "Fuel the rocket",
        "base_branch": "main",
        "head_branch": f"fuel-{number}",
        "head_sha": make_sha(number),
    }
    return Pull.create(**defaults | values)


def make_report(**values: Any) -> CommitReport:
    commit = values.pop("commit", None) or make_commit()
    return CommitReport.create(**{"commit": commit, "report_type": "coverage", "base_state": "none"} | values)


def make_upload(**values: Any) -> Upload:
    report = values.pop("report", None) or make_report()
    defaults = {"report": report, "repo": report.commit.repo, "object_path": f"raw/{next(_numbers)}"}
    return Upload.create(**defaults | values)
