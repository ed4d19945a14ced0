"""Tell people about a commit: gather the facts, decide, render, deliver, and remember what was said."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from app.clients.git.base import CommitStatus, GitError, GitProvider
from app.clients.storage import ObjectStorage
from app.logic.comparison.base import Base, PullFacts, choose_base, refresh_pull
from app.logic.comparison.compute import compare_reports, compute_comparison, coverage_report
from app.logic.coverage.comparison import ReportComparison
from app.logic.notifications.comment import CommentOptions, marker, render_comment
from app.logic.notifications.deliver import COMMENT_KIND, Channel, Delivery, deliver_comment, deliver_statuses
from app.logic.notifications.error_comment import render_upload_errors
from app.logic.notifications.statuses import StatusKind, StatusOptions, decide_status
from app.logic.notifications.subject import CommitPage, PullRequest, Subject
from app.logic.uploads import events, finish
from app.logic.uploads.published import load_report
from app.models.database import now
from app.models.git import Commit, CommitError, Pull
from app.models.locks import try_lock
from app.models.reports import CommitReport
from app.models.repositories import Repository
from app.models.results import Comparison, PullComment

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


class ComparisonBusy(GitError):
    """Another worker is computing the comparison at this moment."""

    code = "comparison_busy"
    permanent = False


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
    if commit is None:
        return Notified("unknown")
    with try_lock(f"notify:{commit_id}") as held:
        if not held:
            # The holder looks at the counter once more after it has let go.
            return Notified("running_elsewhere")
        report = coverage_report(commit)
        if report is None or report.notify_done >= report.notify_wanted:
            return Notified("nothing_new")
        if finish.waits_for_uploads(report, now()):
            return Notified("uploads_pending")
        if report.notify_hold is not None:
            return Notified(f"held_{report.notify_hold}")
        result = _notify(storage, git_for, commit, report, policy)
        CommitReport.notified(report.id, report.notify_wanted)
    current = CommitReport.get_by_id(report.id)
    return Notified(result.outcome, result.deliveries, again=current.notify_wanted > report.notify_wanted)


def _notify(
    storage: ObjectStorage,
    git_for: Callable[[Repository], GitProvider],
    commit: Commit,
    report: CommitReport,
    policy: NotifyPolicy,
) -> Notified:
    if commit.repo.deleted_at is not None or commit.repo.owner.deletion_requested_at is not None:
        return Notified("repository_deleted")
    facts = finish.read_facts(report)
    about_errors = finish.decide(facts, report.config or {}).topic == "upload_errors"
    if report.fingerprint is None and not about_errors:
        return Notified("no_head_report")
    try:
        git = git_for(commit.repo)
        pull = refresh_pull(git, commit)
        if finish.asks_to_skip(commit.message):
            # The host had not told the message when the report was assembled.
            finish.skip(report.id)
            return Notified("held_ci_skip")
        if about_errors:
            deliveries = _deliver_upload_errors(git, commit, report, pull, facts=facts, policy=policy)
        else:
            deliveries = _deliver(storage, git, commit, report, pull, policy=policy)
    except GitError as error:
        if not error.permanent:
            raise
        CommitError.record(commit.id, error.code, text=str(error)[:200])
        return Notified(error.code)
    outcomes = {delivery.name: delivery.outcome for delivery in deliveries}
    events.record(commit.repo_id, commit.sha, events.NOTIFIED, extra=outcomes)
    return Notified("notified", deliveries)


def _deliver(
    storage: ObjectStorage,
    git: GitProvider,
    commit: Commit,
    report: CommitReport,
    pull: PullFacts | None,
    *,
    policy: NotifyPolicy,
) -> tuple[Delivery, ...]:
    """Send the statuses, then the comment; raises the first temporary error when all were tried."""
    base = choose_base(git, commit, pull)
    comparison = _compare(storage, git, commit, report, base)
    pages = _pages(policy, commit.repo)
    subject = Subject(
        comparison,
        head=CommitPage(commit.sha, f"{pages}/commit/{commit.sha}"),
        base=CommitPage(base.commit.sha, f"{pages}/commit/{base.commit.sha}") if base.commit is not None else None,
    )
    request = _pull_request(git, pull, base, pages) if pull is not None else None
    channel = Channel(git, commit, report.generation)
    page = request.url if request is not None else subject.head.url
    deliveries = deliver_statuses(channel, _statuses(subject, policy, page), float(comparison.head.percent or 0))
    if pull is not None and request is not None and _wants_comment(pull, commit):
        body = render_comment(subject, request, CommentOptions(policy.brand))
        deliveries.append(deliver_comment(channel, pull.row, body, marker(policy.brand)))
    for delivery in deliveries:
        if delivery.error is not None and not delivery.error.permanent:
            raise delivery.error
    return tuple(deliveries)


def _deliver_upload_errors(
    git: GitProvider,
    commit: Commit,
    report: CommitReport,
    pull: PullFacts | None,
    *,
    facts: finish.Facts,
    policy: NotifyPolicy,
) -> tuple[Delivery, ...]:
    """Say in place of the coverage comment that uploads failed; without a pull request there is nobody to tell."""
    if pull is None or not _wants_comment(pull, commit):
        return ()
    page = f"{_pages(policy, commit.repo)}/commit/{commit.sha}"
    body = render_upload_errors(policy.brand, facts.failed, facts.failed + facts.succeeded, page)
    delivery = deliver_comment(Channel(git, commit, report.generation), pull.row, body, marker(policy.brand))
    if delivery.error is not None and not delivery.error.permanent:
        raise delivery.error
    return (delivery,)


def _compare(
    storage: ObjectStorage, git: GitProvider, commit: Commit, report: CommitReport, base: Base
) -> ReportComparison:
    if base.commit is not None:
        row = Comparison.ensure(base.commit.id, commit.id)
        computed = compute_comparison(storage, lambda _: git, row.id)
        if computed.comparison is not None:
            return computed.comparison
        if computed.outcome == "claimed_elsewhere":
            raise ComparisonBusy("the comparison is being computed by another worker")
        log.info("notify.without_base", comparison_id=row.id, outcome=computed.outcome)
    head = load_report(storage, report)
    assert head is not None, "fingerprint and object of a report are published together"
    diff = git.get_compare(base.sha, commit.sha).diff if base.sha is not None else None
    return compare_reports(None, head, diff, diff)


def _pages(policy: NotifyPolicy, repository: Repository) -> str:
    """Return the address of our pages about a repository."""
    owner, name = quote(repository.owner.username or ""), quote(repository.name or "", safe="")
    return f"{policy.public_url}/{URL_CODES[repository.provider]}/{owner}/{name}"


def _pull_request(git: GitProvider, facts: PullFacts, base: Base, pages: str) -> PullRequest:
    pull = facts.pull
    behind_by = None
    if base.commit is not None:
        try:
            behind_by = git.behind_by(pull.base.branch, base.commit.sha)
        except GitError as error:
            # A line of the comment less is better than no comment.
            log.info("notify.behind_by.unavailable", code=error.code)
    page = f"{pages}/pull/{pull.number}"
    return PullRequest(pull.number, page, pull.base.branch, pull.base.sha, pull.head.sha, behind_by)


def _statuses(subject: Subject, policy: NotifyPolicy, page: str) -> list[tuple[str, CommitStatus]]:
    statuses: list[tuple[str, CommitStatus]] = []
    for kind in KINDS:
        decision = decide_status(kind, subject, StatusOptions())
        context = f"{policy.status_prefix}/{kind}"
        statuses.append((kind, CommitStatus(context, decision.state, decision.description, page)))
    return statuses


def _wants_comment(facts: PullFacts, commit: Commit) -> bool:
    """Say whether to comment: only the newest commit does, and a closed pull request gets no new comment."""
    # Read again: another worker may have learnt meanwhile that the pull request moved on.
    pull = Pull.get_by_id(facts.row.id)
    if pull.head_sha != commit.sha:
        return False
    commented = PullComment.provider_comment_id.is_null(False) & (PullComment.kind == COMMENT_KIND)
    return pull.state == "open" or PullComment.select().where((PullComment.pull == pull.id) & commented).exists()
