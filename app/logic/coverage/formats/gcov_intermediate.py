"""Read the intermediate text of old versions of gcov (`gcov -i`, gcc 8 and earlier)."""

from io import BytesIO
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions, ParseStats
from app.logic.coverage.formats.file_lines import FileLines
from app.logic.coverage.formats.gcov_branches import any_detected
from app.logic.coverage.formats.lcov_records import BadRecord, line_number
from app.logic.coverage.formats.limits import MAX_HITS
from app.logic.coverage.formats.scan import number

_STATES: Final = (b"taken", b"nottaken", b"notexec")


def parse(data: bytes, builder: ReportBuilder, options: FormatOptions) -> ParseStats:
    """Add a row per `lcount` record, as for gcov's JSON: largest count, arms only if `gcov.branch_detection` is on.

    Source of the format: the manual of gcov 8.
    """
    stats = ParseStats()
    reader = _Reader(builder, stats, with_arms=any_detected(options))
    for count, raw in enumerate(BytesIO(data), 1):
        key, colon, value = raw.strip().partition(b":")
        try:
            if colon:
                reader.read(key, value)
        except BadRecord as problem:
            stats.skip(f"line {count}: {problem}")
    reader.finish()
    return stats


class _Reader:
    """The file that is being read; arms of a line are numbered in the order in which they follow its count."""

    def __init__(self, builder: ReportBuilder, stats: ParseStats, *, with_arms: bool) -> None:
        self._builder = builder
        self._stats = stats
        self._with_arms = with_arms
        self._path: str | None = None
        self._lines = FileLines()
        self._next_arm: dict[int, int] = {}

    def read(self, key: bytes, value: bytes) -> None:
        """Take one record; raises BadRecord."""
        if key == b"lcount":
            self._count(value)
        elif key == b"branch":
            self._branch(value)
        elif key == b"file":
            self.finish()
            self._path = value.strip().decode("utf-8", "replace")
        elif key == b"function":
            self._lines.methods.add(line_number(value.partition(b",")[0]))

    def finish(self) -> None:
        """Add the rows of the file."""
        if self._path:
            self._stats.records += self._lines.send(self._builder, self._builder.file(self._path))
        self._lines = FileLines()
        self._next_arm = {}

    def _count(self, value: bytes) -> None:
        if not self._path:
            raise BadRecord("count outside a file")
        at, _, rest = value.partition(b",")
        line, written = line_number(at), rest.partition(b",")[0]
        if len(written) < 10 and written.isdigit():
            self._lines.hit(line, int(written))
        else:
            hits = number(written)
            if hits is None:
                raise BadRecord("no hit count")
            self._lines.hit(line, max(0, min(hits, MAX_HITS)))
        if self._with_arms:
            self._next_arm[line] = 0

    def _branch(self, value: bytes) -> None:
        at, _, state = value.partition(b",")
        line, state = line_number(at), state.strip()
        if state not in _STATES:
            raise BadRecord("branch without its state")
        if self._with_arms:
            arm = self._next_arm.get(line, 0)
            self._next_arm[line] = arm + 1
            self._lines.arm(line, str(arm), taken=state == b"taken")
