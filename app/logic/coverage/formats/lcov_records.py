"""Single records of LCOV tracefiles: the part of the format that both parsers of it share."""

from enum import Flag, auto
from typing import Final

from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.formats.limits import MAX_HITS, MAX_LINE
from app.logic.coverage.formats.scan import number

END: Final = b"end_of_record"
OUTSIDE: Final = "record outside a section"


class BadRecord(ValueError):
    """A record that has to be skipped; the message says why."""


class ArmRule(Flag):
    """Which branch arms of a file say nothing about its source."""

    NONE = 0
    IGNORE_ALL = auto()  # switched on by the user: branches and functions of .js files
    IGNORE_LINE_1 = auto()  # TypeScript puts helper code there
    IGNORE_MANGLED = auto()  # C++ compilers hang exception arms on the first line of functions


def arm_rule(path: str, options: FormatOptions) -> ArmRule:
    """The rule for a file, by the extension of its path."""
    if path.endswith(".js") and options.enabled("lcov.ignore_js_branches"):
        return ArmRule.IGNORE_ALL
    if path.endswith(".ts"):
        return ArmRule.IGNORE_LINE_1
    return ArmRule.IGNORE_MANGLED if path.endswith(".cpp") else ArmRule.NONE


def line_number(field: bytes) -> int:
    """Read a line number from 1 to MAX_LINE; tools write "0", "" or "undefined" for code without a place."""
    if len(field) < 7 and field.isdigit() and not field.startswith(b"0"):
        return int(field)
    field = field.strip()
    if not field.isdigit() or field.startswith(b"0"):
        raise BadRecord("no line number")
    if len(field) > 18 or int(field) > MAX_LINE:
        raise BadRecord(f"line number above {MAX_LINE}")
    return int(field)


def read_sf(value: bytes) -> str:
    """The path of a section."""
    path = value.strip().decode("utf-8", "replace")
    if not path:
        raise BadRecord("SF without a path")
    return path


def read_da(value: bytes) -> tuple[int, int]:
    """`line,hits[,checksum]` -> line and hits, the latter cut to 0..MAX_HITS."""
    line, _, rest = value.partition(b",")
    at = line_number(line)
    if len(rest) < 10 and rest.isdigit():
        return at, int(rest)
    hits = number(rest.partition(b",")[0])
    if hits is None:
        raise BadRecord("no hit count")
    return at, max(0, min(hits, MAX_HITS))


def read_brda(value: bytes) -> tuple[int, str, bool]:
    """`line,block,branch,taken` -> line, id of the arm and whether it was taken.

    The branch of lcov 2 may be any expression, so it ends at the last comma.
    """
    line, _, rest = value.partition(b",")
    at = line_number(line)
    block, _, rest = rest.partition(b",")
    branch, comma, taken = rest.rpartition(b",")
    taken = taken.strip()
    if not comma or not taken:
        raise BadRecord("branch without its four fields")
    arm = b":".join((block.strip(), branch.strip())).decode("utf-8", "replace")
    return at, arm, taken not in (b"-", b"0")


class Functions:
    """Lines on which the functions of one section start, from FN, or from FNL and FNA of lcov 2.2 and later.

    `mangled` holds the starts of functions whose name is a mangled C++ one or a global initialiser.
    """

    __slots__ = ("_mangled_indexes", "_start_of", "mangled", "starts")

    def __init__(self) -> None:
        self.starts: set[int] = set()
        self.mangled: set[int] = set()
        self._start_of: dict[bytes, int] = {}
        self._mangled_indexes: set[bytes] = set()

    def read(self, key: bytes, value: bytes) -> None:
        """Take the value of an FN (`line[,end],name`), FNL (`index,line[,end]`) or FNA (`index,count,name`) record."""
        first, comma, rest = value.partition(b",")
        if not comma:
            raise BadRecord("function without its fields")
        if key == b"FN":
            end, comma, name = rest.partition(b",")
            start = line_number(first)
            self.starts.add(start)
            if is_mangled(name if comma and end.isdigit() else rest):
                self.mangled.add(start)
        elif key == b"FNL":
            start = line_number(rest.partition(b",")[0])
            self.starts.add(start)
            self._start_of[first] = start
        elif is_mangled(rest.partition(b",")[2]):
            self._mangled_indexes.add(first)

    def close(self) -> None:
        """Join the names of FNA with the lines of FNL, which may stand in any order."""
        self.mangled.update(self._start_of[index] for index in self._mangled_indexes if index in self._start_of)


def is_mangled(name: bytes) -> bool:
    return name.startswith((b"_Z", b"_G"))
