"""Compute the comparison of two commits and store it; while neither report changes, the stored answer is given."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from peewee import fn

from app.clients.git.base import GitError, GitProvider
from app.clients.storage import ObjectCorrupt, ObjectMissing, ObjectStorage
from app.helpers.diff import Diff
from app.logic.comparison import stored
from app.logic.comparison.flags import flag_totals
from app.logic.coverage.assembled import AssembledReport
from app.logic.coverage.compare import compare
from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.patch import patch_by_file, patch_totals
from app.logic.uploads import events, object_names, objects
from app.logic.uploads.lease import kept
from app.logic.uploads.objects import MAX_OBJECT
from app.logic.uploads.published import load_report
from app.models.database import db, now
from app.models.git import Commit, Pull
from app.models.reports import CommitReport, Flag
from app.models.repositories import Repository
from app.models.results import Comparison, FlagComparison

LEASE = timedelta(minutes=1)  # renewed while the worker lives: a dead one holds up people no longer
GitFor = Callable[[Repository], GitProvider]


@dataclass(frozen=True, slots=True)
class Computed:
    """The outcome for the row, and the head commit that people should be told about.

    "claimed_elsewhere" = another worker has it, and tells when it is done, unless it is dead.
    """

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
        return Computed("claimed_elsewhere", row.head_commit_id)
    try:
        with kept(claimed, LEASE):
            return _compute(storage, git_for, claimed)
    except GitError as error:
        Comparison.settle(claimed.id, claimed.attempts, "error", error=error.code)
        if error.permanent:
            return Computed(error.code, claimed.head_commit_id)
        raise
    except BaseException:
        Comparison.settle(claimed.id, claimed.attempts, "pending", lease_until=fn.now())
        raise


def load_comparison(storage: ObjectStorage, row: Comparison) -> ReportComparison | None:
    """Return the stored result if it was made from the current reports of both commits and the current pull request."""
    head, base = coverage_report(row.head_commit), coverage_report(row.base_commit)
    if row.state != "processed" or row.result_path is None or head is None or base is None:
        return None
    if (row.head_generation, row.base_generation) != (head.generation, base.generation):
        return None
    try:
        known = stored.read(storage.get(row.result_path, max_bytes=MAX_OBJECT))
    except (ObjectMissing, ObjectCorrupt, stored.ComparisonUnreadable):
        return None
    return known.comparison if known.patch_base == _patch_base(row) else None


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
    start = _patch_base(row)
    project = git.get_compare(base_commit.sha, head_commit.sha).diff
    change = project if start == base_commit.sha else git.get_compare(start, head_commit.sha).diff
    comparison, cut = stored.bounded(compare_reports(base, head, project, change))
    flags = flag_totals(storage, base, head, head_row.id, change)
    result = stored.StoredComparison(comparison, start, flags, cut)
    if not _store(storage, row, result, (base_row.generation, head_row.generation)):
        return Computed("overtaken", None, comparison)
    events.record(head_commit.repo_id, head_commit.sha, events.COMPARED, extra={"base": base_commit.sha})
    return Computed("processed", head_commit.id, comparison)


def _store(
    storage: ObjectStorage, row: Comparison, result: stored.StoredComparison, generations: tuple[int, int]
) -> bool:
    """Store a result under the claim of the row; False = another worker has claimed it since."""
    patch = result.comparison.patch
    path = object_names.comparison(row.head_commit.repo.storage_prefix, row.id, row.attempts)
    objects.put(storage, path, stored.write(result))
    with db.atomic():
        settled = Comparison.settle(
            row.id,
            row.attempts,
            "processed",
            error=None,
            base_generation=generations[0],
            head_generation=generations[1],
            patch_totals=patch.as_dict() if patch is not None else None,
            result_path=path,
        )
        if settled:
            objects.adopt(path)
            objects.replace(row.result_path)
            _store_flags(row, result.flags)
    return settled


def _patch_base(row: Comparison) -> str:
    """Patch coverage counts from where the change really starts, whether that commit has a report or not."""
    head, pull = row.head_commit, None
    if head.pull_number is not None:
        pull = Pull.get_or_none((Pull.repo == head.repo_id) & (Pull.number == head.pull_number))
    return str((pull.base_sha if pull is not None else head.parent_sha) or row.base_commit.sha)


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


def _store_flags(row: Comparison, flags: stored.FlagTotals) -> None:
    """Write the totals of the flags that exist; only an upload brings a deleted one back."""
    FlagComparison.delete().where(FlagComparison.comparison == row.id).execute()
    existing = Flag.select().where(
        (Flag.repo == row.head_commit.repo_id) & Flag.name.in_(list(flags)) & Flag.deleted_at.is_null()
    )
    rows = [
        {"comparison": row.id, "flag": flag.id}
        | {f"{side}_totals": None if totals is None else totals.as_dict() for side, totals in flags[flag.name].items()}
        for flag in existing
    ]
    if rows:
        FlagComparison.insert_many(rows).execute()


def give_up(comparison_id: int, error: BaseException) -> int | None:
    """After the last retry: store why, and return the head commit, which can be told about without its base.

    None when another message has a worker on the comparison.
    """
    row = Comparison.get_or_none(Comparison.id == comparison_id)
    if row is None or (row.lease_until is not None and row.lease_until > now()):
        return None
    code = error.code if isinstance(error, GitError) else "failed"
    Comparison.settle(row.id, row.attempts, "error", error=code)
    return int(row.head_commit_id)
