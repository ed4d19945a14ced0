"""The methods of an OpenCover report: which file each is in."""

import numpy as np

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.scan import Positions
from app.logic.coverage.formats.sources import slashed
from app.logic.coverage.formats.xml_shape import Block

_Uid = tuple[int, str]  # ordinal of the module and number of a file in it


class MethodFiles:
    """Gathers modules, files and methods of one document, in whatever blocks they come."""

    def __init__(self) -> None:
        self._paths: dict[_Uid, str] = {}
        self._everywhere: dict[str, str] = {}  # OpenCover numbers files across modules, its imitators in each
        self._modules: list[Positions] = []  # of every method
        self._uid_codes: dict[str, int] = {}
        self._references: list[tuple[Positions, Positions]] = []  # method, and code of the uid of its file

    def take(self, block: Block) -> None:
        """Take the `File`, `Method` and `FileRef` elements of a block."""
        if "File" in block:
            files = block["File"]
            found = zip(files.owner.tolist(), files.values("uid"), files.values("fullPath"), strict=True)
            for module, uid, path in found:
                if uid and path:
                    self._paths[module, uid] = slashed(path)
                    self._everywhere.setdefault(uid, slashed(path))
        if "Method" in block:
            self._modules.append(block["Method"].owner)
        if "FileRef" in block:
            references = block["FileRef"]
            rows = np.flatnonzero(references.owner >= 0)
            code, uids = references.intern("uid", rows)
            codes = np.array([self._uid_codes.setdefault(uid, len(self._uid_codes)) for uid in uids], np.int64)
            self._references.append((references.owner[rows], codes[code]))

    def groups(self, builder: ReportBuilder) -> tuple[Positions, Positions]:
        """Return the group of each method, -1 = without a known file, and the builder's file number of each group.

        Methods of one module in one file are a group: on a line they share, their branches are different ones.
        """
        modules = np.concatenate(self._modules) if self._modules else np.zeros(0, np.int64)
        uid = np.full(len(modules), -1)
        for method, code in self._references:
            uid[method] = code
        known = np.flatnonzero(uid >= 0)
        pairs, place = np.unique(modules[known] * (len(self._uid_codes) or 1) + uid[known], return_inverse=True)
        uids = list(self._uid_codes)
        numbers: dict[_Uid, int] = {}
        group_of_pair = []
        for pair in pairs.tolist():
            module, name = pair // len(uids), uids[pair % len(uids)]
            path = self._paths.get((module, name)) or self._everywhere.get(name)
            group_of_pair.append(numbers.setdefault((module, path), len(numbers)) if path else -1)
        groups = np.full(len(modules), -1)
        groups[known] = np.array(group_of_pair, np.int64)[place]
        return groups, np.array([builder.file(path) for _, path in numbers], np.int64)
