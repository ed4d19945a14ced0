"""From the path a coverage tool wrote to the path of the repository."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.logic.coverage.dropped import DropReason
from app.logic.uploads.paths.ci_prefixes import without_ci_prefix
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.normalise import is_absolute, is_usable, normalise, report_folder
from app.logic.uploads.paths.rules import PathRules

# Reasons after which another spelling of the path may still be the right one; the others are decisions about a file.
_UNPLACED: Final = frozenset({DropReason.EMPTY, DropReason.UNUSABLE, DropReason.NO_MATCH, DropReason.AMBIGUOUS})


class PathFixer:
    """Resolves the paths of one coverage file; what is none of the repository's files is dropped.

    With a listing, only listed paths come out, unless the rules rewrite them or turn the search off. Without one, the
    path is taken as it is, but for known directories of CI machines.
    """

    def __init__(self, listing: Listing | None, report_name: str | None = None, rules: PathRules | None = None) -> None:
        self._rules = rules or PathRules()
        self._listing = listing if listing is not None and len(listing) else None
        self._searches = self._listing if self._rules.default_fixes else None
        self._report_folder = report_folder(report_name)
        self._known: dict[tuple[str, bool], str | DropReason] = {}

    @property
    def has_listing(self) -> bool:
        """Whether paths are checked against a listing."""
        return self._searches is not None

    def resolve(self, candidates: Sequence[str], bases: Sequence[str]) -> str | DropReason:
        """Return the repository path of the first candidate that has one; else try below each base directory."""
        reasons = []
        for path, rooted in self._attempts(candidates, bases):
            found = self._fix(path, rooted)
            if found not in _UNPLACED:
                return found
            reasons.append(found)
        if not reasons:
            return DropReason.EMPTY
        return DropReason.AMBIGUOUS if DropReason.AMBIGUOUS in reasons else reasons[0]

    def _attempts(self, candidates: Sequence[str], bases: Sequence[str]) -> Iterator[tuple[str, bool]]:
        """Yield the paths to try, and whether each is rooted: starts at a known root."""
        for candidate in candidates:
            yield candidate, _is_rooted(candidate)
        if self._listing is None:
            return
        for candidate in candidates:
            if normalise(candidate) and not is_absolute(candidate):
                yield from ((f"{base}/{candidate}", False) for base in (self._report_folder, *bases) if base)

    def _fix(self, path: str, rooted: bool) -> str | DropReason:
        key = path, rooted
        if key not in self._known:
            self._known[key] = self._place(path, rooted)
        return self._known[key]

    def _place(self, path: str, rooted: bool) -> str | DropReason:
        if not is_usable(path):
            return DropReason.UNUSABLE
        raw = normalise(path)
        if not raw:
            return DropReason.EMPTY
        fixes = self._rules.fixes
        replaced = fixes.replace(raw)
        is_new = replaced != raw
        found = self._find(replaced, rooted, is_absolute(path))
        if isinstance(found, DropReason):
            return found
        found = fixes.add_prefix(found)
        # A rule may be meant for the raw path or for the one of the repository, but never for both.
        result = found if is_new else fixes.replace(found)
        if not result:
            return DropReason.EMPTY
        return self._rules.verdict(result) or (result if is_usable(result) else DropReason.UNUSABLE)

    def _find(self, path: str, rooted: bool, absolute: bool) -> str | DropReason:
        if self._searches is not None:
            return self._searches.resolve(path, rooted=rooted) if path else DropReason.EMPTY
        if self._listing is None and self._rules.default_fixes:
            found = without_ci_prefix(path, absolute=absolute, repository=self._rules.repository)
            return found or (DropReason.CI_PREFIX if path else DropReason.EMPTY)
        return path or DropReason.EMPTY


def _is_rooted(path: str) -> bool:
    """Say whether a path starts at a known root: of a file system, or a host, as Go's import paths do."""
    return is_absolute(path) or (path.endswith(".go") and "." in path.partition("/")[0][1:])
