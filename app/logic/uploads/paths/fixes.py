"""The `fixes` of the repository's configuration: how its owner rewrites paths."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.logic.coverage.expressions import Alternatives, PatternInvalid, compile_expression
from app.logic.uploads.paths.normalise import normalise


@dataclass(frozen=True, slots=True)
class UserFixes:
    """The rules of one configuration, compiled. Rewritten paths come out normalised, and empty if nothing is left."""

    prefix: str = ""
    replacements: tuple[tuple[Any, str], ...] = ()
    applies: Alternatives = field(default_factory=lambda: Alternatives(()))

    @classmethod
    def compile(cls, fixes: Sequence[str], problems: list[str]) -> "UserFixes":
        """Read stored rules `before::after`, in which `before` is a regular expression; bad ones go to `problems`.

        A rule without `before` is a prefix; several stand behind each other in the order of the file.
        """
        prefixes: list[str] = []
        replacements: dict[str, tuple[Any, str]] = {}
        for fix in fixes:
            before, separator, after = fix.partition("::")
            if not separator:
                problems.append(f"fixes: {fix[:200]!r} has no ::")
            elif not before:
                prefixes.append(after)
            elif before not in replacements:  # of equal rules the first one wins, like everywhere
                try:
                    replacements[before] = compile_expression(before), after
                except PatternInvalid as error:
                    problems.append(f"fixes: {error}")
        return cls(normalise("/".join(prefixes)), tuple(replacements.values()), Alternatives(replacements))

    def replace(self, path: str) -> str:
        """Return the path with what the first rule that matches at its start says, put in once."""
        if not self.applies.match(path):
            return path
        for before, after in self.replacements:
            match = before.match(path)
            if match:
                return normalise(after + path[match.end() :])
        return path

    def add_prefix(self, path: str) -> str:
        """Return the path below the prefix."""
        return f"{self.prefix}/{path}" if self.prefix else path
