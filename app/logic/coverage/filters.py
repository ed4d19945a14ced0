"""Filtering a report by the path patterns of a repository's configuration."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.expressions import Alternatives
from app.logic.coverage.measure import select_files
from app.logic.coverage.report import Report


class PathFilter:
    """A compiled list of path patterns: regular expressions that match at the start of a path.

    A path passes if it equals a pattern; else it fails if it matches a negative pattern (`!...` or `^!...`); else it
    passes if it matches a positive one or there is none. No patterns let everything pass. The patterns are written by
    strangers, so they run on an engine of linear time. Raises PatternInvalid.

    Source of the syntax: https://github.com/google/re2/wiki/Syntax; of the rules: docs/comparison.md.
    """

    def __init__(self, patterns: Iterable[str] | None) -> None:
        self._literal = frozenset(patterns or ())
        signed = [without_sign(pattern) for pattern in self._literal]
        self._negative = Alternatives(pattern for pattern, is_negative in signed if is_negative)
        positive = [pattern for pattern, is_negative in signed if not is_negative]
        self._positive = Alternatives(positive) if positive else None

    def matches(self, path: str) -> bool:
        """Say whether the path passes."""
        if path in self._literal:
            return True
        if self._negative.match(path):
            return False
        return self._positive is None or self._positive.match(path)

    def keep(self, files: Sequence[str]) -> NDArray[np.bool_]:
        """Return the mask of the files that pass."""
        return np.fromiter(map(self.matches, files), np.bool_, len(files))


def filter_paths(report: Report, paths: PathFilter) -> Report:
    """Return the report of the files that pass."""
    return select_files(report, paths.keep(report.files))


def without_sign(pattern: str) -> tuple[str, bool]:
    """Return a pattern without the sign of a negative one, `!` or `^!`, and whether it had one."""
    plain = pattern.removeprefix("^").removeprefix("!") if pattern.startswith(("!", "^!")) else pattern
    return plain, plain != pattern
