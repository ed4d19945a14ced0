"""Read the text of gcov and `llvm-cov gcov` (`*.gcov`): the source with a count in front of each line."""

import re
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.gcov_branches import detected
from app.logic.coverage.formats.human_counts import human_count, without_colours
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.report import BRANCH, LINE, METHOD

_DASH: Final = b"        -:"  # what lines that cannot run begin with
_HEADER: Final = b"        -:    0:"
_SOURCE: Final = b"Source:"
_LONGEST_LINE: Final = 18  # characters of a line number
_NEVER: Final = (b"#####", b"=====")  # never ran, and reachable only through an exception
_BLOCK: Final = (b"$$$$$", b"%%%%%")
_LOOP: Final = re.compile(rb"\s+(?:for|while)\s?\(")
_CONDITIONAL: Final = re.compile(rb"\s+(?:if|\} else if)\s?\(")
_NOT_TAKEN: Final = (b"taken 0", b"never executed")
_NO_CODE: Final = (b"{", b"}", b"@implementation")
_UNUSED: Final = (b"inline", b"static")
_EXCLUSION: Final = b"LCOV_EXCL_"
_EXCLUSION_ENDS: Final = (b"LCOV_EXCL_STOP", b"LCOV_EXCL_END")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per line with a count, the largest if it comes several times, as instances of a template do.

    Branches are used where `gcov.branch_detection` is on for the kind of their source line; the arms of all instances
    add up. Left out: lone brackets, unused inline functions, and what the LCOV_EXCL markers exclude. Source of the
    format: the gcov manual; the choice of lines is in docs/formats.md.
    """
    has_exclusions = _EXCLUSION in data
    reader = _Reader(builder, options, has_exclusions=has_exclusions)
    for number, line in enumerate(BytesIO(without_colours(data)), 1):
        if line.startswith(b"bran"):
            reader.branch(line)
            continue
        if line.startswith(_DASH) and not has_exclusions and not line.startswith(_HEADER):
            reader.pass_over()
            continue
        fields = line.split(b":", 2)
        if len(fields) < 3:
            reader.starts_function |= line.startswith(b"func")
            continue
        count, at, source = fields
        if count.endswith(b"-"):
            reader.without_count(at, source)
            continue
        if not at.strip().isdigit():
            reader.starts_function |= line.startswith(b"func")  # its name may hold colons
            continue
        reader.source(number, count, at, source)
    reader.finish()
    return reader.stats


class _Reader:
    """The source that is being read and its latest line."""

    def __init__(self, builder: ReportBuilder, options: FormatOptions, *, has_exclusions: bool) -> None:
        self.stats = ParseStats()
        self.starts_function = False
        self._builder = builder
        self._name = options.name
        self._detected = detected(options)
        self._has_exclusions = has_exclusions
        self._excluding = False
        self._path = ""
        self._lines: FileLines | None = None
        self._current = 0  # number of the latest line, 0 if its branches are of no interest
        self._text = b""  # of that line
        self._decided: int | None = None  # the line for whose branches `_use_branches` holds
        self._use_branches = False

    def pass_over(self) -> None:
        """Leave out a line that cannot run."""
        self._current = 0
        self.starts_function = False

    def without_count(self, at: bytes, source: bytes) -> None:
        """Take a line that cannot run, or the header that names the next source."""
        self.pass_over()
        if source.startswith(_SOURCE) and at.strip() == b"0":
            self.finish()
            self._lines = FileLines()
            self._path = source[len(_SOURCE) :].strip().decode("utf-8", "replace")
        elif self._has_exclusions:
            self._is_excluded(source)

    def source(self, number: int, count: bytes, at: bytes, source: bytes) -> None:
        """Take line `number` of the document, which gives the count of a source line."""
        self._current = 0
        is_method, self.starts_function = self.starts_function, False
        if self._has_exclusions and self._is_excluded(source):
            return
        if self._path.endswith(".swift"):
            count, at = at, count
        count = count.strip()
        if source.startswith(_NO_CODE) or source.strip() == b"}":
            return
        hits = human_count(count.rstrip(b"*"))
        if hits is None:
            if count.startswith(_BLOCK) or (count == _NEVER[0] and source.startswith(_UNUSED)):
                return
            hits = 0 if count in _NEVER else None
        line = int(at) if len(at) <= _LONGEST_LINE and at.strip().isdigit() else 0
        if self._lines is None or hits is None or not 1 <= line <= MAX_LINE:
            self.stats.skip(f"line {number}: no count of a source line")
            return
        if hits > self._lines.hits.get(line, -1):
            self._lines.hits[line] = min(hits, MAX_HITS)
        if is_method:
            self._lines.kinds[line] = METHOD
        self._current, self._text, self._decided = line, source, None

    def branch(self, text: bytes) -> None:
        """Take an arm of the latest line."""
        line = self._current
        if not line or self._lines is None:
            return
        if self._decided != line:
            self._decided = line
            self._use_branches = self._kind_of_branches(self._lines, line) in self._detected
        if self._use_branches:
            self._lines.fraction(line, not any(words in text for words in _NOT_TAKEN), 1)

    def finish(self) -> None:
        """Add the rows of the source."""
        if self._lines is not None:
            file = self._builder.file(*_candidates(self._path, self._name))
            self.stats.records += self._lines.send(self._builder, file)
        self._lines = None
        self._excluding = False

    def _kind_of_branches(self, lines: FileLines, line: int) -> str:
        """Tell which switch decides on the branches of a line, and note its kind."""
        kind = lines.kinds.get(line)
        if kind == METHOD:
            return "method"
        is_loop = _LOOP.match(self._text) is not None
        if is_loop or _CONDITIONAL.match(self._text):
            lines.kinds[line] = BRANCH
            return "loop" if is_loop else "conditional"
        lines.kinds[line] = LINE
        return "macro"

    def _is_excluded(self, source: bytes) -> bool:
        """Tell whether the markers of lcov take a source line out; a closing marker ends what it closes."""
        if _EXCLUSION in source:
            if b"LCOV_EXCL_START" in source:
                self._excluding = True
            elif any(marker in source for marker in _EXCLUSION_ENDS):
                self._excluding = False
            elif b"LCOV_EXCL_LINE" in source:
                return True
        return self._excluding


def _candidates(source: str, name: str) -> list[str]:
    """Return what may be the path of a source, best first.

    The listing's own place in a directory tells more than a relative path, and with `-p` its name holds the whole path.
    """
    path = source.removeprefix("./")
    candidates = [path]
    if name.endswith(".gcov"):
        bare = name.removesuffix(".gcov")
        if path and bare.endswith(path.lstrip("/")):
            candidates.insert(0, bare)
        if "#" in PurePosixPath(bare).name:
            candidates.append(PurePosixPath(bare).name.replace("#", "/").replace("^", ".."))
    return candidates
