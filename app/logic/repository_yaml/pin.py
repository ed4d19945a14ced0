"""Pin the configuration of a commit on its report, and keep what the default branch says for commits without a file.

Pinned once, it is what every later run for this commit works with, however often files and settings change meanwhile.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog

from app.clients.git.base import GitError, GitProvider, Misconfigured
from app.helpers.text import storable_json
from app.logic.repository_yaml.effective import effective_config
from app.logic.repository_yaml.find import find_config
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise
from app.logic.repository_yaml.problems import InvalidYaml
from app.models.git import Commit, CommitError
from app.models.reports import CommitReport
from app.models.repositories import Repository

log = structlog.get_logger(__name__)

MAX_PROBLEMS: Final = 100  # kept of one file


class _Unusable(Exception):
    """The commit's own configuration cannot be had; `params` tell its author why."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def pin_config(
    git: GitProvider | None, report: CommitReport, site: Mapping[str, Any], *, may_retry: bool = False
) -> Mapping[str, Any]:
    """Return the configuration of a report; the first call reads, merges and pins it, later ones change nothing.

    Whatever is wrong with the file or the host becomes a commit error, and what is stored for the repository holds
    instead: an upload is never held up. `git` None says that no credential is usable. `site` is in normal form. A
    caller that can come back says `may_retry`: then a temporary GitError is raised before anything is stored.
    """
    if report.config is not None:
        return dict(report.config)
    commit: Commit = report.commit
    repo: Repository = commit.repo
    try:
        found = _read(git, commit, may_retry)
    except _Unusable as reason:
        CommitError.record(commit.id, reason.code, **storable_json(reason.params))
        log.info("commit.config.unusable", commit_id=commit.id, code=reason.code)
        layer = repo.config
    else:
        if git is not None:
            _keep(git, commit, site, found or {}, may_retry)
        layer = repo.config if found is None else found
    config = effective_config(site, repo.owner.config, layer)
    CommitReport.update(config=config).where((CommitReport.id == report.id) & CommitReport.config.is_null()).execute()
    report.config = CommitReport.get_by_id(report.id).config
    return dict(report.config)


def _read(git: GitProvider | None, commit: Commit, may_retry: bool) -> dict[str, Any] | None:
    """Return what the commit's file says, in normal form; None without a file, or when it is empty."""
    if git is None:
        raise _Unusable("repo_bot_invalid", message="no usable credential for this repository")
    try:
        file = find_config(git, commit.sha)
    except Misconfigured as error:
        raise _Unusable("repo_bot_invalid", message=str(error)) from error
    except GitError as error:
        if may_retry and not error.permanent:
            raise
        code = "yaml_client_error" if error.permanent else "yaml_unknown_error"
        raise _Unusable(code, message=str(error), reason=error.code) from error
    if file is None:
        return None
    try:
        document = load_yaml(file.content)
        return None if document is None else normalise(document).config
    except InvalidYaml as error:
        raise _Unusable(
            "invalid_yaml",
            path=file.path,
            message=str(error),
            problems=error.errors[:MAX_PROBLEMS],
            count=len(error.errors),
            syntax=error.syntax,
        ) from error


def _keep(git: GitProvider, commit: Commit, site: Mapping[str, Any], config: dict[str, Any], may_retry: bool) -> None:
    """Store the configuration for the repository if the commit speaks for it; an empty one says there is no file."""
    repo: Repository = commit.repo
    if config == repo.config or not _is_decisive(commit, site):
        return
    try:
        if not _is_confirmed(git, commit):
            return
    except GitError as error:
        if may_retry and not error.permanent:
            raise
        log.info("repository.config.unconfirmed", commit_id=commit.id, code=error.code)
        return
    repo.config = config
    repo.default_branch = config.get("codecov", {}).get("branch") or repo.default_branch
    Repository.update(config=repo.config, default_branch=repo.default_branch).where(Repository.id == repo.id).execute()
    log.info("repository.config.stored", repo_id=repo.id, commit_id=commit.id)


def _is_decisive(commit: Commit, site: Mapping[str, Any]) -> bool:
    """Say whether the commit claims the branch whose file holds for the whole repository."""
    codecov = effective_config(site, commit.repo.owner.config, commit.repo.config)["codecov"]
    if strict := codecov.get("strict_yaml_branch"):
        return bool(commit.branch == strict)
    return commit.branch is not None and commit.branch in (commit.repo.default_branch, codecov.get("branch"))


def _is_confirmed(git: GitProvider, commit: Commit) -> bool:
    """Ask the host whether the commit is on its branch, as no part of a fork's pull request, and not outdated.

    The branch is only a claim of whoever uploads: a fork has a `main` as well.
    """
    number = commit.pull_number
    if number is None and commit.details_at is None:
        number = git.find_pull(commit.sha, commit.branch)
    if number is not None:
        pull = git.get_pull(number)
        if pull.is_fork and pull.state == "open":
            return False
    history = [sha for sha, _ in git.get_ancestors(git.get_branch_head(commit.branch or ""))]
    if commit.sha not in history:
        return False
    newer = history[: history.index(commit.sha)]
    pinned = (
        CommitReport.select()
        .join(Commit)
        .where((Commit.repo == commit.repo_id) & Commit.sha.in_(newer) & CommitReport.config.is_null(False))
    )
    return not pinned.exists()
