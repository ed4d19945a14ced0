"""The repository's file list, indexed so that a path from a report finds the file it means."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final

from app.logic.coverage.dropped import DropReason
from app.logic.uploads.paths.dependencies import is_dependency_folder

# Comparing texts by difflib takes the product of their lengths, so hostile lists must not ask for much of it.
_FEW: Final = 4  # candidates
_SHORT: Final = 255  # characters
_MAX_SPELLINGS: Final = 8  # of one path; no repository has more, and a lookup must not walk through thousands

_ENOUGH: Final = 2  # last segments of a path that must agree


class Listing:
    """Finds repository files by the longest common path suffix, ignoring case (rules: docs/paths.md).

    All paths are kept spelled backwards and sorted, so that those with a common suffix stand side by side: a lookup
    costs some binary searches, however many files share a name.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = sorted(dict.fromkeys(paths), key=_backwards)
        self._keys: Sequence[str] = [_backwards(path) for path in self._paths]

    def __len__(self) -> int:
        return len(self._paths)

    def resolve(self, path: str, *, rooted: bool = False) -> str | DropReason:
        """Return the listed path that `path` means; NO_MATCH or AMBIGUOUS if nothing or more than one thing fits.

        `rooted` says that the path was absolute (or an import path): only then may a file at the repository's root
        stand for a longer path.
        """
        wanted = _segments(_backwards(path))
        shared, candidates = self._candidates(wanted)
        if not candidates:
            return DropReason.AMBIGUOUS if shared >= min(_ENOUGH, len(wanted)) else DropReason.NO_MATCH
        accepted = [candidate for candidate in candidates if _agrees(candidate, wanted, rooted)]
        return _best(accepted, path) if accepted else DropReason.NO_MATCH

    def _candidates(self, wanted: Sequence[str]) -> tuple[int, list[str]]:
        """Return how many last segments listed paths share with the wanted ones at most, and which it may be.

        These are the longest listed path that ends the wanted one, and the one that the shared segments end, if it is
        only one; both in every spelling that is listed. Where more segments are shared than the former has, but with
        several files, choosing would be a guess, which books coverage on the wrong file: then there are none.
        """
        # Nothing shares more with a text than its neighbours in the order of the alphabet.
        place = bisect_left(self._keys, _key(wanted))
        shared = max((_common(_segments(key), wanted) for key in self._keys[max(place - 1, 0) : place + 1]), default=0)
        if not shared:
            return 0, []
        suffix = _key(wanted[:shared])
        first = bisect_left(self._keys, suffix)
        if self._keys[first] == suffix:
            return shared, self._spellings(suffix)
        # The shortest of several sorts first, and is the end of all if it is the end of the first and the last.
        last = bisect_left(self._keys, suffix[:-1] + "0", first) - 1  # `0` is the character after `/`
        shortest = self._keys[first]
        if not self._keys[last].startswith(shortest):
            return shared, []
        shorter = (self._spellings(_key(wanted[:count])) for count in range(shared - 1, 0, -1))
        return shared, [*next(filter(None, shorter), ()), *self._spellings(shortest)]

    def _spellings(self, key: str) -> list[str]:
        """Return the listed paths that are this one but for case."""
        first = bisect_left(self._keys, key)
        return self._paths[first : min(bisect_right(self._keys, key, first), first + _MAX_SPELLINGS)]


def _backwards(path: str) -> str:
    return path.lower()[::-1] + "/"


def _segments(key: str) -> list[str]:
    """Return the segments of a path spelled backwards, of which the last comes first."""
    return key.split("/")[:-1]


def _key(segments: Sequence[str]) -> str:
    return "/".join(segments) + "/"


def _agrees(candidate: str, wanted: Sequence[str], rooted: bool) -> bool:
    """Say whether a candidate shares enough with the wanted segments."""
    parts = _segments(_backwards(candidate))
    common = _common(parts, wanted)
    if common == len(parts) < len(wanted):
        return common > 1 or (rooted and not any(is_dependency_folder(part[::-1]) for part in wanted[1:]))
    return common >= min(_ENOUGH, len(wanted))


def _best(candidates: Sequence[str], path: str) -> str:
    """Return the equal candidate, else the most similar one, of these the one with most segments of equal case."""
    if len(candidates) == 1:
        return candidates[0]
    if path in candidates:
        return path
    if len(candidates) > _FEW or any(len(text) > _SHORT for text in (path, *candidates)):
        return min(candidates, key=lambda c: (-_exact_suffix(c, path), c))
    return min(candidates, key=lambda c: (-SequenceMatcher(None, c, path).ratio(), -_exact_suffix(c, path), c))


def _exact_suffix(candidate: str, path: str) -> int:
    return _common(candidate.split("/")[::-1], path.split("/")[::-1])


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count
