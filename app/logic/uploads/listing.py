"""The repository's file list, indexed so that a path from a report finds the file it means."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

# A report may name files of installed dependencies; their base names must not be taken for ours.
DEPENDENCY_DIRECTORIES = frozenset(
    {"site-packages", "dist-packages", "node_modules", "bower_components", "vendor", "venv", ".venv", "virtualenv"}
)


class Listing:
    """Finds repository files by the longest common path suffix, ignoring case (rules: docs/paths.md).

    One dictionary from base name to candidates: a lookup costs the number of files that share the base name.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, int | list[int]] = {}
        self.paths: list[str] = []
        by_name = self._by_name
        for number, path in enumerate(paths):
            self.paths.append(path)
            name = path[path.rfind("/") + 1 :].lower()
            known = by_name.get(name)
            if known is None:
                by_name[name] = number
            elif isinstance(known, list):
                known.append(number)
            else:
                by_name[name] = [known, number]

    def __len__(self) -> int:
        return len(self.paths)

    def resolve(self, path: str, *, rooted: bool = False) -> str | None:
        """Return the listed path that `path` means, or None if nothing or more than one thing fits.

        `rooted` says that the path was absolute (or an import path): only then may a file at the repository's root
        stand for a longer path.
        """
        parts = path.lower().split("/")
        found = self._by_name.get(parts[-1])
        if found is None:
            return None
        numbers = found if isinstance(found, list) else [found]
        parts.reverse()
        candidates = self._candidates([self.paths[n] for n in numbers], parts)
        accepted = [c for c in candidates if _agrees(c, parts, rooted)]
        return _best(accepted, path) if accepted else None

    @staticmethod
    def _candidates(paths: Sequence[str], wanted: Sequence[str]) -> list[str]:
        reverse = {path: path.lower().split("/")[::-1] for path in dict.fromkeys(paths)}
        depth = {path: _common(parts, wanted) for path, parts in reverse.items()}
        deepest = max(depth.values())
        whole = [path for path in reverse if depth[path] == len(reverse[path])]
        longest = max((depth[path] for path in whole), default=0)
        ending = [path for path in whole if depth[path] == longest]
        if longest == deepest:
            return ending
        through = [path for path in reverse if depth[path] == deepest]
        nearest = min(through, key=lambda path: len(reverse[path]))
        chain = reverse[nearest]
        if any(reverse[path][: len(chain)] != chain for path in through):
            # Deeper than any whole file, and several files fit: guessing would book coverage on the wrong one.
            return []
        return [*ending, *(path for path in through if reverse[path] == chain)]


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
