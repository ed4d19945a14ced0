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
    costs two binary searches for each segment that agrees, however many files share a name.
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
        wanted = path.lower().split("/")[::-1]
        shared, candidates = self._candidates(path)
        if not candidates:
            return DropReason.AMBIGUOUS if shared >= min(_ENOUGH, len(wanted)) else DropReason.NO_MATCH
        accepted = [candidate for candidate in candidates if _agrees(candidate, wanted, rooted)]
        return _best(accepted, path) if accepted else DropReason.NO_MATCH

    def _candidates(self, path: str) -> tuple[int, list[str]]:
        """Return how many last segments listed paths share with the path at most, and which of them it may mean.

        These are the longest listed path that ends the path, and the one that the shared segments end, if it is only
        one; both in every spelling that is listed. Where more segments are shared than the former has, but with
        several files, choosing would be a guess, which books coverage on the wrong file: then there are none.
        """
        key = _backwards(path)
        first, last = 0, len(self._keys)
        whole: list[str] = []
        shared = is_whole = 0
        end = key.find("/")
        while end >= 0:
            suffix = key[: end + 1]
            start = bisect_left(self._keys, suffix, first, last)
            stop = bisect_left(self._keys, suffix[:-1] + "0", start, last)  # `0` is the character after `/`
            if start == stop:
                break
            first, last, shared = start, stop, shared + 1
            is_whole = self._keys[first] == suffix
            if is_whole:
                whole = self._spellings(suffix, first, last)
            end = key.find("/", end + 1)
        if not shared or is_whole:
            return shared, whole
        # The shortest of several sorts first, and is the end of all if it is the end of the first and the last.
        shortest = self._keys[first]
        if not self._keys[last - 1].startswith(shortest):
            return shared, []
        return shared, [*whole, *self._spellings(shortest, first, last)]

    def _spellings(self, key: str, first: int, last: int) -> list[str]:
        """Return the listed paths that are this one but for case; the first of them stands at `first`."""
        end = min(bisect_right(self._keys, key, first, last), first + _MAX_SPELLINGS)
        return self._paths[first:end]


def _backwards(path: str) -> str:
    return path.lower()[::-1] + "/"


def _agrees(candidate: str, wanted: Sequence[str], rooted: bool) -> bool:
    """Say whether a candidate shares enough with the wanted segments, last one first."""
    parts = candidate.lower().split("/")[::-1]
    common = _common(parts, wanted)
    if common == len(parts) < len(wanted):
        return common > 1 or (rooted and not any(map(is_dependency_folder, wanted[1:])))
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
