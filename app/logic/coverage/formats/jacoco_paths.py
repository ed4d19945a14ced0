"""Where the source files of a JaCoCo report may be: by package, and by the names of report and groups."""

from app.logic.coverage.formats.xml_order import in_document_order
from app.logic.coverage.formats.xml_shape import Block

_SOURCE_ROOT = "src/main/java"


class Packages:
    """The packages of one document in order, with the names of the modules around each."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._modules: list[tuple[str, ...]] = []  # innermost group first, the report last
        self._around: list[tuple[int, str]] = []  # depth and name of the report and groups that may be open

    def take(self, block: Block) -> None:
        """Take the `report`, `group` and `package` elements of a block.

        A group is around a package if no other group or package of its depth or above comes between.
        """
        for depth, kind, name in in_document_order(block, ("report", "group", "package")):
            while self._around and self._around[-1][0] >= depth:
                self._around.pop()
            if kind == "package":
                self.names.append(name)
                modules = [module for _, module in reversed(self._around) if module and " " not in module]
                self._modules.append(tuple(modules))
            else:
                self._around.append((depth, name))

    def candidates(self, package: int, file: str, *, guess: bool) -> list[str]:
        """Paths to try for a source file, best first.

        In builds of several modules a group or the report is often called like the directory of the module; such
        guesses (`guess`) make sense only where paths are checked against a listing.
        """
        path = f"{self.names[package]}/{file}".lstrip("/")
        if not guess:
            return [path]
        guesses = [f"{module}/{root}{path}" for module in self._modules[package] for root in ("", f"{_SOURCE_ROOT}/")]
        return [*guesses, path]
