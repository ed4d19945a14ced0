"""Writes property lists as Xcode does: archives of objects that name each other."""

import plistlib
from typing import Any

NULL = "$null"


class Archive:
    """Writes a keyed archive: objects are added one by one and named by their number."""

    def __init__(self) -> None:
        self.objects: list[Any] = [NULL]

    def add(self, value: Any) -> plistlib.UID:
        self.objects.append(value)
        return plistlib.UID(len(self.objects) - 1)

    def array(self, *values: Any) -> plistlib.UID:
        return self.add({"NS.objects": [self.add(value) for value in values]})

    def file(self, path: Any, *lines: Any) -> dict[str, Any]:
        return {"documentLocation": self.add(path), "lines": self.array(*lines)}

    def content(self, *targets: list[dict[str, Any]]) -> dict[str, Any]:
        found = self.array(*({"sourceFiles": self.array(*files)} for files in targets))
        root = self.add({"buildableCoverageObjects": found})
        return {"$archiver": "NSKeyedArchiver", "$objects": self.objects, "$top": {"root": root}}

    def ranges(self, *ranges: tuple[int, int, int]) -> plistlib.UID:
        return self.array(*({"c": column, "len": length, "x": count} for column, length, count in ranges))


def binary(content: Any) -> bytes:
    return plistlib.dumps(content, fmt=plistlib.FMT_BINARY)


def xml(content: Any) -> bytes:
    """Like Apple's tools, which write references as dictionaries in XML."""

    def plain(value: Any) -> Any:
        if isinstance(value, plistlib.UID):
            return {"CF$UID": value.data}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value

    return plistlib.dumps(plain(content))


def line(count: Any = 1, executable: Any = True, ranges: Any = 0) -> dict[str, Any]:
    return {"x": executable, "c": count, "s": plistlib.UID(0) if ranges == 0 else ranges}


def cart() -> dict[str, Any]:
    archive = Archive()
    ranges = archive.ranges((4, 10, 2), (14, 6, 0), (20, 2, 0))
    file = archive.file("/w/Cart.swift", line(0, False), line(4), line(0), line(9, ranges=ranges), line(1))
    return archive.content([file])
