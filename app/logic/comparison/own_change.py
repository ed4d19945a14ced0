"""Patch coverage of a commit's own change: the lines it adds against its first parent, whatever it is compared with."""

from collections.abc import Callable

import structlog

from app.clients.git.base import GitError, GitProvider
from app.clients.storage import ObjectStorage, StorageError
from app.logic.comparison.compute import coverage_report
from app.logic.coverage.codec import CodecError
from app.logic.coverage.patch import PATCH_KINDS, patch_totals
from app.logic.uploads.published import load_report
from app.models.git import Commit
from app.models.reports import CommitReport
from app.models.repositories import Repository

log = structlog.get_logger(__name__)


def store_own_change(storage: ObjectStorage, git_for: Callable[[Repository], GitProvider], commit_id: int) -> bool:
    """Write the totals of the commit's own change to its report row; False, and nothing is written, if unknown.

    A number beside the report, not part of it: a host that does not answer costs this number and nothing else.
    """
    commit = Commit.get_or_none(Commit.id == commit_id)
    row = coverage_report(commit) if commit is not None else None
    if commit is None or row is None:
        return False
    try:
        report = load_report(storage, row)
        if report is None:
            return False
        change = git_for(commit.repo).get_commit_diff(commit.sha)
        changed = [file.path for file in change if file.kind in PATCH_KINDS]
        totals = patch_totals(report.stored.load_files(changed), change).as_dict()
    except (GitError, StorageError, CodecError) as error:
        log.info("report.own_change.unknown", commit_id=commit_id, error_class=type(error).__name__)
        return False
    current = (CommitReport.id == row.id) & (CommitReport.generation == row.generation)
    return bool(CommitReport.update(patch_totals=totals).where(current).execute())
