"""Tell people about a commit: gather the facts, decide, render, deliver, and remember what was said."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from app.clients.git.base import GitError, GitProvider
from app.clients.storage import ObjectStorage
from app.logic.comparison.base import Base, PullFacts, choose_base, refresh_pull
from app.logic.comparison.compute import compare_reports, compute_comparison, coverage_report
from app.logic.coverage.assembled import AssembledReport
from app.logic.coverage.comparison import ReportComparison
from app.logic.notifications.comment import CommentOptions, render_comment
from app.logic.notifications.deliver import Channel, Delivery, deliver_comment, deliver_status
from app.logic.notifications.statuses import StatusKind, StatusOptions, decide_status
from app.logic.notifications.subject import PullRequest, Subject
from app.logic.uploads import events
from app.logic.uploads.assemble import load_report
from app.models.git import Commit, CommitError
from app.models.locks import try_lock
from app.models.reports import CommitReport, Upload
from app.models.repositories import Repository
from app.models.results import Comparison

log = structlog.get_logger(__name__)

URL_CODES = {
    "github": "gh",
    "github_enterprise": "ghe",
    "gitlab": "gl",
    "gitlab_enterprise": "gle",
    "bitbucket": "bb",
    "bitbucket_server": "bbs",
    "local": "local",
}
QUIET_OUTCOMES = frozenset({"sent", "payload_unchanged", "already_done"})
KINDS: tuple[StatusKind, ...] = ("project", "patch")
UNFINISHED = ("received", "processing", "processed")


@dataclass(frozen=True, slots=True)
class NotifyPolicy:
    """Values from the settings."""

    brand: str
    status_prefix: str
    public_url: str


@dataclass(frozen=True, slots=True)
class Notified:
    """What a run did; `again` = more was wanted meanwhile."""

    outcome: str
    deliveries: tuple[Delivery, ...] = ()
    again: bool = False


def notify_commit(
    storage: ObjectStorage, git_for: Callable[[Repository], GitProvider], commit_id: int, policy: NotifyPolicy
) -> Notified:
    """Send what is unsaid about a commit. Repeating it sends nothing twice: statuses and the comment are edited.

    Raises a temporary GitError after everything else was tried, so the message is retried for the rest.
    """
    commit = Commit.get_or_none(Commit.id == commit_id)
    report = coverage_report(commit) if commit is not None else None
    if commit is None or report is None:
        return Notified("unknown")
    with try_lock(f"notify:{commit_id}") as held:
        if not held:
            # The holder looks at the counter once more before it leaves.
            return Notified("running_elsewhere")
        report = CommitReport.get_by_id(report.id)
        if report.notify_done >= report.notify_wanted:
            return Notified("nothing_new")
        if Upload.select().where((Upload.report == report.id) & Upload.state.in_(UNFINISHED)).exists():
            return Notified("uploads_pending")
        wanted = report.notify_wanted
        try:
            deliveries = _notify(storage, git_for, commit, report, policy)
        except GitError as error:
            if not error.permanent:
                raise
            CommitError.record(commit.id, error.code, text=str(error)[:200])
            CommitReport.notified(report.id, wanted)
            return Notified(error.code)
        CommitReport.notified(report.id, wanted)
    sent = {delivery.name: delivery.outcome for delivery in deliveries}
    events.record(commit.repo_id, commit.sha, events.NOTIFIED, extra=sent)
    again = CommitReport.get_by_id(report.id).notify_wanted > wanted
    return Notified("notified", deliveries, again)


def _notify(
    storage: ObjectStorage,
    git_for: Callable[[Repository], GitProvider],
    commit: Commit,
    report: CommitReport,
    policy: NotifyPolicy,
) -> tuple[Delivery, ...]:
    head = load_report(storage, report)
    if head is None:
        return ()
    git = git_for(commit.repo)
    pull = refresh_pull(git, commit)
    base = choose_base(git, commit, pull)
    comparison = _compare(storage, git, commit, base, head)
    subject = replace(
        _subject(commit, pull, base, comparison, policy),
        pull=_pull_request(git, pull, base) if pull is not None else None,
        flags=head.flags,
    )
    channel = Channel(git, commit, policy.status_prefix, policy.brand, report.generation)
    results = []
    for kind in KINDS:
        decision = decide_status(kind, subject, StatusOptions())
        results.append(deliver_status(channel, decision, subject.page_url, comparison.head.percent))
    if pull is not None and pull.pull.head.sha == commit.sha:
        results.append(deliver_comment(channel, pull.row, render_comment(subject, CommentOptions())))
    failed = next((error for _, error in results if error is not None), None)
    if failed is not None:
        raise failed
    return tuple(delivery for delivery, _ in results)


def _compare(
    storage: ObjectStorage, git: GitProvider, commit: Commit, base: Base, head: AssembledReport
) -> ReportComparison:
    if base.commit is not None:
        row = Comparison.ensure(base.commit.id, commit.id)
        computed = compute_comparison(storage, lambda _: git, row.id)
        if computed.comparison is not None:
            return computed.comparison
        log.info("notify.comparison.inline", comparison_id=row.id, outcome=computed.outcome)
        base_report = coverage_report(base.commit)
        loaded = load_report(storage, base_report) if base_report is not None else None
        project = git.get_compare(base.commit.sha, commit.sha).diff
        return compare_reports(loaded, head, project, project)
    diff = git.get_compare(base.sha, commit.sha).diff if base.sha is not None else None
    return compare_reports(None, head, diff, diff)


def _subject(
    commit: Commit, pull: PullFacts | None, base: Base, comparison: ReportComparison, policy: NotifyPolicy
) -> Subject:
    root = f"{policy.public_url}/{URL_CODES[commit.repo.provider]}/{commit.repo.owner.username}/{commit.repo.name}"
    base_sha = base.commit.sha if base.commit is not None else None
    return Subject(
        head_sha=commit.sha,
        base_sha=base_sha,
        patch_base_sha=base.sha,
        comparison=comparison,
        pull=None,
        commit_url=f"{root}/commit/{commit.sha}",
        pull_url=f"{root}/pull/{pull.pull.number}" if pull is not None else None,
        base_url=f"{root}/commit/{base_sha}" if base_sha is not None else None,
        brand=policy.brand,
    )


def _pull_request(git: GitProvider, facts: PullFacts, base: Base) -> PullRequest:
    pull = facts.pull
    request = PullRequest(pull.number, pull.base.branch, pull.base.sha, pull.head.sha)
    if base.commit is None:
        return request
    try:
        return replace(request, behind_by=git.behind_by(pull.base.branch, base.commit.sha))
    except GitError as error:
        # A line of the comment less is better than no comment.
        log.info("notify.behind_by.unavailable", code=error.code)
        return request
