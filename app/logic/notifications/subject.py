"""What a notification is about: every fact that deciding and rendering may use, collected before either runs."""

from dataclasses import dataclass, field

from app.logic.coverage.comparison import ReportComparison
from app.logic.notifications.numbers import NumberFormat


@dataclass(frozen=True, slots=True)
class CommitPage:
    """A commit and our own page about it."""

    sha: str
    url: str

    @property
    def short(self) -> str:
        return short(self.sha)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The pull request as the host knows it now, and our page about it.

    `behind_by` commits of the base branch are missing from the compared base; None = unknown.
    """

    number: int
    url: str
    base_branch: str
    base_sha: str
    head_sha: str
    behind_by: int | None = None

    @property
    def coverage_url(self) -> str:
        return f"{self.url}?dropdown=coverage"


@dataclass(frozen=True, slots=True)
class Subject:
    """A head commit and its comparison; `base` is the commit it is compared with, None = there is none."""

    comparison: ReportComparison
    head: CommitPage
    base: CommitPage | None
    numbers: NumberFormat = field(default_factory=NumberFormat)


def short(sha: str) -> str:
    return sha[:7]
