"""What a notification is about: every fact that deciding and rendering may use, collected before either runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.logic.coverage.comparison import ReportComparison
from app.logic.coverage.totals import Totals
from app.logic.notifications.numbers import NumberFormat


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The pull request as the host knows it now; `behind_by` commits are missing from the compared base."""

    number: int
    base_branch: str
    base_sha: str
    head_sha: str
    behind_by: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A head commit with its comparison.

    `base_sha` is the compared commit (None = unknown), `patch_base_sha` where the change starts. `flags` maps the flags
    of the head report to their totals. URLs are those of our own pages.
    """

    head_sha: str
    base_sha: str | None
    patch_base_sha: str | None
    comparison: ReportComparison
    pull: PullRequest | None
    commit_url: str
    pull_url: str | None
    base_url: str | None
    brand: str
    flags: Mapping[str, Totals] = field(default_factory=dict)
    numbers: NumberFormat = field(default_factory=NumberFormat)

    @property
    def page_url(self) -> str:
        return self.pull_url or self.commit_url


def short(sha: str | None) -> str:
    return sha[:7] if sha else "?"
