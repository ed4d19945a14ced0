"""Compute the comparison of two commits and store it; equal generations of both reports give the stored answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from app.clients.git.base import GitError, GitProvider
from app.clients.storage import ObjectMissing, ObjectStorage
from app.helpers.diff import Diff
from app.logic.comparison import stored
from app.logic.coverage.assembled import AssembledReport
from app.logic.coverage.compare import compare
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.patch import patch_by_file, patch_totals
from app.logic.coverage.totals import Totals
from app.logic.uploads import events, object_names
from app.logic.uploads.assemble import MAX_OBJECT, load_report
from app.models.database import db
from app.models.git import Commit, Pull
from app.models.reports import CommitReport, Flag
from app.models.repositories import Repository
from app.models.results import Comparison, FlagComparison

LEASE = timedelta(minutes=10)
GitFor = Callable[[Repository], GitProvider]


@dataclass(frozen=True, slots=True)
class Computed:
    """The outcome for the row, and the head commit that people should be told about."""

    outcome: str
    head_commit_id: int | None = None
    comparison: ReportComparison | None = None


def coverage_report(commit: Commit) -> CommitReport | None:
    return CommitReport.get_or_none((CommitReport.commit == commit.id) & (CommitReport.report_type == "coverage"))


def compute_comparison(storage: ObjectStorage, git_for: GitFor, comparison_id: int) -> Computed:
    """Bring a comparison row up to date; a worker that finds it claimed leaves it to the other.

    Raises temporary GitErrors and storage errors for a retry; a permanent GitError is stored on the row.
    """
    row = Comparison.get_or_none(Comparison.id == comparison_id)
    if row is None:
        return Computed("unknown")
    if (fresh := load_comparison(storage, row)) is not None:
        return Computed("up_to_date", row.head_commit_id, fresh)
    claimed = Comparison.claim(comparison_id, LEASE)
    if claimed is None:
        # The other worker may be dead: whoever notifies computes for itself if need be.
        return Computed("claimed_elsewhere", row.head_commit_id)
    try:
        return _compute(storage, git_for, claimed)
    except GitError as error:
        Comparison.settle(claimed.id, claimed.attempts, "error", error=error.code)
        if error.permanent:
            return Computed(error.code, claimed.head_commit_id)
        raise
    except BaseException:
        Comparison.settle(claimed.id, claimed.attempts, "pending")
        raise


def load_comparison(storage: ObjectStorage, row: Comparison) -> ReportComparison | None:
    """Return the stored result if it was made from the current reports of both commits."""
    head, base = coverage_report(row.head_commit), coverage_report(row.base_commit)
    if row.state != "processed" or row.result_path is None or head is None or base is None:
        return None
    if (row.head_generation, row.base_generation) != (head.generation, base.generation):
        return None
    try:
        return stored.read(storage.get(row.result_path, max_bytes=MAX_OBJECT))
    except (ObjectMissing, stored.ComparisonUnreadable):
        return None


def _compute(storage: ObjectStorage, git_for: GitFor, row: Comparison) -> Computed:
    head_commit, base_commit = row.head_commit, row.base_commit
    head_row, base_row = coverage_report(head_commit), coverage_report(base_commit)
    head = load_report(storage, head_row) if head_row is not None else None
    base = load_report(storage, base_row) if base_row is not None else None
    if head_row is None or head is None:
        Comparison.settle(row.id, row.attempts, "error", error="missing_head_report")
        return Computed("missing_head_report", head_commit.id)
    if base_row is None or base is None:
        Comparison.settle(row.id, row.attempts, "error", error="missing_base_report")
        return Computed("missing_base_report", head_commit.id)
    git = git_for(head_commit.repo)
    project = git.get_compare(base_commit.sha, head_commit.sha).diff
    start = _patch_base(head_commit)
    change = project if start in (None, base_commit.sha) else git.get_compare(str(start), head_commit.sha).diff
    result = compare_reports(base, head, project, change)
    path = object_names.comparison(head_commit.repo.storage_prefix, row.id, base_row.generation, head_row.generation)
    flags = _flag_totals(base, head)
    storage.put(path, stored.write(result, flags))
    with db.atomic():
        kept = Comparison.settle(
            row.id,
            row.attempts,
            "processed",
            error=None,
            base_generation=base_row.generation,
            head_generation=head_row.generation,
            patch_totals=result.patch.as_dict() if result.patch is not None else None,
            result_path=path,
        )
        if kept:
            _store_flags(row, flags)
    events.record(head_commit.repo_id, head_commit.sha, events.COMPARED, extra={"base": base_commit.sha})
    return Computed("processed", head_commit.id, result)


def _patch_base(commit: Commit) -> str | None:
    """Patch coverage counts from where the pull request really starts, whether that commit has a report or not."""
    if commit.pull_number is None:
        return None
    pull = Pull.get_or_none((Pull.repo == commit.repo_id) & (Pull.number == commit.pull_number))
    return None if pull is None else pull.base_sha


def compare_reports(
    base: AssembledReport | None, head: AssembledReport, project: Diff | None, change: Diff | None
) -> ReportComparison:
    """Compare two commit reports; `change` is the diff that patch coverage counts, where it differs from `project`."""
    head_report = head.stored.load()
    result = compare(base.stored.load() if base is not None else None, head_report, project)
    result = replace(
        result,
        head=replace(result.head, sessions=len(head.sessions)),
        base=None if base is None or result.base is None else replace(result.base, sessions=len(base.sessions)),
    )
    if change is project or change is None:
        return result
    by_file = patch_by_file(head_report, change)
    files = tuple(replace(file, patch=by_file.get(file.head_path or "")) for file in result.files)
    return replace(result, patch=patch_totals(head_report, change), files=files)


def _flag_totals(base: AssembledReport, head: AssembledReport) -> dict[str, dict[str, Totals | None]]:
    return {
        name: {"base": base.flags.get(name), "head": head.flags.get(name)}
        for name in sorted(base.flags.keys() | head.flags.keys())
    }


def _store_flags(row: Comparison, flags: dict[str, dict[str, Totals | None]]) -> None:
    ids = {name: flag.id for name, flag in Flag.ensure(row.head_commit.repo_id, flags).items()}
    FlagComparison.delete().where(FlagComparison.comparison == row.id).execute()
    for name, sides in flags.items():
        FlagComparison.insert(
            comparison=row.id,
            flag=ids[name],
            **{f"{side}_totals": None if totals is None else totals.as_dict() for side, totals in sides.items()},
        ).execute()
