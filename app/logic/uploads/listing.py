"""The repository's file list, indexed so that a path from a report finds the file it means."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

# A report may name files of installed dependencies; their base names must not be taken for ours.
DEPENDENCY_DIRECTORIES = frozenset(
    {"site-packages", "dist-packages", "node_modules", "bower_components", "vendor", "venv", ".venv", "virtualenv"}
)


class Listing:
    """Finds repository files by the longest common path suffix, ignoring case (rules: docs/paths.md).

    All paths are kept spelled backwards and sorted, so that those with a common suffix stand side by side: a lookup
    costs some binary searches, however many files share a name.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = list(dict.fromkeys(paths))
        keys = [_backwards(path) for path in self.paths]
        self._order = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = [keys[number] for number in self._order]

    def __len__(self) -> int:
        return len(self.paths)

    def resolve(self, path: str, *, rooted: bool = False) -> str | None:
        """Return the listed path that `path` means, or None if nothing or more than one thing fits.

        `rooted` says that the path was absolute (or an import path): only then may a file at the repository's root
        stand for a longer path.
        """
        parts = path.lower().split("/")[::-1]
        accepted = [candidate for candidate in self._candidates(path) if _agrees(candidate, parts, rooted)]
        return _best(accepted, path) if accepted else None

    def _candidates(self, path: str) -> list[str]:
        """Return the longest listed path that ends `path`, and the one that `path` ends, if it is only one.

        Both come in every spelling that is listed. Deeper agreement with several files makes the first one a guess,
        which would book coverage on the wrong file, so then there is none.
        """
        wanted = _backwards(path)
        suffixes = [wanted[: end + 1] for end, char in enumerate(wanted) if char == "/"]
        deepest = next((suffix for suffix in reversed(suffixes) if self._from(suffix) < self._end(suffix)), None)
        if deepest is None:
            return []
        whole = next((self._spellings(suffix) for suffix in reversed(suffixes) if self._spellings(suffix)), [])
        if whole and _backwards(whole[0]) == deepest:
            return whole
        # The shortest of several sorts first, and is the end of all if it is the end of the first and the last.
        first, last = self._keys[self._from(deepest)], self._keys[self._end(deepest) - 1]
        return [*whole, *self._spellings(first)] if last.startswith(first) else []

    def _spellings(self, key: str) -> list[str]:
        """Return the listed paths that are this one but for case."""
        first, end = bisect_left(self._keys, key), bisect_right(self._keys, key)
        return [self.paths[number] for number in self._order[first:end]]

    def _from(self, key: str) -> int:
        return bisect_left(self._keys, key)

    def _end(self, key: str) -> int:
        """Return the place after the last path that starts with a key, which ends in `/`: `0` is the next character."""
        return bisect_left(self._keys, key[:-1] + "0")


def _backwards(path: str) -> str:
    return path.lower()[::-1] + "/"


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _agrees(candidate: str, wanted: Sequence[str], rooted: bool) -> bool:
    parts = candidate.lower().split("/")[::-1]
    common = _common(parts, wanted)
    if common == len(parts) < len(wanted):
        return len(parts) > 1 or (rooted and DEPENDENCY_DIRECTORIES.isdisjoint(wanted))
    return common >= min(2, len(wanted))


def _best(candidates: Sequence[str], path: str) -> str:
    if len(candidates) == 1:
        return candidates[0]
    if path in candidates:
        return path
    return min(candidates, key=lambda c: (-SequenceMatcher(None, c, path).ratio(), -_exact_suffix(c, path), c))


def _exact_suffix(candidate: str, path: str) -> int:
    return _common(candidate.split("/")[::-1], path.split("/")[::-1])


def clean_entry(entry: str) -> str | None:
    """Return a listing entry as a plain path: git's quoting undone, `/` separators, no leading `./`; None = no file."""
    text = entry.rstrip("\r\n")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = _unquote(text[1:-1])
    text = text.replace("\\ ", " ").replace("\\", "/").removeprefix("./")
    if not text or "\x00" in text or "/target/delombok/" in text:
        return None
    return text


_ESCAPES = {"t": b"\t", "n": b"\n", "r": b"", '"': b'"', "\\": b"\\"}


def _unquote(text: str) -> str:
    out = bytearray()
    i = 0
    while i < len(text):
        char = text[i]
        if char != "\\" or i + 1 == len(text):
            out += char.encode("utf-8", "surrogatepass")
            i += 1
            continue
        octal = text[i + 1 : i + 4]
        if len(octal) == 3 and octal[0] in "0123" and all(c in "01234567" for c in octal):
            out.append(int(octal, 8))
            i += 4
        else:
            out += _ESCAPES.get(text[i + 1], text[i + 1].encode("utf-8", "surrogatepass"))
            i += 2
    return out.decode("utf-8", "replace")
