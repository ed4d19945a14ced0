"""Why paths of a report are left out, counted with samples for messages to the user."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

MAX_SAMPLES: Final = 3


class DropReason(Enum):
    """Why the path of a file in a coverage report stands for no file of the repository. A closed set: a metric's label.

    EMPTY: nothing was left of it. UNUSABLE: with a NUL character, or longer than paths can be. NO_MATCH: not in the
    repository's file list. AMBIGUOUS: it may mean more than one listed file. CI_PREFIX: in a directory of CI machines
    that holds no sources of the repository. IGNORED, NOT_INCLUDED: by the patterns of the repository's configuration.
    """

    EMPTY = "empty"
    UNUSABLE = "unusable"
    NO_MATCH = "no_match"
    AMBIGUOUS = "ambiguous"
    CI_PREFIX = "ci_prefix"
    IGNORED = "ignored"
    NOT_INCLUDED = "not_included"


@dataclass(slots=True)
class DroppedPaths:
    """How many paths were left out by reason, and the first few of them."""

    counts: dict[DropReason, int] = field(default_factory=dict)
    samples: dict[DropReason, tuple[str, ...]] = field(default_factory=dict)

    def add(self, reason: DropReason, path: str) -> None:
        """Count a path."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        samples = self.samples.get(reason, ())
        if len(samples) < MAX_SAMPLES:
            self.samples[reason] = (*samples, path)

    def copy(self) -> "DroppedPaths":
        """Return the state of now."""
        return DroppedPaths(dict(self.counts), dict(self.samples))

    @property
    def total(self) -> int:
        """Paths left out for any reason."""
        return sum(self.counts.values())
