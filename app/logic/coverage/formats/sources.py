"""Source files of documents that call them by an id, or by a path in every record."""

from collections.abc import Mapping

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import ParseStats
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.xml_shape import Elements

Key = tuple[int, str]  # the element that the name is valid in (-1 = the document), and the name


class Sources:
    """Numbers the source files of one document in the order of their first mention."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, name: str, scope: int = -1) -> int:
        return self._numbers.setdefault((scope, name), len(self._numbers))

    def numbers(self, elements: Elements, attribute: str, rows: Positions, scope: Positions | None = None) -> Positions:
        """Return the number of the source file that each of the chosen elements names in the attribute."""
        if not len(rows):
            return np.zeros(0, np.int64)
        code, names = elements.intern(attribute, rows)
        scopes = np.full(len(rows), -1) if scope is None else scope
        pairs, place = np.unique(scopes * len(names) + code, return_inverse=True)
        found = [self.number(names[pair % len(names)], pair // len(names)) for pair in pairs.tolist()]
        return np.array(found, np.int64)[place]

    def files(self, builder: ReportBuilder) -> list[int]:
        """Return the builder's number of every source file, where names are paths."""
        return [builder.file(slashed(name)) if name else -1 for _, name in self._numbers]

    def known_files(self, builder: ReportBuilder, paths: Mapping[Key, str], stats: ParseStats) -> list[int]:
        """Return the builder's number of every source file, where `paths` has the path of an id.

        An id without path is a problem, and when all are, there is no good record.
        """
        files = []
        for scope, name in self._numbers:
            path = paths.get((scope, name), "")
            if not path:
                stats.skip(f"no file has the id {name!r}")
            files.append(builder.file(slashed(path)) if path else -1)
        if not any(paths.get(key) for key in self._numbers):
            stats.records = 0
        return files


def slashed(path: str) -> str:
    """Return a path of Windows or POSIX with slashes."""
    return path.replace("\\", "/")
