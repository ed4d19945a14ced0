"""Reading unified diff text, as Git and the Git hosts write it, into the neutral Diff."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.helpers.diff import Diff, DiffKind, FileDiff, Hunk

# At most nine digits: no file has more lines, and the numbers stay far from any integer limit.
_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_CONTROL: Final = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def parse_unified(text: str | bytes) -> Diff:
    """Parse the text of a unified diff of any number of files.

    Bytes are read as UTF-8, wrong bytes replaced. The line counts of a hunk decide where it ends, so content that looks
    like a header stays content; a hunk that is cut short makes the diff `incomplete`. Never raises: what is not
    understood is skipped. Combined diffs (`@@@`, of merges with several parents) are such text.

    Source of the format: git-diff documentation, "Generating patch text with -p"; GNU diffutils, "Unified format".
    """
    lines = _split(text)
    entries: list[_Entry] = []
    incomplete = False
    at = 0
    while at < len(lines):
        line = lines[at]
        if entries and (match := _HUNK.match(line)):
            hunk, at, whole = _read_hunk(match, lines, at + 1)
            entries[-1].hunks.append(hunk)
            incomplete |= not whole
            continue
        if line.startswith("diff --git "):
            entries.append(_Entry(path=_common_name(line[len("diff --git ") :])))
        elif line.startswith("--- ") and (not entries or entries[-1].hunks) and _starts_with(lines, at + 1, "+++ "):
            entries.append(_Entry())  # a plain diff -u has no line of its own between two files
        if entries:
            entries[-1].read_header(line)
        at += 1
    files = [entry.file_diff() for entry in entries if entry.path]
    return Diff({file.path: file for file in files}, incomplete)


def parse_hunks(text: str | bytes) -> tuple[Hunk, ...]:
    """Parse the hunks of one file, for hosts that name the files apart from the text."""
    lines = _split(text)
    hunks = []
    at = 0
    while at < len(lines):
        if match := _HUNK.match(lines[at]):
            hunk, at, _ = _read_hunk(match, lines, at + 1)
            hunks.append(hunk)
        else:
            at += 1
    return tuple(hunks)


@dataclass(slots=True)
class _Entry:
    """One file while its header lines are read."""

    path: str | None = None
    kind: DiffKind = "modified"
    before: str | None = None
    hunks: list[Hunk] = field(default_factory=list)

    def read_header(self, line: str) -> None:
        """Take what one header line says; unknown lines say nothing."""
        if line.startswith("--- "):
            self._take(_name(line[4:], "a/"), if_absent="new")
        elif line.startswith("+++ "):
            self._take(_name(line[4:], "b/"), if_absent="deleted")
        elif line.startswith("rename from "):
            self.before = _name(line[len("rename from ") :])
        elif line.startswith("rename to "):
            self.path = _name(line[len("rename to ") :])
        elif line.startswith("copy to "):
            self.kind, self.path = "new", _name(line[len("copy to ") :])
        elif line.startswith("new file mode"):
            self.kind = "new"
        elif line.startswith("deleted file mode"):
            self.kind = "deleted"
        elif line.startswith(("Binary files ", "GIT binary patch")):
            self.kind = "binary"

    def _take(self, path: str | None, if_absent: DiffKind) -> None:
        """Take the path of one side, or what it means that this side has no file."""
        if path is None:
            self.kind = if_absent
        else:
            self.path = path

    def file_diff(self) -> FileDiff:
        path = self.path or ""
        if self.kind == "binary":
            return FileDiff(path, "binary")
        if self.kind == "deleted":
            return FileDiff(path, "deleted", before=path)
        return FileDiff(path, self.kind, before=self.before, hunks=tuple(self.hunks))


def _split(text: str | bytes) -> list[str]:
    """Split into lines at line feeds only: other separators of Unicode are content."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _starts_with(lines: Sequence[str], at: int, prefix: str) -> bool:
    return at < len(lines) and lines[at].startswith(prefix)


def _read_hunk(match: re.Match[str], lines: Sequence[str], at: int) -> tuple[Hunk, int, bool]:
    """Read the content after a hunk header; return the hunk, the index after it, and whether it was all there."""
    old_start, old_length, new_start, new_length = (1 if text is None else int(text) for text in match.groups())
    old, new = old_length, new_length
    content = []
    while at < len(lines) and (old > 0 or new > 0):
        line = lines[at] or " "  # some tools strip the blank of an empty context line
        mark = line[0]
        if mark in " -":
            old -= 1
        if mark in " +":
            new -= 1
        if mark not in " +-\\" or old < 0 or new < 0:
            break
        if mark != "\\":  # "\ No newline at end of file" is about the line before, not a line
            content.append(line)
        at += 1
    return Hunk(old_start, old_length, new_start, new_length, tuple(content)), at, old == new == 0


def _name(field_text: str, prefix: str = "") -> str | None:
    """Read one file name of a header line; None for /dev/null."""
    quoted = _QUOTED.match(field_text)
    name = _unquote(quoted[1]) if quoted else field_text.partition("\t")[0]
    return None if name == "/dev/null" else name.removeprefix(prefix)


def _common_name(names: str) -> str | None:
    """Read `a/NAME b/NAME`, None if the two differ: then other header lines hold the names.

    Plain names may hold blanks and even ` b/`, so the only sure split is the one with equal halves.
    """
    if quoted := _QUOTED.match(names):
        old, new = _name(names, "a/"), _name(names[quoted.end() + 1 :], "b/")
    else:
        middle = len(names) // 2
        old, new = names[:middle].removeprefix("a/"), names[middle + 1 :].removeprefix("b/")
    return old if old == new else None


def _unquote(text: str) -> str:
    """Undo the C-style quoting of Git: control letters, octal bytes of UTF-8, the character itself."""

    def byte(match: re.Match[bytes]) -> bytes:
        escape = match[1]
        return bytes([int(escape, 8) & 0xFF]) if len(escape) == 3 else _CONTROL.get(escape, escape)

    return _ESCAPE.sub(byte, text.encode("utf-8", "replace")).decode("utf-8", "replace")
